"""Schedules: when a job's slots are due."""

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from core.ids import uuid7
from jobs.models.definition import JobDefinition
from jobs.schedules import Rule, RuleSpec, compile_rule


class ScheduleType(models.TextChoices):
    """The kinds of rule (``jobs/schedules/``)."""

    ONE_TIME = "one_time"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    CRON = "cron"
    INTERVAL = "interval"
    DELAY = "delay"


class Weekday(models.IntegerChoices):
    """Bits of ``days_of_week``."""

    SUNDAY = 1
    MONDAY = 2
    TUESDAY = 4
    WEDNESDAY = 8
    THURSDAY = 16
    FRIDAY = 32
    SATURDAY = 64


class JobScheduleQuerySet(models.QuerySet["JobSchedule"]):
    def unarchived(self) -> Self:
        return self.filter(archived_at__isnull=True)


class JobSchedule(models.Model):
    """One rule of one job. ``next_fire_at`` is the earliest slot the planner has not yet opened.

    It is NULL when nothing will come: inactive, archived, or past its end. A slot that was due when
    the schedule was stopped stays here until the planner has opened it; until then ``stopped_at``
    and, if it was started again meanwhile, ``resumed_at`` tell between which instants none fires.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(JobDefinition, models.CASCADE, related_name="schedules")
    schedule_type = models.CharField(max_length=32, choices=ScheduleType)
    cron_expression = models.CharField(max_length=200, null=True, blank=True)
    time_of_day = models.TimeField(null=True, blank=True)
    days_of_week = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(127)]
    )
    day_of_month = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text="1 to 31; in a shorter month its last day.",
    )
    one_time_at = models.DateTimeField(null=True, blank=True, help_text="The only instant.")
    interval_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    delay_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    timezone = models.CharField(max_length=64, default="UTC", help_text="An IANA name.")
    parameters = models.JSONField(default=dict, blank=True, help_text="Passed to the handler.")
    is_active = models.BooleanField(default=True)
    start_at = models.DateTimeField(null=True, blank=True, help_text="First instant, inclusive.")
    end_at = models.DateTimeField(null=True, blank=True, help_text="Last instant, inclusive.")
    anchor_at = models.DateTimeField(
        editable=False, help_text="What an interval or a delay counts from."
    )
    next_fire_at = models.DateTimeField(null=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    resumed_at = models.DateTimeField(null=True, editable=False)
    created_by = models.TextField(editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_by = models.TextField(null=True, editable=False)
    updated_at = models.DateTimeField(null=True, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects = JobScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = "schedule"
        indexes = [
            # The planner's: what is due, earliest first.
            models.Index(
                fields=["next_fire_at"],
                name="schedule_due",
                condition=Q(next_fire_at__isnull=False),
            ),
            models.Index(fields=["job"], name="schedule_of_job"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(schedule_type__in=ScheduleType.values), name="schedule_type_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} ({self.schedule_type})"

    @property
    def rule(self) -> Rule:
        """The compiled rule; raises ``InvalidRule`` when the fields do not make one."""
        return compile_rule(self.spec)

    @property
    def spec(self) -> RuleSpec:
        """The rule as it is written."""
        return RuleSpec(
            kind=self.schedule_type,
            timezone=self.timezone,
            cron_expression=self.cron_expression,
            time_of_day=self.time_of_day,
            days_of_week=self.days_of_week,
            day_of_month=self.day_of_month,
            one_time_at=self.one_time_at,
            interval_seconds=self.interval_seconds,
            delay_seconds=self.delay_seconds,
            anchor=self.anchor_at.replace(microsecond=0),
            start_at=self.start_at,
            end_at=self.end_at,
        )
