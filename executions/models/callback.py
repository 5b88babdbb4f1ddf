"""Answers that the other side of an HTTP job sends later."""

from django.db import models

from executions.models.execution import JobExecution


class Callback(models.Model):
    """One attempt that waits to be called back, and the answer once it has come."""

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        JobExecution, models.CASCADE, related_name="callbacks", db_constraint=False
    )
    attempt = models.PositiveSmallIntegerField()
    token_hash = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"callback of {self.execution_id}"
