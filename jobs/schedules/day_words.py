"""Days of the month, weekdays, months and years in plain words."""

from collections.abc import Sequence

from jobs.schedules.bits import members
from jobs.schedules.marks import Mark
from jobs.schedules.words import MONTHS, WEEKDAYS, counted, listed, ordinal, runs

_MOST_YEARS_LISTED = 6


def say_days(days: int, marks: Sequence[Mark] = (), *, clamps: bool = False) -> str:
    """Days of the month: "on days 1 and 15 of the month", "on day 1 and the last day of ..."."""
    numbers = members(days)
    if not marks:
        words = counted("day", numbers)
    else:
        # Each run with its own "day", or "1, 15 and the last day" would be hard to read.
        parts = runs([str(number) for number in numbers], numbers)
        plain = [f"day{'s' * ('-' in part)} {part}" for part in parts]
        words = listed([*plain, *(mark.describe() for mark in marks)])
    return f"on {words} of the month" + " (the last day of shorter months)" * clamps


def say_weekdays(weekdays: int, marks: Sequence[Mark] = ()) -> str:
    """Days of the week: "on Monday-Friday", "on Monday and the 3rd Friday of the month"."""
    # Sunday, bit 0, is spoken of last.
    order = members(weekdays >> 1 | (weekdays & 1) << 6)
    plain = runs([WEEKDAYS[(number + 1) % 7] for number in order], order)
    words = listed([*plain, *(mark.describe() for mark in marks)])
    return f"on {words}" + " of the month" * bool(marks)


def say_period(months: int | None, years: int | None) -> str:
    """The months and years that bind all dates, as the end of a sentence; None stands for all."""
    if months is None and years is None:
        return ""
    parts = []
    if months is not None:
        numbers = members(months)
        parts.append(listed(runs([MONTHS[number - 1] for number in numbers], numbers)))
    if years is not None:
        parts.append(_say_years(members(years)))
    return f", in {' of '.join(parts)} only"


def _say_years(years: list[int]) -> str:
    parts = runs([str(year) for year in years], years)
    step = years[-1] - years[-2] if len(years) > 1 else 1
    if len(parts) <= _MOST_YEARS_LISTED or years != list(range(years[0], years[-1] + 1, step)):
        return listed(parts)
    return f"every {ordinal(step)} year from {years[0]} to {years[-1]}"
