"""``manage.py queues``: what waits where, who serves it; pause and resume."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.table import Table

from audit.command import PlatformCommand, command_actor
from core.clock import database_now
from core.terminal import make_table
from core.times import show_span
from executions.lookup import find_queue
from executions.management.colours import style_of
from executions.queues import QueueLoad, change_queue, queue_loads
from executions.serializers import QueueSerializer


class Command(PlatformCommand):
    """A table for people, ``--json`` for programs."""

    help = "List the queues with what waits in them and who serves them; pause or resume one."
    examples = (
        "queues",
        'queues --pause reports --reason "the warehouse is being moved"',
        "queues --resume reports",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the two acts."""
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--pause", metavar="NAME", help="what runs goes on, what waits stays")
        act.add_argument("--resume", metavar="NAME", help="what waits goes on")
        parser.add_argument("--reason", help="of the act: kept in the audit trail")

    def run(self, options: dict[str, Any]) -> None:
        """Print all, or the one that was paused or resumed."""
        name = options["resume"] if options["pause"] is None else options["pause"]
        if options["reason"] and name is None:
            raise CommandError("--reason goes with --pause or --resume.")
        loads = queue_loads() if name is None else self._change(name, options)
        self.answer(
            options,
            document=lambda: QueueSerializer(loads, many=True).data,
            shown=lambda: _table(loads),
        )
        for load in loads:
            if load.lacks_worker:
                lane = load.queue.name
                self.aside.print(f"No live worker serves {lane}. Start one with `-Q {lane}`.")

    def _change(self, name: str, options: dict[str, Any]) -> list[QueueLoad]:
        queue = change_queue(
            actor=command_actor(),
            queue=find_queue(name),
            fields={},
            is_paused=options["pause"] is not None,
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
            _limits(load),
            str(load.ready),
            str(load.queued),
            str(load.running),
            waits or "-",
            _served_by(load),
            style=style_of(state),
        )
    return table


def _limits(load: QueueLoad) -> str:
    most, starts = load.queue.max_concurrent_executions, load.queue.starts_per_minute
    limits = [str(most)] if most else []
    return ", ".join(limits + ([f"{starts} a minute"] if starts else [])) or "none"


def _state(load: QueueLoad) -> str:
    if load.is_paused:
        return "paused"
    return "open" if load.is_served else "not served"


def _served_by(load: QueueLoad) -> str:
    if not load.is_served:
        return "nobody"
    places = "1 place" if load.slots == 1 else f"{load.slots} places"
    return f"{', '.join(load.worker_names)} ({places})"
