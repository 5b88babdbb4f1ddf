"""The business days of a month: the n-th of them, every one, or all the other days."""

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from jobs.schedules.bits import bitset
from jobs.schedules.business import BusinessCalendar
from jobs.schedules.dates import Origin, walk_months
from jobs.schedules.days import month_length
from jobs.schedules.month_cycle import EVERY_MONTH, MonthCycle
from jobs.schedules.words import MONTHS, ordinal

_MOST_MONTHS_KEPT = 60
# Nearly all months have as many business days.
_IN_EVERY_MONTH = 19


class Choice(Protocol):
    """Which days a rule takes of a month, whose business days and length are known."""

    def of(self, business_days: list[int], length: int) -> int:
        """The days as a bitset."""

    def note(self, business_days: list[int]) -> str | None:
        """What is not plain about them, where it is not; begins after the month's name."""

    def describe(self) -> str:
        """The days in words."""


@dataclass(frozen=True, slots=True)
class NthBusinessDay:
    """The n-th from the start (1 is the first) or from the end (-1 is the last).

    A month with fewer has none, or with ``takes_nearest`` the last (or, from the end, the first).
    """

    nth: int
    takes_nearest: bool = False
    months: MonthCycle = EVERY_MONTH  # those that it is said of

    def of(self, business_days: list[int], length: int) -> int:
        if abs(self.nth) <= len(business_days):
            return 1 << business_days[self.nth - 1 if self.nth > 0 else self.nth]
        if self.takes_nearest and business_days:
            return 1 << business_days[-1 if self.nth > 0 else 0]
        return 0

    def note(self, business_days: list[int]) -> str | None:
        if abs(self.nth) <= len(business_days):
            return None
        return f"has only {len(business_days)} business days; the {self._nearest()} counts"

    def describe(self) -> str:
        if self.nth > 0:
            which = ordinal(self.nth)
        else:
            which = "last" if self.nth == -1 else f"{ordinal(-self.nth)} last"
        remark = ""
        if abs(self.nth) > _IN_EVERY_MONTH:
            which_counts = f"the {self._nearest()} of" if self.takes_nearest else "none in"
            remark = f"{which_counts} months with fewer"
        days = f"on the {which} business day"
        return self.months.say(days, remark=remark, every_month="every month")

    def _nearest(self) -> str:
        return "last" if self.nth > 0 else "first"


@dataclass(frozen=True, slots=True)
class EveryBusinessDay:
    """All business days."""

    def of(self, business_days: list[int], length: int) -> int:
        return bitset(business_days)

    def note(self, business_days: list[int]) -> str | None:
        return None

    def describe(self) -> str:
        return "on every business day"


@dataclass(frozen=True, slots=True)
class EveryOtherDay:
    """All days that are no business days."""

    def of(self, business_days: list[int], length: int) -> int:
        return bitset(range(1, length + 1)) & ~bitset(business_days)

    def note(self, business_days: list[int]) -> str | None:
        return None

    def describe(self) -> str:
        return "on every day that is no business day"


@dataclass(frozen=True, slots=True)
class OpenDays:
    """The days of ``choice`` by a calendar.

    It raises ``CalendarOutOfDate`` for years after the calendar's last; those before its first
    have no dates.
    """

    choice: Choice
    calendar: BusinessCalendar
    _months: dict[tuple[int, int], int] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def in_month(self, year: int, month: int) -> int:
        """The dates within one month as a bitset."""
        days = self._months.get((year, month))
        if days is None:
            if len(self._months) >= _MOST_MONTHS_KEPT:
                self._months.clear()
            days = self._months[year, month] = self._chosen(year, month)
        return days

    def on_or_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """The first date from (year, month, day) on; ``day`` may be one past the month's end."""
        if year < self.calendar.first_year:
            year, month, day = self.calendar.first_year, 1, 1
        return walk_months(self, year, month, day)

    def origin_of(self, day: date) -> Origin:
        """The date itself, with a remark where its month has too few business days."""
        note = self.choice.note(self._business_days(day.year, day.month))
        return Origin(day, (f"{MONTHS[day.month - 1]} {day.year} {note}",) if note else ())

    def describe(self) -> str:
        """The dates in words: "on the 3rd business day of every month"."""
        return self.choice.describe()

    def _chosen(self, year: int, month: int) -> int:
        if year < self.calendar.first_year:
            return 0
        return self.choice.of(self._business_days(year, month), month_length(year, month))

    def _business_days(self, year: int, month: int) -> list[int]:
        days = range(1, month_length(year, month) + 1)
        return [day for day in days if self.calendar.is_business_day(date(year, month, day))]
