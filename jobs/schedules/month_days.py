"""Days of the month that a rule names, and what becomes of them in months that lack them."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from jobs.schedules.bits import members
from jobs.schedules.counting import months_of
from jobs.schedules.dates import Dates, Origin, walk_months
from jobs.schedules.days import SHORTEST_MONTH, DayPattern, month_length
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.marks import LastDay, NthWeekday
from jobs.schedules.month_cycle import EVERY_MONTH, MonthCycle, keep_to
from jobs.schedules.ranges import from_either_end
from jobs.schedules.spec import RuleSpec
from jobs.schedules.weekdays import weekdays_of
from jobs.schedules.words import MONTHS, listed

SHORT_MONTHS = ("skip", "clamp", "next")

_LAST_DAY = 31
_MOST_WEEKS = 5


@dataclass(frozen=True, slots=True)
class DayOrNext:
    """One day of each of the months; where one lacks it, the first of the next month."""

    day: int  # 29 to 31
    months: MonthCycle = EVERY_MONTH

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset."""
        days = 0
        if self.months.has(year, month) and self.day <= month_length(year, month):
            days = 1 << self.day
        before = (year, month - 1) if month > 1 else (year - 1, 12)
        if self.months.has(*before) and self.day > month_length(*before):
            days |= 1 << 1
        return days

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first date from (year, month, day) on; ``day`` may be one past the month's end."""
        return walk_months(self, year, month, day)

    def origin_of(self, day: date) -> Origin:
        """The date itself; on the first of a month, with a remark on the month before."""
        if day.day != 1:
            return Origin(day)
        before = date.fromordinal(day.toordinal() - 1)
        month = f"{MONTHS[before.month - 1]} {before.year}"
        return Origin(day, (f"{month} has no day {self.day}; the first of the next month counts",))

    def describe(self) -> str:
        """The dates in words."""
        remark = "after shorter months the first of the next"
        return self.months.say(f"on day {self.day}", remark=remark)


def dates_of_months(spec: RuleSpec, zone: ZoneInfo) -> Dates:
    """The day of the month, or without one the n-th weekday, of the months that are counted.

    Raise ``InvalidRule`` naming each field that is wrong.
    """
    errors: list[FieldError] = []
    months = collect(errors, lambda: months_of(spec, zone))
    dates = collect(errors, lambda: _dates(spec, months or EVERY_MONTH))
    if months is None or dates is None:
        raise InvalidRule(errors)
    return dates


def _dates(spec: RuleSpec, months: MonthCycle) -> Dates:
    if spec.day_of_month is not None:
        return _day_of_month(spec, spec.day_of_month, months)
    if spec.nth_weekday is not None:
        return _nth_weekday(spec, spec.nth_weekday, months)
    detail = "a monthly rule needs a day of the month, 1 to 31 or -1 (the last) to -31"
    detail += ", or nth_weekday with days_of_week"
    raise InvalidRule.single("day_of_month", "required", detail)


def _day_of_month(spec: RuleSpec, day: int, months: MonthCycle) -> Dates:
    """The dates of one day of the months; raise ``InvalidRule`` if it or ``short_month`` is wrong.

    The day is looked for anew in each month, so a short month moves no later one.
    """
    if spec.days_of_week is not None:
        detail = "goes with nth_weekday, not with day_of_month; leave one of them out"
        raise InvalidRule.single("days_of_week", "conflict", detail)
    from_either_end(day, field="day_of_month", highest=_LAST_DAY)
    short_month = _short_month(spec)
    if day < 0:
        if -day > SHORTEST_MONTH:
            _only_skips(spec, f"day_of_month {day}")
        mark = LastDay(-day - 1)
        last = DayPattern(days=0, day_marks=(mark,))
        return keep_to(months, last, months.say(f"on {mark.describe()}"))
    if short_month == "next" and day > SHORTEST_MONTH:
        return DayOrNext(day, months)
    clamps = short_month == "clamp" and day > SHORTEST_MONTH
    remark = "the last day of shorter months" if clamps else ""
    dates = DayPattern(days=1 << day, short_month="clamp" if clamps else "skip")
    return keep_to(months, dates, months.say(f"on day {day}", remark=remark))


def _nth_weekday(spec: RuleSpec, nth: int, months: MonthCycle) -> Dates:
    """The n-th of each of the days of the week, or -1 for the last; raise ``InvalidRule``.

    A month without a fifth is skipped.
    """
    from_either_end(nth, field="nth_weekday", highest=_MOST_WEEKS)
    weekdays = members(weekdays_of(spec.days_of_week, needing="nth_weekday"))
    _only_skips(spec, "nth_weekday")
    marks = tuple(NthWeekday(weekday, nth) for weekday in weekdays)
    remark = "none in months with fewer" if abs(nth) == _MOST_WEEKS else ""
    words = months.say(f"on {listed([mark.describe() for mark in marks])}", remark=remark)
    return keep_to(months, DayPattern(weekdays=0, weekday_marks=marks), words)


def _only_skips(spec: RuleSpec, what: str) -> None:
    """Raise ``InvalidRule`` when ``short_month`` wants more of a month without such a day."""
    if _short_month(spec) != "skip" and spec.short_month is not None:
        detail = f"{what} skips a month that lacks it; leave short_month out or use skip"
        raise InvalidRule.single("short_month", "not_allowed", detail)


def _short_month(spec: RuleSpec) -> Literal["skip", "clamp", "next"]:
    match spec.short_month:
        case None | "clamp":
            return "clamp"
        case "skip" | "next" as choice:
            return choice
    detail = f"{spec.short_month!r} is not known; use {', '.join(SHORT_MONTHS)}"
    raise InvalidRule.single("short_month", "unknown_choice", detail)
