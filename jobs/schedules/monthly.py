"""Monthly: one wall-clock time on one day of the month, or on the last of a shorter month."""

from datetime import time

from jobs.schedules.days import DayPattern
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.time_of_day import times_at
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern


def monthly_timing(time_of_day: time | None, day_of_month: int | None) -> WallTiming:
    """The timing of a monthly rule; raise ``InvalidRule`` naming each field that is wrong.

    The day is looked for anew in each month, so a short month moves no later one: day 31 is
    31 January, 28 February, 31 March.
    """
    errors: list[FieldError] = []
    times = collect(errors, lambda: times_at(time_of_day, kind="monthly"))
    dates = collect(errors, lambda: _dates(day_of_month))
    if times is None or dates is None:
        raise InvalidRule(errors)
    return WallTiming(WallPattern(dates, times), is_interval_like=False)


def _dates(day_of_month: int | None) -> DayPattern:
    if day_of_month is None:
        detail = "a monthly rule needs a day of the month from 1 to 31; 31 is always the last"
        raise InvalidRule.single("day_of_month", "required", detail)
    if type(day_of_month) is not int or not 1 <= day_of_month <= 31:
        detail = f"{day_of_month!r} is not a day from 1 to 31; 31 is always the last of its month"
        raise InvalidRule.single("day_of_month", "out_of_range", detail)
    return DayPattern(days=1 << day_of_month, short_month="clamp")
