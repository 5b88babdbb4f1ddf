"""``manage.py executions``: the newest executions."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from rich.table import Table

from audit.command import PlatformCommand
from core.clock import database_now
from core.terminal import make_table, style_of
from core.times import show_span, show_time
from executions.lookup import find_job
from executions.management.choosing_jobs import add_team_and_category, choose_jobs
from executions.management.limiting import add_limit, take
from executions.management.moments import read_moment_or_span
from executions.models import JobExecution
from executions.serializers import ExecutionSerializer
from executions.states import ExecutionStatus


class Command(PlatformCommand):
    """A table for people, ``--json`` for programs."""

    help = "List the newest executions."
    examples = (
        'executions --job "Morning greeting"',
        "executions --status failed --status timed_out --since 1d --json",
    )
    has_json = True

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
        add_limit(parser, default=20)

    def run(self, options: dict[str, Any]) -> None:
        """Print them, newest first."""
        found = take(self, _filtered(options), options)
        self.answer(
            options,
            document=lambda: ExecutionSerializer(found, many=True).data,
            shown=lambda: _table(found),
        )


def _filtered(options: dict[str, Any]) -> QuerySet[JobExecution]:
    executions = JobExecution.objects.select_related("version").order_by("-id")
    if not options["json"]:
        executions = executions.defer("input", "output", "stack_trace")
    if options["job"]:
        executions = executions.filter(job=find_job(options["job"]))
    if options["team"] is not None or options["category"] is not None:
        executions = executions.filter(job__in=list(choose_jobs(options)))
    if options["status"]:
        executions = executions.filter(status__in=options["status"])
    if since := options["since"]:
        since = database_now() - since if isinstance(since, timedelta) else since
        executions = executions.filter(opened_at__gte=since)
    return executions


def _table(found: list[JobExecution]) -> Table:
    table = make_table("id", "job", "status", "slot (UTC)", "took", "attempt", "says")
    for e in found:
        table.add_row(
            str(e.pk),
            e.version.snapshot["name"],
            e.status,
            show_time(e.scheduled_for).removesuffix(" UTC"),
            show_span(e.duration_seconds),
            str(e.attempt),
            _says(e),
            style=style_of(e.status),
        )
    return table


def _says(execution: JobExecution) -> str:
    said = execution.error_message or (not execution.is_final and execution.progress_message) or ""
    return said.partition("\n")[0][:100]
