"""Weekly: one wall-clock time on some days of the week, of every week or every n-th."""

from zoneinfo import ZoneInfo

from jobs.schedules.counting import MOST_WEEKS, count_of, counted_from
from jobs.schedules.cycle import every_nth_week
from jobs.schedules.dates import Dates
from jobs.schedules.days import DayPattern
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.rolling import rolled_timing
from jobs.schedules.spec import RuleSpec
from jobs.schedules.timing import WallTiming
from jobs.schedules.weekdays import weekdays_of


def weekly_timing(spec: RuleSpec, zone: ZoneInfo) -> WallTiming:
    """The timing of a weekly rule; raise ``InvalidRule`` naming each field that is wrong.

    Weeks begin on Monday. Every n-th is counted from the week of the start, or of the anchor
    without one.
    """
    return rolled_timing(spec, kind="weekly", nominal=lambda: _dates(spec, zone))


def _dates(spec: RuleSpec, zone: ZoneInfo) -> Dates:
    errors: list[FieldError] = []
    needing = "a weekly rule"
    weekdays = collect(errors, lambda: weekdays_of(spec.days_of_week, needing=needing))
    count = collect(errors, lambda: count_of(spec, highest=MOST_WEEKS))
    if weekdays is None or count is None:
        raise InvalidRule(errors)
    every_week = DayPattern(weekdays=weekdays)
    if count == 1:
        return every_week
    return every_nth_week(counted_from(spec, zone), count, weekdays, every_week.describe())
