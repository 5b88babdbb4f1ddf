"""A rule as it is written."""

from dataclasses import dataclass
from datetime import datetime, time

from jobs.schedules.business import BusinessCalendar
from jobs.schedules.exclusions import Exclusion
from jobs.schedules.local_time import OnGap, OnRepeat

_ROLLING = ("roll", "offset_business_days", "adjust_to_previous_business_day")
_CRON = ("cron_expression", "cron_dialect", "day_match")

FIELDS_OF_KIND = {
    "one_time": ("one_time_at",),
    "daily": ("time_of_day", "repeat_every"),
    "weekly": ("time_of_day", "days_of_week", "repeat_every", *_ROLLING),
    "monthly": (
        *("time_of_day", "repeat_every", "day_of_month", "nth_weekday", "days_of_week"),
        *("short_month", *_ROLLING),
    ),
    "monthly_business_day": (
        *("time_of_day", "repeat_every", "business_day_of_month", "day_of_month"),
        *("nth_weekday", "days_of_week", "on_days", "short_month"),
        *_ROLLING,
    ),
    "cron": _CRON,
    "interval": ("interval_seconds", "interval_unit", "repeat_every", "align"),
    "delay": ("delay_seconds",),
    "after_completion": ("delay_seconds",),
    "conditional": (*_CRON, "time_of_day", "days_of_week", "interval_seconds"),
}
"""The kinds of rule, each with the fields of a ``RuleSpec`` that are its own."""


@dataclass(frozen=True, kw_only=True)
class RuleSpec:
    """A rule as users write it. Each kind reads its own fields and ignores those of the others."""

    kind: str  # a value of ``ScheduleType``
    timezone: str = "UTC"  # IANA name
    cron_expression: str | None = None
    cron_dialect: str | None = None  # None: standard; or quartz
    day_match: str | None = None  # None: or; what cron's two day fields do together; or and
    hash_key: str = ""  # what ``H`` in cron is hashed with: the schedule's id
    time_of_day: time | None = None  # naive: wall clock in ``timezone``
    repeat_every: int | None = None  # None: 1; days, weeks, months or calendar units
    days_of_week: int | None = None  # bits of ``Weekday``: 1 is Sunday
    day_of_month: int | None = None  # 1 to 31, or -1 (the last) to -31
    nth_weekday: int | None = None  # 1 to 5 or -1 to -5, of ``days_of_week``
    short_month: str | None = None  # skip, clamp (None), next
    business_day_of_month: int | None = None  # from the start, or negative from the end
    on_days: str | None = None  # business_days or non_business_days: every one of them
    roll: str | None = None  # where a day that is no business day moves to (``rolls.ROLLS``)
    offset_business_days: int | None = None  # so many business days on (back) after the roll
    adjust_to_previous_business_day: bool | None = None  # the contract's word for roll=preceding
    calendar: BusinessCalendar | None = None  # None: Saturday and Sunday are closed, nothing else
    one_time_at: datetime | None = None  # aware, or naive: wall clock in ``timezone``
    interval_seconds: int | None = None
    interval_unit: str | None = None  # None: elapsed seconds; or day, week, month
    align: str | None = None  # None: to the anchor; or epoch
    delay_seconds: int | None = None
    anchor: datetime | None = None  # aware; intervals, delays and every n-th day count from it
    start_at: datetime | None = None  # aware, inclusive
    end_at: datetime | None = None  # aware, inclusive
    dst_gap: OnGap | None = None  # run_after, skip; None: as the sort of rule has it
    dst_repeat: OnRepeat | None = None  # first, second, both; None: as the sort of rule has it
    exclusions: tuple[Exclusion, ...] = ()
