"""Business calendars and exclusion windows: the days and times that schedules reckon with."""

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from core.ids import uuid7
from jobs.schedules.business import WESTERN_WEEKEND

FIRST_YEAR, LAST_YEAR = 1970, 2199


class Combine(models.TextChoices):
    """How several sources make one calendar: closed if any is, or only if all are."""

    UNION = "union"
    INTERSECTION = "intersection"


class HalfDay(models.TextChoices):
    """What half days are."""

    BUSINESS = "business"
    HOLIDAY = "holiday"
    EARLY_CLOSE = "early_close"


class UnarchivedQuerySet(models.QuerySet["HolidayCalendar"]):
    def unarchived(self) -> Self:
        return self.filter(archived_at__isnull=True)


class HolidayCalendar(models.Model):
    """What a calendar is made of. Schedules read its latest ``CalendarVersion``, never this."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True, default="")
    # [{"country": "GB", "subdivision": "ENG", "categories": ["public"]}, {"market": "XNYS"}]
    sources = models.JSONField(default=list, blank=True)
    combine = models.CharField(max_length=16, choices=Combine, default=Combine.UNION)
    weekend = models.PositiveSmallIntegerField(
        default=WESTERN_WEEKEND, validators=[MaxValueValidator(126)], help_text="Bits of weekdays."
    )
    # [{"date": "2026-12-24", "name": "Christmas Eve"}]
    extra_holidays = models.JSONField(default=list, blank=True)
    extra_workdays = models.JSONField(default=list, blank=True)
    half_days = models.CharField(max_length=16, choices=HalfDay, default=HalfDay.BUSINESS)
    half_day_closes_at = models.TimeField(null=True, blank=True)
    first_year = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]
    )
    last_year = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]
    )
    version = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.TextField(editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_by = models.TextField(null=True, editable=False)
    updated_at = models.DateTimeField(null=True, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects = UnarchivedQuerySet.as_manager()

    class Meta:
        verbose_name = "holiday calendar"

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """The dates of a calendar as they were worked out once; never changed.

    ``days`` has a row for each holiday, worked weekend day and early close, in order of date:
    ``{"date": "2026-12-25", "kind": "holiday", "name": "Christmas Day", "source": "GB-ENG"}``, the
    kind being holiday, workday or early_close.
    """

    # Not a number that a restored backup could give out again: what is kept by it never changes.
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    calendar = models.ForeignKey(HolidayCalendar, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    since = models.DateTimeField()
    days = models.JSONField()
    weekend = models.PositiveSmallIntegerField()
    first_year = models.PositiveSmallIntegerField()
    last_year = models.PositiveSmallIntegerField()
    library = models.CharField(max_length=40, help_text="What the dates came from.")
    created_by = models.TextField()

    class Meta:
        verbose_name = "calendar version"
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "number"], name="one_version_per_calendar_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.number}"


class ExclusionScope(models.TextChoices):
    """Which schedules an exclusion window holds for."""

    GLOBAL = "global"
    TEAM = "team"
    SCHEDULE = "schedule"


class OnExcluded(models.TextChoices):
    """What becomes of a slot inside the window."""

    SKIP = "skip"
    DEFER = "defer"


class ExclusionWindow(models.Model):
    """Times at which nothing may run: a blackout or maintenance (``jobs/schedules/exclusions.py``).

    Exactly one of its four forms is given. Those of scope ``schedule`` hold where a schedule names
    them, of ``team`` for the jobs of that team, the global ones for all.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, default="")
    scope = models.CharField(max_length=16, choices=ExclusionScope, default=ExclusionScope.SCHEDULE)
    team_name = models.CharField(max_length=200, blank=True, default="")
    on_excluded = models.CharField(max_length=8, choices=OnExcluded, default=OnExcluded.SKIP)
    timezone = models.CharField(
        max_length=64, null=True, blank=True, help_text="The schedule's own if left out."
    )
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    first_date = models.DateField(null=True, blank=True)
    last_date = models.DateField(null=True, blank=True)
    days_of_week = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(127)]
    )
    from_time = models.TimeField(null=True, blank=True)
    until_time = models.TimeField(null=True, blank=True)
    calendar = models.ForeignKey(
        HolidayCalendar, models.PROTECT, null=True, blank=True, related_name="exclusions"
    )
    created_by = models.TextField(editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_by = models.TextField(null=True, editable=False)
    updated_at = models.DateTimeField(null=True, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "exclusion window"
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(archived_at__isnull=True), name="exclusion_name_taken"
            ),
        ]

    def __str__(self) -> str:
        return self.name
