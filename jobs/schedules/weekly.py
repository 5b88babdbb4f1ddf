"""Weekly: one wall-clock time on some days of the week."""

from datetime import time

from jobs.schedules.days import ALL_WEEKDAYS, DayPattern
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.time_of_day import times_at
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern

_BITS = "1 Sunday, 2 Monday, 4 Tuesday, 8 Wednesday, 16 Thursday, 32 Friday, 64 Saturday"


def weekly_timing(time_of_day: time | None, days_of_week: int | None) -> WallTiming:
    """The timing of a weekly rule; raise ``InvalidRule`` naming each field that is wrong.

    ``days_of_week`` is the sum of the bits of the days; 1 is Sunday, 64 Saturday.
    """
    errors: list[FieldError] = []
    times = collect(errors, lambda: times_at(time_of_day, kind="weekly"))
    dates = collect(errors, lambda: _dates(days_of_week))
    if times is None or dates is None:
        raise InvalidRule(errors)
    return WallTiming(WallPattern(dates, times), is_interval_like=False)


def _dates(days_of_week: int | None) -> DayPattern:
    if days_of_week is None:
        detail = f"a weekly rule needs at least one day of the week: the sum of {_BITS}"
        raise InvalidRule.single("days_of_week", "required", detail)
    if type(days_of_week) is not int or not 1 <= days_of_week <= ALL_WEEKDAYS:
        detail = f"{days_of_week!r} is not a sum of {_BITS}"
        raise InvalidRule.single("days_of_week", "out_of_range", detail)
    # The bits are those of ``DayPattern``, Sunday first.
    return DayPattern(weekdays=days_of_week)
