"""What came of looking at a schedule's condition."""

from django.db import models
from django.db.models.functions import Now

from executions.models.execution import JobExecution


class ConditionResult(models.TextChoices):
    TRUE = "true"
    FALSE = "false"
    ERROR = "error"


class ConditionCheck(models.Model):
    """One evaluation of the condition of one execution, by a worker.

    ``terms`` has a row for each single check that was made, in order: what, result, why.
    """

    execution = models.ForeignKey(
        JobExecution, models.CASCADE, related_name="condition_checks", db_constraint=False
    )
    at = models.DateTimeField(db_default=Now())
    result = models.CharField(max_length=8, choices=ConditionResult)
    terms = models.JSONField(default=list)
    message = models.TextField()
    worker = models.TextField(null=True)

    class Meta:
        verbose_name = "condition check"

    def __str__(self) -> str:
        return f"{self.result}: {self.message}"
