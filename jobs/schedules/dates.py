"""What every set of calendar dates can answer, whatever it is made of."""

from typing import Protocol

HORIZON_YEARS = 45
"""How far ahead a date is looked for; 29 February on one weekday comes at most 40 years apart."""

EVERY_DAY_WORDS = "every day"
"""How dates without any restriction describe themselves."""


class Dates(Protocol):
    """Calendar dates, a month at a time. Immutable, and equal when they name the same dates alike.

    ``WallPattern.days`` may be any of these; ``DayPattern`` is the one of cron.
    """

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset of days 1-31."""

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first date from (year, month, day) on; ``day`` may be one past the month's end.

        None when there is none within ``HORIZON_YEARS``.
        """

    def describe(self) -> str:
        """The dates in words that follow a time of day: "every day", "on Monday, in May only"."""
