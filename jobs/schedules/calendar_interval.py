"""Intervals in days, weeks or months of the calendar: the anchor's wall clock, every so often."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jobs.schedules.counting import MOST_DAYS, MOST_MONTHS, MOST_WEEKS, count_of
from jobs.schedules.cycle import every_nth_day, every_nth_week
from jobs.schedules.dates import Dates, Origin, walk_months
from jobs.schedules.days import EVERY_DAY, SHORTEST_MONTH, DayPattern, month_length
from jobs.schedules.elapsed import anchor_of
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.spec import RuleSpec
from jobs.schedules.times import TimePattern
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern
from jobs.schedules.words import MONTHS, ordinal

_MOST = {"day": MOST_DAYS, "week": MOST_WEEKS, "month": MOST_MONTHS}
UNITS = tuple(_MOST)


@dataclass(frozen=True, slots=True)
class EveryNthMonth:
    """The day of ``start`` in every ``count``-th month from its own on, and before it.

    The day is kept: a shorter month has its last day instead, and moves no later one.
    """

    start: date
    count: int

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset."""
        if ((year - self.start.year) * 12 + month - self.start.month) % self.count:
            return 0
        return 1 << min(self.start.day, month_length(year, month))

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first date from (year, month, day) on; ``day`` may be one past the month's end."""
        return walk_months(self, year, month, day)

    def origin_of(self, day: date) -> Origin:
        """The date itself, with a remark on a shorter month."""
        return _day_of_month(self.start).origin_of(day)

    def describe(self) -> str:
        """The dates in words: "on day 1 of every 3rd month (counted from August 2026)"."""
        counted = f"counted from {MONTHS[self.start.month - 1]} {self.start.year}"
        if self.start.day > SHORTEST_MONTH:
            counted += "; the last day of shorter months"
        return f"on day {self.start.day} of every {ordinal(self.count)} month ({counted})"


def calendar_interval_timing(spec: RuleSpec, zone: ZoneInfo) -> WallTiming:
    """The timing of an interval in calendar units; raise ``InvalidRule`` for each wrong field.

    It keeps the wall clock that the anchor has in the rule's zone.
    """
    errors: list[FieldError] = _conflicts(spec)
    unit = spec.interval_unit or ""
    if unit in _MOST:
        collect(errors, lambda: count_of(spec, highest=_MOST[unit]))
    else:
        detail = f"{unit!r} is not known; use {', '.join(UNITS)}, or elapsed with interval_seconds"
        errors.append(FieldError("interval_unit", "unknown_choice", detail))
    anchor = collect(errors, lambda: anchor_of(spec.anchor, kind="an interval"))
    if errors or anchor is None:
        raise InvalidRule(errors)
    wall = anchor.astimezone(zone).replace(tzinfo=None, fold=0)
    times = TimePattern(1 << wall.hour, 1 << wall.minute, 1 << wall.second)
    pattern = WallPattern(_dates(unit, spec.repeat_every or 1, wall), times)
    return WallTiming(pattern, is_interval_like=False)


def _conflicts(spec: RuleSpec) -> list[FieldError]:
    unit = spec.interval_unit
    detail = f"has no meaning with interval_unit {unit!r}; leave it out, and give repeat_every"
    return [
        FieldError(name, "conflict", detail)
        for name in ("interval_seconds", "align")
        if getattr(spec, name) is not None
    ]


def _dates(unit: str, count: int, wall: datetime) -> Dates:
    start = wall.date()
    if unit == "month":
        return _day_of_month(start) if count == 1 else EveryNthMonth(start, count)
    if unit == "day":
        return EVERY_DAY if count == 1 else every_nth_day(start, count)
    weekday = DayPattern(weekdays=1 << start.isoweekday() % 7)
    if count == 1:
        return weekday
    return every_nth_week(start, count, weekday.weekdays, weekday.describe())


def _day_of_month(start: date) -> DayPattern:
    return DayPattern(days=1 << start.day, short_month="clamp")
