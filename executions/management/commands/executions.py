"""``manage.py executions``: the newest executions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from rich.table import Table

from core.clock import database_now
from core.terminal import make_table
from core.times import show_span, show_time
from executions.lists import Newest
from executions.lookup import find_job
from executions.management.choosing_jobs import add_team_and_category, choose_jobs
from executions.management.colours import style_of
from executions.management.listing import ListingCommand
from executions.management.moments import read_moment_or_span
from executions.serializers import ListedExecutionSerializer
from executions.states import ExecutionStatus
from jobs.models import JobDefinition


class Command(ListingCommand):
    """Newest first."""

    help = "List the newest executions."
    examples = (
        'executions --job "Morning greeting"',
        "executions --status failed --status timed_out --since 1d --json",
    )
    default_limit = 20

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the filters."""
        parser.add_argument("--job", help="name or id")
        add_team_and_category(parser)
        parser.add_argument(
            "--status", action="append", choices=ExecutionStatus.values, help="may be repeated"
        )
        parser.add_argument(
            "--since",
            type=read_moment_or_span,
            metavar="TIME",
            help="opened since then: 15m, 2h, 1d, or such as 2026-05-04T06:00:00Z",
        )
        super().add_arguments(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Print them."""
        newest = Newest(
            jobs=_jobs(options),
            statuses=tuple(options["status"] or ()),
            opened_from=_since(options["since"]),
        )
        self.answer_rows(
            options,
            lambda limit: newest.read(None, limit=limit),
            document=lambda rows: ListedExecutionSerializer(rows, many=True).data,
            shown=_table,
            called="newest",
        )


# What ended without an error says why by its reason.
_EXPLAINED = (ExecutionStatus.SKIPPED, ExecutionStatus.CANCELLED)


def _jobs(options: dict[str, Any]) -> QuerySet[JobDefinition] | None:
    is_group = options["team"] is not None or options["category"] is not None
    chosen = choose_jobs(options) if is_group else None
    if options["job"]:
        every = JobDefinition.objects.all() if chosen is None else chosen
        return every.filter(pk=find_job(options["job"]).pk)
    return chosen


def _since(given: datetime | timedelta | None) -> datetime | None:
    return database_now() - given if isinstance(given, timedelta) else given


def _table(found: Sequence[Any]) -> Table:
    table = make_table("id", "job", "status", "slot (UTC)", "took", "attempt", "says")
    for e in found:
        table.add_row(
            str(e.pk),
            e.job_name,
            e.status,
            show_time(e.scheduled_for).removesuffix(" UTC"),
            show_span(e.duration_seconds),
            str(e.attempt),
            _says(e),
            style=style_of(e.status),
        )
    return table


def _says(execution: Any) -> str:
    progress = None if execution.is_final else execution.progress_message
    why = execution.get_reason_display() if execution.status in _EXPLAINED else None
    error = ": ".join(filter(None, [execution.error_type, execution.shown_error_message]))
    said: str = error or progress or why or ""
    return said.partition("\n")[0][:100]
