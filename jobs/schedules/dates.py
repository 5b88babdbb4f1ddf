"""What every set of calendar dates can answer, whatever it is made of."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from jobs.schedules.bits import lowest

HORIZON_YEARS = 45
"""How far ahead a date is looked for; 29 February on one weekday comes at most 40 years apart."""

EVERY_DAY_WORDS = "every day"
"""How dates without any restriction describe themselves."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The date that a named date stands for, and remarks where that is not plain."""

    business_date: date
    notes: tuple[str, ...] = ()


class Dates(Protocol):
    """Calendar dates, a month at a time. Immutable, and equal when they name the same dates alike.

    ``WallPattern.days`` may be any of these; ``DayPattern`` is the one of cron. Those that ask a
    ``BusinessCalendar`` raise ``CalendarOutOfDate`` for dates after the years that it knows.
    """

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset of days 1-31."""

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first date from (year, month, day) on; ``day`` may be one past the month's end.

        None when there is none within ``HORIZON_YEARS``.
        """

    def origin_of(self, day: date) -> Origin:
        """What one of its dates stands for."""

    def describe(self) -> str:
        """The dates in words that follow a time of day: "every day", "on Monday, in May only"."""


def walk_months(dates: Dates, year: int, month: int, day: int) -> tuple[int, int, int] | None:
    """``Dates.on_or_after`` by asking one month after the other."""
    if days := dates.in_month(year, month) >> day:
        return year, month, day + lowest(days)
    for _ in range((HORIZON_YEARS + 1) * 12):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        if days := dates.in_month(year, month):
            return year, month, lowest(days)
    return None
