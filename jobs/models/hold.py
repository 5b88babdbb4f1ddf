"""What is held back at the moment: a job, a queue, a team's jobs, or everything."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from core.ids import uuid7
from jobs.models.definition import JobDefinition
from jobs.models.queue import Queue


class HoldScope(models.TextChoices):
    """What a hold holds back."""

    EVERYTHING = "everything", "everything (maintenance)"
    TEAM = "team", "the jobs of a team"
    QUEUE = "queue", "a queue"
    JOB = "job", "a job"


class HoldQuerySet(models.QuerySet["Hold"]):
    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def over(self, now: datetime) -> Self:
        """Those that are to end by themselves, and whose time has come."""
        return self.open().filter(until__lte=now)


class Hold(models.Model):
    """Nothing of its scope is handed out while it is open; what is due waits and says so.

    (Schedules have a pause of their own: under that, no slot is opened at all.)
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope = models.CharField(max_length=16, choices=HoldScope)
    team_name = models.CharField(max_length=200, blank=True, default="")
    queue = models.ForeignKey(Queue, models.CASCADE, null=True, blank=True, related_name="holds")
    job = models.ForeignKey(
        JobDefinition, models.CASCADE, null=True, blank=True, related_name="holds"
    )
    reason = models.TextField()
    held_by = models.TextField()
    held_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="It ends by itself then.")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(null=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        permissions = [("hold_everything", "Can hold back everything (maintenance)")]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="everything", team_name="", queue=None, job=None)
                | Q(~Q(team_name=""), scope="team", queue=None, job=None)
                | Q(scope="queue", team_name="", queue__isnull=False, job=None)
                | Q(scope="job", team_name="", queue=None, job__isnull=False),
                name="hold_names_what_it_holds",
            ),
            models.UniqueConstraint(
                fields=["scope", "team_name", "queue", "job"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="one_open_hold_per_target",
            ),
        ]

    def __str__(self) -> str:
        return f"hold of {self.target}"

    @property
    def target(self) -> str:
        """What it holds back, in words."""
        match self.scope:
            case HoldScope.TEAM:
                return f"team {self.team_name}"
            case HoldScope.QUEUE:
                return f"queue {self.queue_id}"
            case HoldScope.JOB:
                return f"job {self.job}"
        return "everything"
