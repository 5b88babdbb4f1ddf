"""The one time of day of the calendar kinds."""

from datetime import time

from jobs.schedules.errors import InvalidRule
from jobs.schedules.times import TimePattern


def times_at(time_of_day: time | None, *, kind: str) -> TimePattern:
    """Just this time; raise ``InvalidRule`` unless it is there, naive and in whole seconds."""
    if time_of_day is None:
        detail = f"a {kind} rule needs a time of day, for example 06:00:00"
        raise InvalidRule.single("time_of_day", "required", detail)
    if time_of_day.tzinfo is not None:
        detail = f"{time_of_day} must not carry an offset; the schedule's timezone applies to it"
        raise InvalidRule.single("time_of_day", "invalid_time", detail)
    if time_of_day.microsecond:
        detail = f"{time_of_day} has a fraction of a second; use whole seconds"
        raise InvalidRule.single("time_of_day", "invalid_time", detail)
    return TimePattern(1 << time_of_day.hour, 1 << time_of_day.minute, 1 << time_of_day.second)
