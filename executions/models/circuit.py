"""Circuit breakers of jobs that are not closed, and the starts that are counted per minute."""

from django.db import models

from executions.models.execution import JobExecution
from jobs.models import JobDefinition


class CircuitState(models.TextChoices):
    """A closed one has no row."""

    OPEN = "open", "slots are skipped"
    HALF_OPEN = "half_open", "one trial is under way"


class Circuit(models.Model):
    """The breaker of one job, open or half open."""

    job = models.OneToOneField(
        JobDefinition, models.CASCADE, primary_key=True, related_name="circuit"
    )
    state = models.CharField(max_length=16, choices=CircuitState, default=CircuitState.OPEN)
    opened_at = models.DateTimeField()
    opened_by = models.TextField()
    reason = models.TextField()
    half_open_at = models.DateTimeField(
        null=True, help_text="From then on one trial may run; empty means until somebody closes it."
    )
    trial = models.ForeignKey(
        JobExecution,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )

    def __str__(self) -> str:
        return f"{self.state} since {self.opened_at:%Y-%m-%d %H:%M:%S} UTC"


class CircuitClosing(models.Model):
    """When the breaker of a job was closed last: failures from before do not count any more."""

    job = models.OneToOneField(JobDefinition, models.CASCADE, primary_key=True, related_name="+")
    closed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"closed at {self.closed_at:%Y-%m-%d %H:%M:%S} UTC"


class CountedStart(models.Model):
    """One start of the last minute, of a job or a queue that limits them; written by dispatch.

    ``at`` is when it was handed out, until the minute after that is over; then it is the start
    itself, or a later look at one that no worker has claimed yet. So long it counts.
    """

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        JobExecution, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    fence = models.PositiveIntegerField()
    job = models.ForeignKey(
        JobDefinition, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    queue = models.TextField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.job_id} at {self.at:%H:%M:%S}"
