"""Days that move with the shape of the month: the last day, the nearest weekday, the 3rd Friday.

A month's shape is the weekday of its 1st (Sunday = 0) and its length, nothing else. Each mark
gives the day it means in such a month as a bitset, empty where the month has no such day.
"""

from dataclasses import dataclass
from typing import Protocol

from jobs.schedules.words import WEEKDAYS, ordinal

_SUNDAY, _SATURDAY = 0, 6


class Mark(Protocol):
    """One such day."""

    def in_month(self, first: int, length: int) -> int:
        """The day in a month of this shape, as a bitset of none or one."""

    def describe(self) -> str:
        """The day as it stands before "of the month": "the last day", "the 3rd Friday"."""


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last day of the month, or so many days before it."""

    days_before: int = 0

    def in_month(self, first: int, length: int) -> int:
        day = length - self.days_before
        return 1 << day if day >= 1 else 0

    def describe(self) -> str:
        before = f"{ordinal(self.days_before)} day before the " if self.days_before else ""
        return f"the {before}last day"


@dataclass(frozen=True, slots=True)
class NearestWeekday:
    """The Monday to Friday nearest to a day, within the month; nothing where the day is missing."""

    day: int

    def in_month(self, first: int, length: int) -> int:
        return _nearest_weekday(self.day, first, length) if self.day <= length else 0

    def describe(self) -> str:
        return f"the weekday nearest to day {self.day}"


@dataclass(frozen=True, slots=True)
class NearestWeekdayToLast:
    """The Monday to Friday nearest to the last day, or to so many days before it."""

    days_before: int = 0

    def in_month(self, first: int, length: int) -> int:
        day = length - self.days_before
        return _nearest_weekday(day, first, length) if day >= 1 else 0

    def describe(self) -> str:
        if not self.days_before:
            return "the last weekday"
        return f"the weekday nearest to {LastDay(self.days_before).describe()}"


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The n-th of one weekday (Sunday = 0) in the month, or with -1 the last, -2 the one before."""

    weekday: int
    nth: int

    def in_month(self, first: int, length: int) -> int:
        days = range((self.weekday - first) % 7 + 1, length + 1, 7)
        if self.nth > 0:
            return 1 << days[self.nth - 1] if self.nth <= len(days) else 0
        return 1 << days[self.nth] if -self.nth <= len(days) else 0

    def describe(self) -> str:
        which = {-1: "last"}.get(self.nth) or (
            ordinal(self.nth) if self.nth > 0 else f"{ordinal(-self.nth)} last"
        )
        return f"the {which} {WEEKDAYS[self.weekday]}"


def _nearest_weekday(day: int, first: int, length: int) -> int:
    """Saturdays go back a day and Sundays on a day, or the other way where the month ends."""
    weekday = (first + day - 1) % 7
    if weekday == _SATURDAY:
        day += -1 if day > 1 else 2
    elif weekday == _SUNDAY:
        day += 1 if day < length else -2
    return 1 << day
