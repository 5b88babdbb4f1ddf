"""Which job waits for which: the edges of the graph from which runs are opened."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from core.ids import uuid7
from jobs.models.definition import JobDefinition, JobStatus


class DependencyCondition(models.TextChoices):
    """How the upstream job has to end."""

    SUCCESS = "success", "succeeded"
    FAILURE = "failure", "failed or timed out"
    COMPLETION = "completion", "ended, in whatever way"


class JobDependencyQuerySet(models.QuerySet["JobDependency"]):
    def live(self) -> Self:
        """Those that hold for runs opened from now on: active, between jobs that still exist."""
        archived = JobStatus.ARCHIVED
        return self.filter(is_active=True).exclude(
            Q(job__status=archived) | Q(upstream__status=archived)
        )

    def of(self, job: JobDefinition) -> Self:
        """The active ones on either side of a job."""
        return self.filter(Q(job=job) | Q(upstream=job), is_active=True)


class JobDependency(models.Model):
    """``job`` runs after ``upstream``. Read when a run is opened; that run keeps what it read."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    upstream = models.ForeignKey(JobDefinition, models.PROTECT, related_name="dependents")
    job = models.ForeignKey(
        JobDefinition, models.PROTECT, related_name="dependencies", db_index=False
    )
    condition = models.CharField(
        max_length=16, choices=DependencyCondition, default=DependencyCondition.SUCCESS
    )
    delay_after_completion_seconds = models.PositiveIntegerField(
        default=0, help_text="Seconds between the end of the upstream job and the start of this."
    )
    fail_if_dependency_fails = models.BooleanField(
        default=True,
        help_text="If the upstream job does not end so: skip this one, or else go on regardless.",
    )
    output_mapping = models.JSONField(
        default=dict,
        blank=True,
        help_text="Parameters of this job, each with the path of its value in the upstream output.",
    )
    is_active = models.BooleanField(default=True)
    active_since = models.DateTimeField(
        db_default=Now(), editable=False, help_text="Runs that were opened before do not have it."
    )
    consumed_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text="The end of the newest upstream execution that a join of this job has used up.",
    )
    created_by = models.TextField(editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_by = models.TextField(null=True, editable=False)
    updated_at = models.DateTimeField(null=True, editable=False)

    objects = JobDependencyQuerySet.as_manager()

    class Meta:
        verbose_name = "dependency"
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(
                fields=["job", "upstream"],
                name="one_dependency_per_pair",
                violation_error_code="dependency_exists",
                violation_error_message="The job depends on this one already; change that.",
            ),
            models.CheckConstraint(
                condition=~Q(job=F("upstream")),
                name="dependency_on_another_job",
                violation_error_code="depends_on_itself",
                violation_error_message="A job cannot depend on itself.",
            ),
            models.CheckConstraint(
                condition=Q(condition__in=DependencyCondition.values),
                name="dependency_condition_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} after {self.upstream}"
