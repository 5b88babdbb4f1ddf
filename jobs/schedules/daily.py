"""Daily: one wall-clock time, every day."""

from datetime import time

from jobs.schedules.days import EVERY_DAY
from jobs.schedules.errors import InvalidRule
from jobs.schedules.times import TimePattern
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern


def daily_timing(time_of_day: time | None) -> WallTiming:
    """The timing of a daily rule; raise ``InvalidRule`` unless the time is naive, in seconds."""
    if time_of_day is None:
        detail = "a daily rule needs a time of day, for example 06:00:00"
        raise InvalidRule.single("time_of_day", "required", detail)
    if time_of_day.tzinfo is not None:
        detail = f"{time_of_day} must not carry an offset; the schedule's timezone applies to it"
        raise InvalidRule.single("time_of_day", "invalid_time", detail)
    if time_of_day.microsecond:
        detail = f"{time_of_day} has a fraction of a second; use whole seconds"
        raise InvalidRule.single("time_of_day", "invalid_time", detail)
    times = TimePattern(1 << time_of_day.hour, 1 << time_of_day.minute, 1 << time_of_day.second)
    return WallTiming(WallPattern(EVERY_DAY, times), is_interval_like=False)
