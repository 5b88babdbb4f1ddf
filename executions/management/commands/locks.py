"""``manage.py locks``: who holds which lock, who waits; break one."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.table import Table

from audit.command import PlatformCommand, command_actor
from core.clock import database_now
from core.terminal import make_table
from core.times import show_span
from executions.locking import LockShown, break_lock, list_locks
from executions.serializers.locks import LockSerializer


class Command(PlatformCommand):
    """A table for people, ``--json`` for programs."""

    help = "List the locks that handlers hold, and who waits for them; break one."
    examples = (
        "locks",
        'locks --break ledger --reason "its holder hangs in the warehouse"',
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the act."""
        parser.add_argument(
            "--break",
            metavar="NAME",
            help="take it from its holder, whose job is stopped within seconds",
        )
        parser.add_argument("--reason", help="of breaking it: kept in the audit trail")

    def run(self, options: dict[str, Any]) -> None:
        """Print those that are held, after breaking the one that was named."""
        name, reason = options["break"], options["reason"]
        if name is None and reason is not None:
            raise CommandError("--reason goes with --break.")
        if name is not None:
            break_lock(actor=command_actor(), name=name, reason=reason or "")
            self.aside.print(f"Lock {name} is broken. Its holder is stopped within seconds.")
        locks = list_locks()
        self.answer(
            options,
            document=lambda: LockSerializer(locks, many=True).data,
            shown=lambda: _table(locks),
        )


def _table(locks: list[LockShown]) -> Table:
    now = database_now()
    table = make_table(
        "name", "job", "execution", "worker", "held for", "expires in", "fence", "waiting"
    )
    for lock in locks:
        table.add_row(
            lock.name,
            lock.job_name,
            str(lock.execution_id),
            lock.worker or "-",
            show_span(max((now - lock.since).total_seconds(), 0)),
            show_span(max((lock.expires_at - now).total_seconds(), 0)),
            str(lock.fence or "-"),
            "; ".join(f"{w.job_name} ({w.execution_id})" for w in lock.waiters) or "-",
        )
    return table
