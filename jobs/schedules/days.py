"""Which calendar dates a rule names, answered a month at a time as a bitset of days."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from jobs.schedules.bits import bitset, lowest, members
from jobs.schedules.dates import EVERY_DAY_WORDS, HORIZON_YEARS, Origin
from jobs.schedules.day_words import say_days, say_period, say_weekdays
from jobs.schedules.marks import Mark
from jobs.schedules.words import MONTHS

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


def _shape(year: int, month: int) -> int:
    """The weekday of a month's 1st (Sunday = 0) and its length, as an index into a table."""
    first = date(year, month, 1).isoweekday() % 7
    return first * 4 + month_length(year, month) - SHORTEST_MONTH


# The calendar repeats itself after 400 years. By year % 400 and month, counted from 1.
_SHAPES = [[0, *(_shape(2000 + year, month) for month in range(1, 13))] for year in range(400)]


@dataclass(frozen=True, slots=True)
class DayPattern:
    """Days of the month and days of the week, within some months and years.

    ``months`` has bits 1-12, ``days`` 1-31, ``weekdays`` 0-6 with Sunday = 0, ``years`` one for
    each year (None: all). ``day_marks`` and ``weekday_marks`` are further days of the two sorts.
    A date must be of both sorts, or of just one when ``either`` is set. What becomes of a day
    that a month does not have, ``short_month`` says: nothing, or the month's last day.
    """

    months: int = ALL_MONTHS
    days: int = ALL_DAYS
    weekdays: int = ALL_WEEKDAYS
    either: bool = False
    short_month: Literal["skip", "clamp"] = "skip"
    day_marks: tuple[Mark, ...] = ()
    weekday_marks: tuple[Mark, ...] = ()
    years: int | None = None
    # Matching days by shape of the month, see ``_shape``.
    _table: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        shapes = [(first, length) for first in range(7) for length in range(SHORTEST_MONTH, 32)]
        object.__setattr__(self, "_table", [self._named(*shape) for shape in shapes])

    def _named(self, first: int, length: int) -> int:
        """The matching days of a month of this shape."""
        days = self.days
        if self.short_month == "clamp" and days >> length + 1:
            days |= 1 << length
        for mark in self.day_marks:
            days |= mark.in_month(first, length)
        weekly = 0
        for weekday in members(self.weekdays):
            weekly |= _DAYS_ON_WEEKDAY[first][weekday]
        for mark in self.weekday_marks:
            weekly |= mark.in_month(first, length)
        named = days | weekly if self.either else days & weekly
        return named & bitset(range(1, length + 1))

    def in_month(self, year: int, month: int) -> int:
        """The matching days of one month as a bitset."""
        if not self.months >> month & 1:
            return 0
        if self.years is not None and not self.years >> year & 1:
            return 0
        return self._table[_SHAPES[year % 400][month]]

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first matching (year, month, day); ``day`` may be one past the month's end.

        None when no date matches within ``HORIZON_YEARS``, or in any of ``years`` still to come.
        """
        if days := self.in_month(year, month) >> day:
            return year, month, day + lowest(days)
        for later in self._years_from(year):
            shapes = _SHAPES[later % 400]
            left = self.months >> month + 1 << month + 1 if later == year else self.months
            while left:
                number = lowest(left)
                if days := self._table[shapes[number]]:
                    return later, number, lowest(days)
                left &= left - 1
        return None

    def _years_from(self, year: int) -> Iterator[int]:
        if self.years is None:
            yield from range(year, year + HORIZON_YEARS + 1)
            return
        left = self.years >> year << year
        while left:
            yield lowest(left)
            left &= left - 1

    def origin_of(self, day: date) -> Origin:
        """The date itself, with a remark where it stands in for one its month does not have."""
        length = month_length(day.year, day.month)
        beyond = self.days >> length + 1 if self.short_month == "clamp" else 0
        if day.day != length or not beyond:
            return Origin(day)
        missing = length + 1 + members(beyond)[-1]
        note = f"{MONTHS[day.month - 1]} {day.year} has no day {missing}; its last day counts"
        return Origin(day, (note,))

    def describe(self) -> str:
        """The dates in words, such as "on day 13 of the month OR on Friday, in May only"."""
        days = EVERY_DAY_WORDS
        if self.days != ALL_DAYS:
            clamps = self.short_month == "clamp" and self.days >> SHORTEST_MONTH + 1 > 0
            days = say_days(self.days, self.day_marks, clamps=clamps)
        weekdays = say_weekdays(self.weekdays, self.weekday_marks)
        months = None if self.months == ALL_MONTHS else self.months
        period = say_period(months, self.years)
        if self.either:
            return f"{days} OR {weekdays}{period}"
        if self.weekdays == ALL_WEEKDAYS:
            return days + period
        if self.days == ALL_DAYS:
            return weekdays + period
        return f"{days} AND {weekdays} (both must match){period}"


EVERY_DAY = DayPattern()
