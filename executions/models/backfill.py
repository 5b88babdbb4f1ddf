"""Running a job again, or for the first time, for the slots of a range of time."""

from django.db import models
from django.db.models import Q

from core.ids import uuid7
from jobs.models import JobDefinition, JobSchedule


class BackfillOrder(models.TextChoices):
    """Which slot goes first."""

    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"


class Backfill(models.Model):
    """All its executions are opened with it and wait; so many at a time are let go, in order.

    How far it is, is counted from them, never stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(JobDefinition, models.PROTECT, related_name="backfills")
    schedule = models.ForeignKey(JobSchedule, models.PROTECT, related_name="backfills")
    from_at = models.DateTimeField(help_text="The first instant of the range.")
    until_at = models.DateTimeField(help_text="The end of the range, itself not in it.")
    order = models.CharField(
        max_length=16, choices=BackfillOrder, default=BackfillOrder.OLDEST_FIRST
    )
    max_concurrent_executions = models.PositiveIntegerField(
        default=1, help_text="So many of its executions are under way at once."
    )
    priority = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True, default="")
    created_by = models.TextField()
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.TextField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(max_concurrent_executions__gte=1), name="backfill_limit_at_least_one"
            ),
            models.CheckConstraint(
                condition=Q(until_at__gt=models.F("from_at")), name="backfill_has_a_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.from_at:%Y-%m-%d} to {self.until_at:%Y-%m-%d}"
