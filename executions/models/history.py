"""What happened to an execution: its moves and its log.

Both tables grow with every attempt and are written by the hot path, so their reference to the
execution is not a foreign key in the database: the check would cost more than the insert, and
retention deletes both by execution anyway.
"""

from django.db import models
from django.db.models.functions import Now

from executions.models.execution import JobExecution
from executions.states import ExecutionStatus, Reason


class ExecutionTransition(models.Model):
    """One move between statuses: history for people, outbox for notifications."""

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        JobExecution,
        models.CASCADE,
        related_name="transitions",
        db_constraint=False,
        db_index=False,
    )
    from_status = models.CharField(max_length=16, choices=ExecutionStatus, null=True)
    to_status = models.CharField(max_length=16, choices=ExecutionStatus)
    at = models.DateTimeField(db_default=Now())
    attempt = models.PositiveSmallIntegerField()
    fence = models.PositiveIntegerField()
    reason = models.CharField(max_length=32, choices=Reason, null=True)
    actor = models.TextField(null=True)
    data = models.JSONField(
        null=True, help_text="Worker, error, duration, delay: what the move knows."
    )

    class Meta:
        verbose_name = "transition"
        indexes = [models.Index(fields=["execution", "id"], name="transition_of_execution")]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"


class JobExecutionLog(models.Model):
    """One line that the handler logged or printed."""

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        JobExecution, models.CASCADE, related_name="log_lines", db_constraint=False, db_index=False
    )
    attempt = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField(help_text="Counts the lines of one attempt from 1.")
    at = models.DateTimeField()
    level = models.CharField(max_length=16)
    stream = models.CharField(max_length=16, help_text="log, stdout, stderr or platform.")
    message = models.TextField()

    class Meta:
        verbose_name = "log line"
        indexes = [models.Index(fields=["execution", "id"], name="log_of_execution")]

    def __str__(self) -> str:
        return self.message
