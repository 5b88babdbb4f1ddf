"""Queues: named lanes that workers serve."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q


class Queue(models.Model):
    """A lane of executions. Its limit holds across all workers that serve it."""

    name = models.CharField(
        max_length=100,
        primary_key=True,
        validators=[
            RegexValidator(
                r"^(?!unacked(_index|_mutex)?\Z)[a-z0-9][a-z0-9._-]*\Z",
                "Use lower-case letters, digits, '.', '_' and '-'.",
            )
        ],
    )
    max_concurrent_executions = models.PositiveIntegerField(
        null=True, blank=True, help_text="Executions under way at once; empty means no limit."
    )
    starts_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Attempts begun within a minute; empty means no limit."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(max_concurrent_executions__isnull=True)
                | Q(max_concurrent_executions__gte=1),
                name="queue_limit_at_least_one",
            ),
            models.CheckConstraint(
                condition=Q(starts_per_minute__isnull=True) | Q(starts_per_minute__gte=1),
                name="queue_starts_at_least_one",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        """Whether somebody holds it back; one query each time it is asked."""
        return self.holds.filter(ended_at__isnull=True).exists()
