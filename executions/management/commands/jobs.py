"""``manage.py jobs``: what can run."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import OuterRef, QuerySet, Subquery
from rich.table import Table

from core.api.fields import UtcDateTimeField
from core.terminal import make_table
from core.times import show_time
from executions.last import with_last_of_job
from executions.management.choosing_jobs import add_team_and_category, choose_jobs
from executions.management.colours import style_of
from executions.management.listing import ListingCommand
from executions.serializers import JobWithLastExecution
from jobs.models import JobDefinition, JobSchedule, JobStatus


class Command(ListingCommand):
    """By name; archived ones only when asked for."""

    help = "List jobs by name, with their next run and their last execution."
    examples = ("jobs --status active --team Finance", "jobs --search report --json")

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the filters."""
        parser.add_argument(
            "--status", action="append", choices=JobStatus.values, help="may be repeated"
        )
        add_team_and_category(parser)
        parser.add_argument("--search", metavar="TEXT", help="a part of the name")
        super().add_arguments(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Print them."""
        jobs = _filtered(options)
        self.answer_rows(
            options,
            lambda limit: list(jobs[:limit]),
            document=lambda rows: [_as_json(job) for job in rows],
            shown=_table,
        )


def _filtered(options: dict[str, Any]) -> QuerySet[JobDefinition]:
    jobs = choose_jobs(options)
    if options["status"]:
        jobs = jobs.filter(status__in=options["status"])
    if options["search"]:
        jobs = jobs.filter(name__icontains=options["search"])
    coming = JobSchedule.objects.unarchived().filter(
        job=OuterRef("pk"), is_active=True, next_run_at__isnull=False
    )
    next_run = coming.order_by("next_run_at").values("next_run_at")[:1]
    return with_last_of_job(jobs).annotate(next_run_at=Subquery(next_run))


def _table(jobs: Sequence[Any]) -> Table:
    table = make_table("id", "name", "status", "team", "queue", "next run (UTC)", "last execution")
    for job in jobs:
        table.add_row(
            str(job.pk),
            job.name,
            job.status,
            _team(job),
            job.queue_id,
            show_time(_next_run(job)).removesuffix(" UTC"),
            _last(job),
            style=style_of(job.status),
        )
    return table


def _as_json(job: Any) -> dict[str, Any]:
    at = _next_run(job)
    shown = None if at is None else UtcDateTimeField().to_representation(at)
    return {**JobWithLastExecution(job).data, "nextExecutionUtc": shown}


def _next_run(job: Any) -> Any:
    """Return when its schedules run next; what a job that is not active fires is skipped."""
    return job.next_run_at if job.status == JobStatus.ACTIVE else None


def _team(job: JobDefinition) -> str:
    return job.ownership.team_name or "-" if hasattr(job, "ownership") else "-"


def _last(job: Any) -> str:
    if job.last_execution_at is None:
        return "-"
    return f"{job.last_execution_status} {show_time(job.last_execution_at).removesuffix(' UTC')}"
