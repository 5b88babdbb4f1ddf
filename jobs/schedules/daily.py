"""Daily: one wall-clock time, every day or every n-th."""

from zoneinfo import ZoneInfo

from jobs.schedules.counting import MOST_DAYS, count_of, counted_from
from jobs.schedules.cycle import every_nth_day
from jobs.schedules.dates import Dates
from jobs.schedules.days import EVERY_DAY
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.spec import RuleSpec
from jobs.schedules.time_of_day import times_at
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern


def daily_timing(spec: RuleSpec, zone: ZoneInfo) -> WallTiming:
    """The timing of a daily rule; raise ``InvalidRule`` naming each field that is wrong.

    Every n-th day is counted from the local date of the start, or of the anchor without one.
    """
    errors: list[FieldError] = []
    times = collect(errors, lambda: times_at(spec.time_of_day, kind="daily"))
    dates = collect(errors, lambda: _dates(spec, zone))
    if times is None or dates is None:
        raise InvalidRule(errors)
    return WallTiming(WallPattern(dates, times), is_interval_like=False)


def _dates(spec: RuleSpec, zone: ZoneInfo) -> Dates:
    count = count_of(spec, highest=MOST_DAYS)
    return EVERY_DAY if count == 1 else every_nth_day(counted_from(spec, zone), count)
