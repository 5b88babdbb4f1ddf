"""The edges of runs: which execution waits for which, as the graph was when the run was opened."""

from django.db import models
from django.db.models import Q

from executions.models.execution import JobExecution
from jobs.models import DependencyCondition, JobDefinition


class EdgeState(models.TextChoices):
    """Whether an edge still holds its execution back."""

    OPEN = "open"
    MET = "met"
    DEAD = "dead", "its condition can no longer be met"


class RunEdge(models.Model):
    """``execution`` waits for ``upstream_execution``, a copy of one ``JobDependency``.

    The edge of a join has no upstream execution until one of its upstream job has met it; a later
    one that meets it takes the place of that. Neither reference is a foreign key in the database:
    retention deletes executions, with the edges that lead to them.
    """

    id = models.BigAutoField(primary_key=True)
    execution = models.ForeignKey(
        JobExecution, models.DO_NOTHING, related_name="edges", db_constraint=False
    )
    dependency_id = models.UUIDField()
    upstream_job = models.ForeignKey(
        JobDefinition, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    upstream_execution = models.ForeignKey(
        JobExecution,
        models.DO_NOTHING,
        null=True,
        related_name="dependent_edges",
        db_constraint=False,
        db_index=False,
    )
    condition = models.CharField(max_length=16, choices=DependencyCondition)
    delay_seconds = models.PositiveIntegerField(default=0)
    fail_if_dependency_fails = models.BooleanField(default=True)
    output_mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=EdgeState, default=EdgeState.OPEN)
    ready_at = models.DateTimeField(
        null=True, help_text="When it was met, and its delay is over: not before this."
    )

    class Meta:
        verbose_name = "edge of a run"
        verbose_name_plural = "edges of runs"
        indexes = [
            models.Index(
                fields=["upstream_execution"],
                name="edge_of_upstream",
                condition=Q(upstream_execution__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=EdgeState.values), name="edge_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.execution_id} after {self.upstream_execution_id}"
