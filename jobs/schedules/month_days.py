"""Days of the month that a rule names, and what becomes of them in months that lack them."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from jobs.schedules.bits import members
from jobs.schedules.dates import Dates, Origin, walk_months
from jobs.schedules.days import SHORTEST_MONTH, DayPattern, month_length
from jobs.schedules.errors import InvalidRule
from jobs.schedules.marks import LastDay, NthWeekday
from jobs.schedules.ranges import from_either_end
from jobs.schedules.spec import RuleSpec
from jobs.schedules.weekdays import weekdays_of
from jobs.schedules.words import MONTHS

SHORT_MONTHS = ("skip", "clamp", "next")

_LAST_DAY = 31
_MOST_WEEKS = 5


@dataclass(frozen=True, slots=True)
class DayOrNext:
    """One day of each month; where a month lacks it, the first of the next month."""

    day: int  # 29 to 31

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset."""
        own = 1 << self.day if self.day <= month_length(year, month) else 0
        before = (year, month - 1) if month > 1 else (year - 1, 12)
        return own | (1 << 1 if self.day > month_length(*before) else 0)

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
        return f"on day {self.day} of the month (after shorter months the first of the next)"


def day_of_month(spec: RuleSpec, day: int) -> Dates:
    """The dates of one day of the month; raise ``InvalidRule`` if it or ``short_month`` is wrong.

    The day is looked for anew in each month, so a short month moves no later one.
    """
    if spec.days_of_week is not None:
        detail = "goes with nth_weekday, not with day_of_month; leave one of them out"
        raise InvalidRule.single("days_of_week", "conflict", detail)
    from_either_end(day, field="day_of_month", highest=_LAST_DAY)
    short_month = _short_month(spec)
    if day < 0:
        if -day > SHORTEST_MONTH:
            only_skips(spec, f"day_of_month {day}")
        return DayPattern(days=0, day_marks=(LastDay(-day - 1),))
    if short_month == "next":
        return DayOrNext(day) if day > SHORTEST_MONTH else DayPattern(days=1 << day)
    return DayPattern(days=1 << day, short_month=short_month)


def nth_weekday(spec: RuleSpec, nth: int) -> Dates:
    """The n-th of each of the days of the week, or -1 for the last; raise ``InvalidRule``.

    A month without a fifth is skipped.
    """
    from_either_end(nth, field="nth_weekday", highest=_MOST_WEEKS)
    weekdays = members(weekdays_of(spec.days_of_week, needing="nth_weekday"))
    only_skips(spec, "nth_weekday")
    marks = tuple(NthWeekday(weekday, nth) for weekday in weekdays)
    return DayPattern(weekdays=0, weekday_marks=marks)


def only_skips(spec: RuleSpec, what: str) -> None:
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
