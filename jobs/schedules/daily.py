"""Daily: one wall-clock time, every day."""

from datetime import time

from jobs.schedules.days import EVERY_DAY
from jobs.schedules.time_of_day import times_at
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern


def daily_timing(time_of_day: time | None) -> WallTiming:
    """The timing of a daily rule; raise ``InvalidRule`` when its time is missing or wrong."""
    times = times_at(time_of_day, kind="daily")
    return WallTiming(WallPattern(EVERY_DAY, times), is_interval_like=False)
