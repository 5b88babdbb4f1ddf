"""Monthly: one wall-clock time on a day of every month or every n-th, or on an n-th weekday."""

from zoneinfo import ZoneInfo

from jobs.schedules.dates import Dates
from jobs.schedules.errors import InvalidRule
from jobs.schedules.month_days import dates_of_months
from jobs.schedules.rolling import rolled_timing
from jobs.schedules.spec import RuleSpec
from jobs.schedules.timing import WallTiming


def monthly_timing(spec: RuleSpec, zone: ZoneInfo) -> WallTiming:
    """The timing of a monthly rule; raise ``InvalidRule`` naming each field that is wrong.

    Every n-th month is counted from that of the start, or of the anchor without one. It is the
    named day that is in such a month; a roll may take it out of it.
    """
    return rolled_timing(spec, kind="monthly", nominal=lambda: _dates(spec, zone))


def _dates(spec: RuleSpec, zone: ZoneInfo) -> Dates:
    if spec.day_of_month is not None and spec.nth_weekday is not None:
        detail = "nth_weekday and day_of_month name different days; leave one of them out"
        raise InvalidRule.single("nth_weekday", "conflict", detail)
    return dates_of_months(spec, zone)
