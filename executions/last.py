"""The last execution of a job or schedule, joined in one query: no column keeps it.

The last is the newest that was started: slots that were only skipped may be very many, of a job
that may not run here for instance. The index ``execution_started`` knows nothing of them.
"""

from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest

from executions.models import JobExecution
from jobs.models import JobDefinition, JobSchedule

_STARTED = JobExecution.objects.filter(started_at__isnull=False).order_by("-pk")


def with_last_of_job(jobs: QuerySet[JobDefinition]) -> QuerySet[JobDefinition]:
    """Add ``last_execution_at`` and ``last_execution_status``: of the newest that was started."""
    # Without the schedule in its order, PostgreSQL would read them all: NULL is equal to nothing.
    by_hand = _STARTED.filter(job=OuterRef("pk"), schedule__isnull=True)
    newest_by_hand = by_hand.order_by("schedule_id", "-pk").values("pk")[:1]
    of_each = _STARTED.filter(job=OuterRef("job"), schedule=OuterRef("pk")).values("pk")[:1]
    by_schedule = (
        JobSchedule.objects.filter(job=OuterRef("pk"))
        .annotate(last=Subquery(of_each))
        .order_by(F("last").desc(nulls_last=True))
        .values("last")[:1]
    )
    return _add(jobs, Greatest(Subquery(newest_by_hand), Subquery(by_schedule)))


def with_last_of_schedule(schedules: QuerySet[JobSchedule]) -> QuerySet[JobSchedule]:
    """Add the same of the newest of the schedule's own that was started."""
    of_each = _STARTED.filter(job=OuterRef("job"), schedule=OuterRef("pk")).values("pk")[:1]
    return _add(schedules, Subquery(of_each))


def _add(rows: QuerySet[Any], last: Any) -> QuerySet[Any]:
    found = JobExecution.objects.filter(pk=OuterRef("last_execution_id"))
    with_last: QuerySet[Any] = rows.alias(last_execution_id=last).annotate(
        last_execution_at=Subquery(found.values("started_at")),
        last_execution_status=Subquery(found.values("status")),
    )
    return with_last
