"""Which calendar dates a rule names, answered a month at a time as a bitset of days."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from jobs.schedules.bits import bitset, lowest, members
from jobs.schedules.dates import EVERY_DAY_WORDS, HORIZON_YEARS, Dates
from jobs.schedules.day_words import say_days, say_months, say_weekdays
from jobs.schedules.words import MONTHS, listed

ALL_MONTHS = bitset(range(1, 13))
ALL_DAYS = bitset(range(1, 32))
ALL_WEEKDAYS = bitset(range(7))

SHORTEST_MONTH = 28

_MONTH_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# [weekday of the 1st][weekday], both with Sunday = 0: the days of a 31-day month on that weekday.
_DAYS_ON_WEEKDAY = [
    [bitset(range((weekday - first) % 7 + 1, 32, 7)) for weekday in range(7)] for first in range(7)
]


def month_length(year: int, month: int) -> int:
    """How many days a month has."""
    leap_day = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _MONTH_LENGTHS[month] + leap_day


@dataclass(frozen=True, slots=True)
class DayPattern:
    """Days of the month and days of the week, within some months.

    ``months`` has bits 1-12, ``days`` 1-31, ``weekdays`` 0-6 with Sunday = 0. A date must be in
    both ``days`` and ``weekdays``, or in just one of them when ``either`` is set. What becomes of
    a day that a month does not have, ``short_month`` says: nothing, or the month's last day.
    """

    months: int = ALL_MONTHS
    days: int = ALL_DAYS
    weekdays: int = ALL_WEEKDAYS
    either: bool = False
    short_month: Literal["skip", "clamp"] = "skip"
    # Matching days by weekday of the 1st (Sunday = 0) and month length - 28.
    _table: list[list[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = []
        for days_on_weekday in _DAYS_ON_WEEKDAY:
            weekly = 0
            for weekday in members(self.weekdays):
                weekly |= days_on_weekday[weekday]
            table.append([self._named(weekly, length) for length in range(SHORTEST_MONTH, 32)])
        object.__setattr__(self, "_table", table)

    def _named(self, weekly: int, length: int) -> int:
        """The matching days of a month so long whose weekdays are ``weekly``."""
        days = self.days
        if self.short_month == "clamp" and days >> length + 1:
            days |= 1 << length
        named = days | weekly if self.either else days & weekly
        return named & bitset(range(1, length + 1))

    def in_month(self, year: int, month: int) -> int:
        """The matching days of one month as a bitset."""
        if not self.months >> month & 1:
            return 0
        length = month_length(year, month)
        return self._table[date(year, month, 1).isoweekday() % 7][length - SHORTEST_MONTH]

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first matching (year, month, day); ``day`` may be one past the month's end.

        None when no date matches within ``HORIZON_YEARS``.
        """
        if days := self.in_month(year, month) >> day:
            return year, month, day + lowest(days)
        last_year = year + HORIZON_YEARS
        while year <= last_year:
            if later := self.months >> month + 1:
                month += 1 + lowest(later)
            else:
                year, month = year + 1, lowest(self.months)
            if days := self.in_month(year, month):
                return year, month, lowest(days)
        return None

    def describe(self) -> str:
        """The dates in words, such as "on day 13 of the month OR on Friday, in May only"."""
        in_months = "" if self.months == ALL_MONTHS else f", in {say_months(self.months)} only"
        return self._say_days() + in_months

    def _say_days(self) -> str:
        days = EVERY_DAY_WORDS if self.days == ALL_DAYS else self._say_days_of_month()
        weekdays = f"on {listed(say_weekdays(self.weekdays))}"
        if self.either:
            return f"{days} OR {weekdays}"
        return days if self.weekdays == ALL_WEEKDAYS else weekdays

    def _say_days_of_month(self) -> str:
        is_clamped = self.short_month == "clamp" and self.days >> SHORTEST_MONTH + 1
        stand_in = " (the last day of shorter months)" if is_clamped else ""
        return f"on {say_days(self.days)}{stand_in}"


EVERY_DAY = DayPattern()


def shortened(dates: Dates, day: date) -> str | None:
    """A remark on a date that stands in for one its month does not have; else None."""
    if not isinstance(dates, DayPattern) or dates.short_month != "clamp":
        return None
    length = month_length(day.year, day.month)
    beyond = members(dates.days >> length + 1)
    if day.day != length or not beyond:
        return None
    missing = length + 1 + beyond[-1]
    return f"{MONTHS[day.month - 1]} {day.year} has no day {missing}; its last day counts"
