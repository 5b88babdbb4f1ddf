"""The schedules whose ledger is asked for."""

from datetime import datetime

from django.db.models import Q, QuerySet

from jobs.models import JobDefinition, JobSchedule


def schedules_between(
    after: datetime, until: datetime, *, job: JobDefinition | None = None
) -> QuerySet[JobSchedule]:
    """The schedules that were there in (after, until], with their jobs, by the job's name."""
    was_there = Q(archived_at__isnull=True) | Q(archived_at__gt=after)
    schedules = JobSchedule.objects.filter(was_there, created_at__lt=until)
    if job is not None:
        schedules = schedules.filter(job=job)
    return schedules.select_related("job").order_by("job__name", "pk")
