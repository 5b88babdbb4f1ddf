"""One execution, from due to done: one row for all its attempts."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.ids import uuid7
from executions.states import ACTIVE, FINAL, READY, UNFINISHED, ExecutionStatus, Reason
from jobs.models import JobDefinition, JobSchedule, JobVersion


class Origin(models.TextChoices):
    """What opened an execution."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    DEPENDENCY = "dependency", "another execution of its run"
    JOIN = "join", "executions of several runs"
    BACKFILL = "backfill"


class JobExecutionQuerySet(models.QuerySet["JobExecution"]):
    def due(self, now: datetime) -> Self:
        return self.filter(status__in=READY, due_at__lte=now)

    def running(self) -> Self:
        return self.filter(status=ExecutionStatus.RUNNING)

    def unfinished(self) -> Self:
        return self.filter(status__in=UNFINISHED)

    def failed_since(self, moment: datetime) -> Self:
        return self.filter(
            status__in=(ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT), completed_at__gte=moment
        )


class JobExecution(models.Model):
    """One slot or trigger of a job. ``transitions.py`` and ``sql/`` are its only writers of state.

    ``fence`` grows with each dispatch, rescue and take-back; who acts on the row must name the
    fence he was given, so that a late or doubled message, or a frozen worker, changes nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(
        JobDefinition, models.PROTECT, related_name="executions", db_index=False
    )
    version = models.ForeignKey(JobVersion, models.PROTECT, related_name="+", db_index=False)
    schedule = models.ForeignKey(
        JobSchedule, models.PROTECT, null=True, related_name="executions", db_index=False
    )
    origin = models.CharField(max_length=16, choices=Origin)
    # No constraint: retention may delete the first before the second.
    rerun_of = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        null=True,
        related_name="reruns",
        db_constraint=False,
        db_index=False,
    )
    correlation_id = models.UUIDField(default=uuid7, help_text="The run that it belongs to.")
    backfill = models.ForeignKey(
        "executions.Backfill", models.PROTECT, null=True, related_name="executions", db_index=False
    )
    open_edges = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Edges of its run that still hold it back."
    )
    blocked_by = models.UUIDField(
        null=True, help_text="The execution because of which it did not run."
    )
    concurrency_key = models.TextField(null=True)
    triggered_by = models.TextField()
    scheduled_for = models.DateTimeField(
        help_text="The slot; for a manual run, when it was asked for."
    )
    due_at = models.DateTimeField(help_text="Not before this instant.")
    business_date = models.DateField(null=True, help_text="The date that the slot stands for.")
    previous_business_date = models.DateField(null=True)
    next_business_date = models.DateField(null=True)
    is_late = models.BooleanField(default=False, help_text="Opened after its slot had passed.")
    priority = models.PositiveSmallIntegerField(default=5)
    status = models.CharField(
        max_length=16, choices=ExecutionStatus, default=ExecutionStatus.SCHEDULED
    )
    reason = models.CharField(max_length=32, choices=Reason, null=True)
    fence = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="1 is the first attempt.")
    opened_at = models.DateTimeField(db_default=Now())
    # Handed to the broker
    queue = models.CharField(max_length=100, null=True)
    queued_at = models.DateTimeField(null=True)
    publish_again_at = models.DateTimeField(null=True)
    publish_count = models.PositiveSmallIntegerField(default=0)
    # Claimed by a worker
    worker = models.TextField(null=True)
    worker_pid = models.PositiveIntegerField(null=True)
    claim_token = models.UUIDField(null=True)
    started_at = models.DateTimeField(null=True, help_text="Of the latest attempt.")
    renewed_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    progress_fraction = models.FloatField(null=True)
    progress_message = models.TextField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.TextField(null=True)
    cancel_at_once = models.BooleanField(
        default=False, db_default=False, help_text="Killed, without any notice."
    )
    checkpoint = models.JSONField(null=True, help_text="Where the next attempt may go on.")
    checkpoint_at = models.DateTimeField(null=True)
    # Settled
    completed_at = models.DateTimeField(null=True)
    input = models.JSONField(default=dict)
    output = models.JSONField(null=True)
    error_type = models.TextField(null=True)
    error_message = models.TextField(null=True)
    stack_trace = models.TextField(null=True)

    objects = JobExecutionQuerySet.as_manager()

    class Meta:
        verbose_name = "execution"
        indexes = [
            # Dispatch: per job, the first by priority and due time.
            models.Index(
                fields=["job", "-priority", "due_at", "id"],
                name="execution_ready",
                condition=Q(status__in=READY),
            ),
            # Beat: when to wake next.
            models.Index(
                fields=["due_at"], name="execution_next_due", condition=Q(status__in=READY)
            ),
            # Limits: what is out or under way.
            models.Index(
                fields=["job", "queue", "status"],
                name="execution_active",
                condition=Q(status__in=ACTIVE),
            ),
            # Overlap: what of a schedule is unfinished, in slot order.
            models.Index(
                fields=["schedule", "scheduled_for"],
                name="execution_of_schedule",
                condition=Q(status__in=UNFINISHED, schedule__isnull=False),
            ),
            # Sweep and rescue.
            models.Index(
                fields=["publish_again_at"],
                name="execution_unclaimed",
                condition=Q(status=ExecutionStatus.QUEUED),
            ),
            models.Index(
                fields=["lease_until"],
                name="execution_leased",
                condition=Q(status=ExecutionStatus.RUNNING),
            ),
            # Runs: the nodes of one, but for the first, whose key is the run's own.
            models.Index(
                fields=["correlation_id", "id"],
                name="execution_of_run",
                condition=~Q(correlation_id=models.F("id")),
            ),
            # Keyed limits: what is out of one key.
            models.Index(
                fields=["job", "concurrency_key", "status"],
                name="execution_active_key",
                condition=Q(status__in=ACTIVE, concurrency_key__isnull=False),
            ),
            # Keyed limits: per key, the first by priority and due time.
            models.Index(
                fields=["job", "concurrency_key", "-priority", "due_at", "id"],
                name="execution_ready_key",
                condition=Q(status__in=READY, concurrency_key__isnull=False),
            ),
            # Backfills: what waits of one, in order; how far it is.
            models.Index(
                fields=["backfill", "status", "id"],
                name="execution_of_backfill",
                condition=Q(backfill__isnull=False),
            ),
            models.Index(
                fields=["backfill", "id"],
                name="execution_waiting_of_backfill",
                condition=Q(backfill__isnull=False, status=ExecutionStatus.WAITING),
            ),
            # History: of a job, newest first; outcomes by day. The key alone serves "all, newest".
            models.Index(fields=["job", "-id"], name="execution_of_job"),
            models.Index(
                fields=["status", "-completed_at"],
                name="execution_completed",
                condition=Q(completed_at__isnull=False),
            ),
            # Lists: of each job what ended in one way (executions/lists). Written at the end, once.
            models.Index(
                fields=["job", "status", "-id"],
                name="execution_ended",
                condition=Q(status__in=FINAL),
            ),
            # Lists: the few that somebody triggered, among the many of the schedules.
            models.Index(
                fields=["job", "-id"],
                name="execution_by_hand",
                condition=Q(origin=Origin.MANUAL),
            ),
            # The last execution of a job and of a schedule, however many slots were skipped since.
            models.Index(
                fields=["job", "schedule", "-id"],
                name="execution_started",
                condition=Q(started_at__isnull=False),
            ),
            models.Index(
                fields=["rerun_of"],
                name="execution_rerun_of",
                condition=Q(rerun_of__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "scheduled_for"],
                condition=Q(origin="schedule"),
                name="one_execution_per_slot",
            ),
            models.UniqueConstraint(
                fields=["backfill", "schedule", "scheduled_for"],
                condition=Q(origin="backfill"),
                name="one_execution_per_slot_of_a_backfill",
            ),
            models.UniqueConstraint(
                fields=["job"],
                condition=Q(origin="join", status="waiting"),
                name="one_waiting_join_per_job",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ExecutionStatus.values), name="execution_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=FINAL, completed_at__isnull=False)
                | Q(status__in=UNFINISHED, completed_at__isnull=True),
                name="final_has_completed_at",
            ),
            models.CheckConstraint(
                condition=~Q(status="running")
                | Q(lease_until__isnull=False, worker__isnull=False, started_at__isnull=False),
                name="running_has_lease_and_worker",
            ),
            models.CheckConstraint(
                condition=~Q(status="queued")
                | Q(queue__isnull=False, publish_again_at__isnull=False),
                name="queued_will_be_published_again",
            ),
            models.CheckConstraint(
                condition=~Q(origin="schedule") | Q(schedule__isnull=False),
                name="slot_has_schedule",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheduled_for:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def duration_seconds(self) -> float | None:
        """Seconds of the latest attempt, once the execution is over."""
        if self.started_at is None or self.completed_at is None:
            return None
        return (self.completed_at - self.started_at).total_seconds()
