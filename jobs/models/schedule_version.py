"""What the rule of a schedule was, and whether it fired, from when on."""

from django.db import models

from core.ids import uuid7
from jobs.models.schedule import JobSchedule


class Standing(models.TextChoices):
    """Whether a schedule opens slots, and if not, why."""

    FIRING = "firing"
    STOPPED = "stopped", "the schedule was disabled"
    PAUSED = "paused", "the schedule was paused"
    COMPLETED = "completed", "the schedule had run as often as it may"
    ARCHIVED = "archived", "the schedule was archived"


class ScheduleVersion(models.Model):
    """The rule from ``since`` (exclusive) until the next version's ``since`` (inclusive).

    ``spec`` is the whole ``RuleSpec`` as JSON, with the version of its calendar and its exclusion
    windows, so that the slots of any time can be worked out again. Never changed.
    """

    # Not a number that a restored backup could give out again: what is kept by it never changes.
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schedule = models.ForeignKey(
        JobSchedule, models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    since = models.DateTimeField()
    standing = models.CharField(max_length=16, choices=Standing)
    spec = models.JSONField()
    reason = models.TextField(null=True)
    created_by = models.TextField()

    class Meta:
        verbose_name = "schedule version"
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "number"], name="one_version_per_schedule_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule} v{self.number}"
