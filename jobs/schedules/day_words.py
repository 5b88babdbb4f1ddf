"""Days of the month, weekdays and months in plain words."""

from jobs.schedules.bits import members
from jobs.schedules.words import MONTHS, WEEKDAYS, counted, listed, runs


def say_weekdays(weekdays: int) -> list[str]:
    """The weekdays of a bitset (Sunday = 0), which is spoken of last: "Monday-Friday"."""
    order = members(weekdays >> 1 | (weekdays & 1) << 6)
    return runs([WEEKDAYS[(number + 1) % 7] for number in order], order)


def say_days(days: int) -> str:
    """The days of a bitset: "days 1 and 15 of the month"."""
    return f"{counted('day', members(days))} of the month"


def say_months(months: int) -> str:
    """The months of a bitset: "January and March"."""
    numbers = members(months)
    return listed(runs([MONTHS[number - 1] for number in numbers], numbers))
