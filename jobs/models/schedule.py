"""Schedules: when a job's slots are due."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from core.ids import uuid7
from jobs.models.calendar import HolidayCalendar
from jobs.models.definition import JobDefinition


class ScheduleType(models.TextChoices):
    """The kinds of rule (``jobs/schedules/``)."""

    ONE_TIME = "one_time"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MONTHLY_BUSINESS_DAY = "monthly_business_day"
    CRON = "cron"
    CONDITIONAL = "conditional"
    INTERVAL = "interval"
    DELAY = "delay"
    AFTER_COMPLETION = "after_completion"


class Weekday(models.IntegerChoices):
    """Bits of ``days_of_week``."""

    SUNDAY = 1
    MONDAY = 2
    TUESDAY = 4
    WEDNESDAY = 8
    THURSDAY = 16
    FRIDAY = 32
    SATURDAY = 64


class CronDialect(models.TextChoices):
    STANDARD = "standard"
    QUARTZ = "quartz"


class DayMatch(models.TextChoices):
    """What day of month and day of week of a cron expression do together."""

    OR = "or"
    AND = "and"


class ShortMonth(models.TextChoices):
    """What becomes of a day that a month does not have."""

    SKIP = "skip"
    CLAMP = "clamp"
    NEXT = "next"


class OnDays(models.TextChoices):
    BUSINESS_DAYS = "business_days"
    NON_BUSINESS_DAYS = "non_business_days"


class Roll(models.TextChoices):
    """Where a day that is no business day moves to."""

    FOLLOWING = "following"
    PRECEDING = "preceding"
    MODIFIED_FOLLOWING = "modified_following"
    MODIFIED_PRECEDING = "modified_preceding"
    NEAREST = "nearest"
    SKIP = "skip"


class IntervalUnit(models.TextChoices):
    ELAPSED = "elapsed"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Align(models.TextChoices):
    ANCHOR = "anchor"
    EPOCH = "epoch"


class DstGap(models.TextChoices):
    """What a time does that the clock leaves out."""

    RUN_AFTER = "run_after"
    SKIP = "skip"


class DstRepeat(models.TextChoices):
    """Which of two equal times of one day count."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


class MisfirePolicy(models.TextChoices):
    """What becomes of slots that are found later than the grace."""

    RUN_LATEST = "run_latest"
    RUN_ALL = "run_all"
    SKIP = "skip"


class Overlap(models.TextChoices):
    """What a slot does while earlier ones of its schedule are unfinished."""

    QUEUE_ONE = "queue_one"
    SKIP = "skip"
    QUEUE_ALL = "queue_all"
    CANCEL_RUNNING = "cancel_running"
    TERMINATE_RUNNING = "terminate_running"
    ALLOW = "allow"


class OnFalse(models.TextChoices):
    """What a condition that does not hold leads to."""

    SKIP = "skip"
    WAIT = "wait"


class OnError(models.TextChoices):
    """What a condition that cannot be evaluated leads to."""

    SKIP = "skip"
    RUN = "run"
    FAIL = "fail"


class JobScheduleQuerySet(models.QuerySet["JobSchedule"]):
    def unarchived(self) -> Self:
        return self.filter(archived_at__isnull=True)


def _choice(
    choices: type[models.TextChoices], text: str
) -> "models.CharField[str | None, str | None]":
    """A word out of ``choices``, or NULL for what the kind of rule has by itself."""
    return models.CharField(max_length=20, null=True, blank=True, choices=choices, help_text=text)


