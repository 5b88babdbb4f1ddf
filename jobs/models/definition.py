"""Job definitions, the snapshot of each change, and who owns them."""

from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.ids import uuid7
from jobs.models.queue import Queue


class ExecutionMode(models.TextChoices):
    """How a job is carried out."""

    IN_PROCESS = "in_process"
    OUT_OF_PROCESS = "out_of_process"
    CONTAINER = "container"
    HTTP = "http"
    CELERY_TASK = "celery_task"


class JobStatus(models.TextChoices):
    """Whether a job may run."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ARCHIVED = "archived"
    DRAFT = "draft"


class RetryStrategy(models.TextChoices):
    """How the wait before the next attempt grows (``executions/retry.py``)."""

    NONE = "none"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"
    EXPONENTIAL_WITH_JITTER = "exponential_with_jitter"


class FailFast(models.TextChoices):
    """What the failure of an execution ends beside itself."""

    BRANCH = "branch", "what depends on it"
    RUN = "run", "all of its run that has not started"


class Environment(models.IntegerChoices):
    """Bits of ``allowed_environments``."""

    DEVELOPMENT = 1
    HOMOLOGATION = 2
    PRODUCTION = 4


class JobDefinitionQuerySet(models.QuerySet["JobDefinition"]):
    def unarchived(self) -> Self:
        return self.exclude(status=JobStatus.ARCHIVED)


# What an execution needs to know of its job, pinned when it opens and kept by its retries.
SNAPSHOT_FIELDS = (
    "name",
    "description",
    "category",
    "execution_mode",
    "execution_assembly",
    "execution_type_name",
    "execution_command",
    "container_image",
    "execution_options",
    "timeout_seconds",
    "max_retries",
    "retry_strategy",
    "base_delay_seconds",
    "max_delay_seconds",
    "max_concurrent_executions",
    "concurrency_key",
    "max_concurrent_per_key",
    "starts_per_minute",
    "breaker_failures",
    "breaker_seconds",
    "fail_fast",
    "allowed_environments",
    "allow_manual_trigger",
    "expected_duration_seconds",
    "parameter_schema",
    "priority",
    "queue_id",
)


class JobDefinition(models.Model):
    """What runs, under which limits. Every change makes a :class:`JobVersion`.

    Status, queue, limits and environments are read live when an execution is dispatched; the rest
    is taken from the version that was current when the execution was opened.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    category = models.CharField(max_length=100, blank=True, default="")
    status = models.CharField(max_length=16, choices=JobStatus, default=JobStatus.ACTIVE)
    allowed_environments = models.PositiveSmallIntegerField(
        default=7, validators=[MinValueValidator(1), MaxValueValidator(7)]
    )
    execution_mode = models.CharField(
        max_length=32, choices=ExecutionMode, default=ExecutionMode.IN_PROCESS
    )
    execution_assembly = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="Kept for callers of the contract; not used.",
    )
    execution_type_name = models.CharField(
        max_length=300, blank=True, default="", help_text="The registered name of the handler."
    )
    execution_command = models.TextField(blank=True, default="")
    container_image = models.CharField(max_length=500, blank=True, default="")
    execution_options = models.JSONField(
        default=dict,
        blank=True,
        help_text="What its mode needs beside: of a container, a request, a Celery task.",
    )
    timeout_seconds = models.PositiveIntegerField(default=300, validators=[MinValueValidator(1)])
    max_retries = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(10)])
    retry_strategy = models.CharField(
        max_length=32, choices=RetryStrategy, default=RetryStrategy.EXPONENTIAL_WITH_JITTER
    )
    base_delay_seconds = models.PositiveIntegerField(default=30, validators=[MinValueValidator(1)])
    max_delay_seconds = models.PositiveIntegerField(default=3600, validators=[MinValueValidator(1)])
    max_concurrent_executions = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1)]
    )
    concurrency_key = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="A template over the parameters, such as customer:{customer_id}.",
    )
    max_concurrent_per_key = models.PositiveIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text="Executions under way at once that have the same key.",
    )
    starts_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Attempts begun within a minute at most; empty means no limit.",
    )
    breaker_failures = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Executions failed in a row after which slots are skipped; empty means never.",
    )
    breaker_seconds = models.PositiveIntegerField(
        default=300,
        validators=[MinValueValidator(1)],
        help_text="Seconds after which one execution may try whether it works again.",
    )
    fail_fast = models.CharField(
        max_length=16,
        choices=FailFast,
        default=FailFast.BRANCH,
        help_text="What its failure ends: only what depends on it, or the rest of the run too.",
    )
    priority = models.PositiveSmallIntegerField(
        default=5, validators=[MaxValueValidator(9)], help_text="0 to 9; higher goes first."
    )
    queue = models.ForeignKey(Queue, models.PROTECT, default="default", related_name="jobs")
    allow_manual_trigger = models.BooleanField(default=True)
    expected_duration_seconds = models.PositiveIntegerField(null=True, blank=True)
    parameter_schema = models.JSONField(null=True, blank=True)
    keep_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days a finished execution is kept; empty means the platform's own setting.",
    )
    keep_executions = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Finished executions kept at most; empty means the platform's own setting.",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.TextField(editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_by = models.TextField(null=True, editable=False)
    updated_at = models.DateTimeField(null=True, editable=False)
    disabled_by = models.TextField(null=True, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.TextField(null=True, blank=True, editable=False)

    objects = JobDefinitionQuerySet.as_manager()

    class Meta:
        verbose_name = "job"
        constraints = [
            models.UniqueConstraint(
                "name",
                condition=~Q(status="archived"),
                name="job_name_unique_unless_archived",
                violation_error_code="name_taken",
                violation_error_message="A job of this name exists already.",
            ),
            models.CheckConstraint(condition=Q(timeout_seconds__gt=0), name="job_timeout_positive"),
            models.CheckConstraint(
                condition=Q(max_retries__gte=0, max_retries__lte=10), name="job_retries_0_to_10"
            ),
            models.CheckConstraint(
                condition=Q(base_delay_seconds__gte=1), name="job_base_delay_1s"
            ),
            models.CheckConstraint(condition=Q(max_delay_seconds__gte=1), name="job_max_delay_1s"),
            models.CheckConstraint(
                condition=Q(max_concurrent_executions__gte=1), name="job_concurrency_at_least_one"
            ),
            models.CheckConstraint(
                condition=Q(max_concurrent_per_key__gte=1), name="job_per_key_at_least_one"
            ),
            models.CheckConstraint(
                condition=Q(starts_per_minute__isnull=True) | Q(starts_per_minute__gte=1),
                name="job_starts_at_least_one",
            ),
            models.CheckConstraint(
                condition=Q(breaker_failures__isnull=True) | Q(breaker_failures__gte=1),
                name="job_breaker_at_least_one",
            ),
            models.CheckConstraint(
                condition=Q(fail_fast__in=FailFast.values), name="job_fail_fast_known"
            ),
            models.CheckConstraint(condition=Q(priority__lte=9), name="job_priority_0_to_9"),
            models.CheckConstraint(
                condition=Q(allowed_environments__gte=1, allowed_environments__lte=7),
                name="job_environments_known",
            ),
            models.CheckConstraint(
                condition=Q(keep_days__isnull=True) | Q(keep_days__gte=1),
                name="job_keep_days_at_least_one",
            ),
            models.CheckConstraint(
                condition=Q(keep_executions__isnull=True) | Q(keep_executions__gte=1),
                name="job_keep_executions_at_least_one",
            ),
            models.CheckConstraint(
                condition=Q(status__in=JobStatus.values), name="job_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def snapshot(self) -> dict[str, Any]:
        """Return what a version keeps of this definition, JSON-ready."""
        return {field: getattr(self, field) for field in SNAPSHOT_FIELDS}


class JobVersion(models.Model):
    """The definition as it was after one change; never changed itself."""

    job = models.ForeignKey(JobDefinition, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    snapshot = models.JSONField()
    created_by = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="version_number_unique")
        ]

    def __str__(self) -> str:
        return f"{self.job_id} v{self.number}"


class JobOwnership(models.Model):
    """Who answers for a job."""

    job = models.OneToOneField(JobDefinition, models.CASCADE, related_name="ownership")
    owner_name = models.CharField(max_length=200, blank=True, default="")
    owner_email = models.EmailField(blank=True, default="")
    team_name = models.CharField(max_length=200, blank=True, default="")
    team_channel = models.CharField(max_length=200, blank=True, default="")
    escalation_email = models.EmailField(blank=True, default="")

    class Meta:
        verbose_name = "ownership"
        verbose_name_plural = "ownership"

    def __str__(self) -> str:
        return self.owner_name or self.team_name or "nobody"
