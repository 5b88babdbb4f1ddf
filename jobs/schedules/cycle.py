"""Dates that come again after a fixed number of days: every 3rd day, Monday of every 2nd week."""

from dataclasses import dataclass, field
from datetime import date

from jobs.schedules.bits import lowest
from jobs.schedules.date_words import date_words
from jobs.schedules.dates import Origin
from jobs.schedules.days import month_length
from jobs.schedules.words import ordinal

_LONGEST_MONTH = 31


@dataclass(frozen=True, slots=True)
class Cycle:
    """Some days of a cycle of ``length`` days that goes on for ever, before its start too.

    Bit 0 of ``days`` is ``start`` itself; ``words`` is how the dates describe themselves.
    """

    start: date
    length: int
    days: int
    words: str
    # Enough of the cycle, day after day, to cut any month out of it.
    _unrolled: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rounds = 2 + _LONGEST_MONTH // self.length
        unrolled = sum(self.days << self.length * number for number in range(rounds))
        object.__setattr__(self, "_unrolled", unrolled)

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset."""
        position = (date(year, month, 1).toordinal() - self.start.toordinal()) % self.length
        days = self._unrolled >> position & (1 << month_length(year, month)) - 1
        return days << 1

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int]:
        """The first date from (year, month, day) on; ``day`` may be one past the month's end."""
        first = date(year, month, 1).toordinal() + day - 1
        position = (first - self.start.toordinal()) % self.length
        found = date.fromordinal(first + lowest(self._unrolled >> position))
        return found.year, found.month, found.day

    def origin_of(self, day: date) -> Origin:
        """The date itself."""
        return Origin(day)

    def describe(self) -> str:
        """The dates in words: "every 3 days (counted from 5 January 2026)"."""
        return self.words


def every_nth_day(start: date, count: int) -> Cycle:
    """A date, and every ``count``-th day from it."""
    return Cycle(start, count, 1, f"every {count} days (counted from {date_words(start)})")


def every_nth_week(start: date, count: int, weekdays: int, words: str) -> Cycle:
    """Days of a week (bits, Sunday first) of every ``count``-th week, from that of ``start`` on.

    Weeks begin on Monday. ``words`` name the days: "on Monday and Friday".
    """
    monday = date.fromordinal(start.toordinal() - start.weekday())
    monday_first = weekdays >> 1 | (weekdays & 1) << 6
    week = f"every {ordinal(count)} week (counted from that of {date_words(monday)})"
    return Cycle(monday, 7 * count, monday_first, f"{words} of {week}")
