"""``manage.py workers``: who is there, and what they do."""

from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from audit.command import PlatformCommand
from core.clock import database_now
from core.program import PROGRAM
from core.terminal import make_table
from core.times import show_span, show_time
from executions.management.colours import style_of
from executions.models import Worker
from executions.serializers import WorkerSerializer
from executions.workforce import WorkerLoad, list_workers


class Command(PlatformCommand):
    """Workers and beats, as they last reported themselves."""

    help = "List workers and beats: which queues they serve, since when, and what they run."
    examples = ("workers", "workers --all --json")
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        parser.add_argument("--all", action="store_true", help="also those that are gone")

    def run(self, options: dict[str, Any]) -> None:
        """Print them, workers first."""
        loads = list_workers(include_gone=options["all"])
        self.answer(
            options,
            document=lambda: WorkerSerializer(loads, many=True).data,
            shown=lambda: _table(loads),
        )
        if not any(load.is_alive and load.worker.kind == Worker.Kind.WORKER for load in loads):
            self.aside.print(f"No worker is alive. Start `{PROGRAM} up`, or a worker process.")


def _table(loads: list[WorkerLoad]) -> Table:
    now = database_now()
    table = make_table(
        "name", "kind", "state", "queues", "busy", "since (UTC)", "last seen", "running"
    )
    for load in loads:
        worker, state = load.worker, load.state
        is_worker = worker.kind == Worker.Kind.WORKER
        table.add_row(
            worker.name,
            worker.kind,
            state,
            ", ".join(worker.queues) or "-",
            f"{len(load.running)} of {worker.concurrency}" if is_worker else "-",
            show_time(worker.started_at).removesuffix(" UTC"),
            f"{show_span((now - worker.last_seen_at).total_seconds())} ago",
            "; ".join(
                f"{e.job.name} for {show_span((now - e.started_at).total_seconds())} ({e.pk})"
                for e in load.running
                if e.started_at
            )
            or "-",
            style=style_of(state),
        )
    return table
