"""The last execution of a job or schedule, joined in one query: no column keeps it."""

from django.db.models import OuterRef, QuerySet, Subquery

from executions.models import JobExecution, Origin
from jobs.models import JobDefinition, JobSchedule


def with_last_of_job(jobs: QuerySet[JobDefinition]) -> QuerySet[JobDefinition]:
    """Add ``last_execution_at`` and ``last_execution_status``: of the newest that was started."""
    # In the order of the index ``execution_of_job``.
    executions = JobExecution.objects.filter(job=OuterRef("pk"), started_at__isnull=False)
    return jobs.annotate(**_last(executions.order_by("-id")))


def with_last_of_schedule(schedules: QuerySet[JobSchedule]) -> QuerySet[JobSchedule]:
    """Add the same of the latest slot that was started."""
    # In the order of the index behind ``one_execution_per_slot``.
    executions = JobExecution.objects.filter(
        schedule=OuterRef("pk"), origin=Origin.SCHEDULE, started_at__isnull=False
    )
    return schedules.annotate(**_last(executions.order_by("-scheduled_for")))


def _last(executions: QuerySet[JobExecution]) -> dict[str, Subquery]:
    return {
        "last_execution_at": Subquery(executions.values("started_at")[:1]),
        "last_execution_status": Subquery(executions.values("status")[:1]),
    }