class JobSchedule(models.Model):
    """One rule of one job, and its policies. ``next_fire_at`` is the earliest unopened slot.

    It is NULL when nothing will come: inactive, paused, archived, or past its end. A slot that was
    due at a change stays here until the planner has opened it. What the rule was at that instant
    the ``ScheduleVersion`` rows tell; ``versioned_at`` is the instant of the latest.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(JobDefinition, models.CASCADE, related_name="schedules")
    # The rule
    schedule_type = models.CharField(max_length=32, choices=ScheduleType)
    timezone = models.CharField(max_length=64, default="UTC", help_text="An IANA name.")
    cron_expression = models.CharField(max_length=256, null=True, blank=True)
    cron_dialect = _choice(CronDialect, "How numbers of the week are read; standard if left out.")
    day_match = _choice(DayMatch, "Both day fields restricted: either matches, or both must.")
    time_of_day = models.TimeField(null=True, blank=True)
    repeat_every = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Every so many days, weeks, months or units; 1 if left out.",
    )
    days_of_week = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(127)]
    )
    day_of_month = models.SmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-31), MaxValueValidator(31)],
        help_text="1 to 31, or from the end: -1 is the last.",
    )
    nth_weekday = models.SmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-5), MaxValueValidator(5)],
        help_text="The n-th of the days of the week in its month; -1 is the last.",
    )
    short_month = _choice(
        ShortMonth, "A month without the day: skip it, its last day, or the next."
    )
    business_day_of_month = models.SmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-23), MaxValueValidator(23)],
        help_text="1 to 23, or from the end: -1 is the last.",
    )
    on_days = _choice(OnDays, "Every business day, or every other day.")
    roll = _choice(Roll, "Where a day that is no business day moves to.")
    offset_business_days = models.SmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-60), MaxValueValidator(60)],
        help_text="So many business days later (or earlier), after the roll.",
    )
    adjust_to_previous_business_day = models.BooleanField(null=True, blank=True)
    calendar = models.ForeignKey(
        HolidayCalendar, models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    one_time_at = models.DateTimeField(null=True, blank=True, help_text="The only instant.")
    interval_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    interval_unit = _choice(IntervalUnit, "Elapsed time, or days of the calendar.")
    align = _choice(Align, "Counted from the schedule's anchor, or from 1970.")
    delay_seconds = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    dst_gap = _choice(DstGap, "A time that the clock leaves out: run after the gap, or skip.")
    dst_repeat = _choice(DstRepeat, "A time that comes twice: which of them.")
    exclusions = ArrayField(
        models.UUIDField(), default=list, blank=True, help_text="Its own exclusion windows."
    )
    start_at = models.DateTimeField(null=True, blank=True, help_text="First instant, inclusive.")
    end_at = models.DateTimeField(null=True, blank=True, help_text="Last instant, inclusive.")
    anchor_at = models.DateTimeField(
        editable=False, help_text="What an interval or a delay counts from."
    )
    # Policies
    misfire_policy = models.CharField(
        max_length=16, choices=MisfirePolicy, default=MisfirePolicy.RUN_LATEST
    )
    misfire_grace_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Found later than this, a slot is missed."
    )
    catchup_window_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="A slot missed by more than this never runs."
    )
    max_catchup = models.PositiveIntegerField(
        default=100, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    overlap = models.CharField(max_length=20, choices=Overlap, default=Overlap.QUEUE_ONE)
    overlap_limit = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="With allow: at most so many at once.",
    )
    spread_seconds = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(86_400)],
        help_text="Start each run up to so many seconds later, always the same for one slot.",
    )
    max_runs = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    run_count = models.PositiveIntegerField(default=0, editable=False)
    pause_after_failures = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    parameters = models.JSONField(default=dict, blank=True, help_text="Passed to the handler.")
    # The condition
    conditions = models.JSONField(null=True, blank=True, help_text="all, any and not over checks.")
    conditional_expression = models.TextField(
        null=True, blank=True, help_text="The condition in CEL."
    )
    on_false = models.CharField(max_length=8, choices=OnFalse, default=OnFalse.SKIP)
    on_error = models.CharField(max_length=8, choices=OnError, default=OnError.FAIL)
    poll_seconds = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
        help_text="While it waits: how often the condition is looked at again.",
    )
    wait_seconds = models.PositiveIntegerField(
        default=3_600,
        validators=[MinValueValidator(1), MaxValueValidator(31 * 86_400)],
        help_text="How long it waits for the condition, from the slot on.",
    )
    # Where it stands
    is_active = models.BooleanField(default=True)
    paused_at = models.DateTimeField(null=True, editable=False)
    paused_by = models.TextField(null=True, editable=False)
    pause_reason = models.TextField(null=True, editable=False)
    resume_at = models.DateTimeField(null=True, editable=False, help_text="Resumes by itself then.")
    next_fire_at = models.DateTimeField(null=True, editable=False)
    # The next slot that really runs: no exclusion falls on it, or it is deferred until then.
    next_run_at = models.DateTimeField(null=True, editable=False)
    # Nothing after this instant can be worked out, and why: its calendar ends.
    stuck_at = models.DateTimeField(null=True, editable=False)
    stuck_reason = models.TextField(null=True, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    versioned_at = models.DateTimeField(editable=False)
    tzdata_version = models.CharField(max_length=16, default="", editable=False)
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
            # People's: what runs next.
            models.Index(
                fields=["next_run_at"],
                name="schedule_next_run",
                condition=Q(next_run_at__isnull=False),
            ),
            models.Index(fields=["job"], name="schedule_of_job"),
            # Beat's chores: what resumes by itself, what replaces a run, what follows one.
            models.Index(
                fields=["resume_at"], name="schedule_resumes", condition=Q(resume_at__isnull=False)
            ),
            models.Index(
                fields=["id"],
                name="schedule_replaces",
                condition=Q(overlap__in=["cancel_running", "terminate_running"]),
            ),
            models.Index(
                fields=["id"],
                name="schedule_follows",
                condition=Q(schedule_type="after_completion", next_fire_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(schedule_type__in=ScheduleType.values), name="schedule_type_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} ({self.schedule_type})"

    @property
    def is_firing(self) -> bool:
        """Whether it opens slots: active, not paused, not archived."""
        return self.is_active and self.paused_at is None and self.archived_at is None

    @property
    def has_condition(self) -> bool:
        return bool(self.conditions) or bool(self.conditional_expression)
