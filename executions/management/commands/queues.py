"""``manage.py queues``: what waits where, who serves it; pause and resume."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.table import Table

from audit.command import PlatformCommand, command_actor
from core.clock import database_now
from core.terminal import make_table, style_of
from core.times import show_span
from executions.lookup import find_queue
from executions.management.wire import as_utc
from executions.queues import QueueLoad, change_queue, queue_loads


class Command(PlatformCommand):
    """A table for people, ``--json`` for programs."""

    help = "List the queues with what waits in them and who serves them; pause or resume one."
    examples = (
        "queues",
        'queues pause reports --reason "the warehouse is being moved"',
        "queues resume reports",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the two acts."""
        parser.add_argument(
            "act",
            nargs="?",
            choices=("pause", "resume"),
            help="pause: what runs goes on, what waits stays; resume: it goes on",
        )
        parser.add_argument("queue", nargs="?", help="name of the queue to pause or resume")
        parser.add_argument("--reason", help="of pause or resume: kept in the audit trail")

    def run(self, options: dict[str, Any]) -> None:
        """Print all, or the one that was paused or resumed."""
        loads = self._change(options) if options["act"] else self._list(options)
        self.answer(
            options,
            document=lambda: [_as_json(load) for load in loads],
            shown=lambda: _table(loads),
        )
        for load in loads:
            if load.lacks_worker:
                name = load.queue.name
                self.aside.print(f"No live worker serves {name}. Start one with `-Q {name}`.")

    def _list(self, options: dict[str, Any]) -> list[QueueLoad]:
        if options["reason"]:
            raise CommandError("--reason goes with pause or resume.")
        return queue_loads()

    def _change(self, options: dict[str, Any]) -> list[QueueLoad]:
        act = options["act"]
        if options["queue"] is None:
            raise CommandError(f"Which queue? Write `manage.py queues {act} NAME`.")
        queue = change_queue(
            actor=command_actor(),
            queue=find_queue(options["queue"]),
            fields={"is_paused": act == "pause"},
            reason=options["reason"],
        )
        return [load for load in queue_loads() if load.queue == queue]


def _table(loads: list[QueueLoad]) -> Table:
    now = database_now()
    table = make_table(
        "name", "state", "limit", "ready", "queued", "running", "waits since", "served by"
    )
    for load in loads:
        state = _state(load)
        waits = load.oldest_due_at and show_span((now - load.oldest_due_at).total_seconds())
        table.add_row(
            load.queue.name,
            state,
            str(load.queue.max_concurrent_executions or "none"),
            str(load.ready),
            str(load.queued),
            str(load.running),
            waits or "-",
            _served_by(load),
            style=style_of(state),
        )
    return table


def _state(load: QueueLoad) -> str:
    if load.queue.is_paused:
        return "paused"
    return "open" if load.is_served else "not served"


def _served_by(load: QueueLoad) -> str:
    if not load.is_served:
        return "nobody"
    places = "1 place" if load.slots == 1 else f"{load.slots} places"
    return f"{', '.join(load.worker_names)} ({places})"


def _as_json(load: QueueLoad) -> dict[str, Any]:
    return {
        "name": load.queue.name,
        "maxConcurrentExecutions": load.queue.max_concurrent_executions,
        "isPaused": load.queue.is_paused,
        "isServed": load.is_served,
        "ready": load.ready,
        "queued": load.queued,
        "running": load.running,
        "oldestDueUtc": as_utc(load.oldest_due_at),
        "workers": load.worker_names,
        "slots": load.slots,
    }
