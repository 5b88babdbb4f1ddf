"""What executions of past days add up to, so that the dashboard need not read them again."""

from django.db import models

from jobs.models import JobDefinition


class JobDay(models.Model):
    """The executions of one job that ended on one UTC day, counted by how they ended.

    Written by the rollup job alone; see :class:`RolledUpDay`.
    """

    day = models.DateField()
    job = models.ForeignKey(
        JobDefinition, models.CASCADE, related_name="days", db_constraint=False, db_index=False
    )
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    timed_out = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    timed_executions = models.PositiveIntegerField(
        default=0, help_text="Those that ``seconds`` adds up: succeeded, failed, timed out."
    )
    seconds = models.FloatField(default=0, help_text="Of their last attempts, together.")
    last_failure_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "day of a job"
        verbose_name_plural = "days of jobs"
        constraints = [models.UniqueConstraint(fields=["day", "job"], name="one_row_per_job_day")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.day}"


class RolledUpDay(models.Model):
    """A UTC day whose executions are counted in :class:`JobDay`, none of them too early."""

    day = models.DateField(primary_key=True)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.day)
