"""Times of day in plain words."""

from datetime import time

from jobs.schedules.words import clock, counted, listed

_MOST_TIMES_LISTED = 6


def say_times(hours: list[int], minutes: list[int], seconds: list[int]) -> str:
    """All combinations of them, such as "At 06:00" or "Every 5 minutes in hours 9-17"."""
    if len(hours) * len(minutes) * len(seconds) <= _MOST_TIMES_LISTED:
        shown = [time(h, m, s) for h in hours for m in minutes for s in seconds]
        with_seconds = seconds != [0]
        return f"At {listed([clock(moment, with_seconds=with_seconds) for moment in shown])}"
    in_hours = "" if len(hours) == 24 else f" in {counted('hour', hours)}"
    if seconds == [0]:
        start = _every_or_at("minute", minutes)
        return start + (in_hours or " of every hour" * start.startswith("At"))
    start = _every_or_at("second", seconds)
    if len(minutes) == 60:
        return start + " of every minute" * start.startswith("At") + in_hours
    return f"{start} of {counted('minute', minutes)}" + (in_hours or " of every hour")


def _every_or_at(unit: str, values: list[int]) -> str:
    """ "Every 5 minutes" only where that holds across the end of the hour too."""
    step = 60 // len(values)
    if values == list(range(0, 60, step)) and 60 % len(values) == 0 and len(values) > 1:
        return f"Every {unit}" if step == 1 else f"Every {step} {unit}s"
    return f"At {counted(unit, values)}"
