"""Monthly: one wall-clock time on a day of the month, or on its n-th weekday."""

from jobs.schedules.dates import Dates
from jobs.schedules.errors import InvalidRule
from jobs.schedules.month_days import day_of_month, nth_weekday
from jobs.schedules.rolling import rolled_timing
from jobs.schedules.spec import RuleSpec
from jobs.schedules.timing import WallTiming


def monthly_timing(spec: RuleSpec) -> WallTiming:
    """The timing of a monthly rule; raise ``InvalidRule`` naming each field that is wrong."""
    return rolled_timing(spec, kind="monthly", nominal=lambda: _dates(spec))


def _dates(spec: RuleSpec) -> Dates:
    day, nth = spec.day_of_month, spec.nth_weekday
    if day is not None and nth is not None:
        detail = "nth_weekday and day_of_month name different days; leave one of them out"
        raise InvalidRule.single("nth_weekday", "conflict", detail)
    if day is not None:
        return day_of_month(spec, day)
    if nth is not None:
        return nth_weekday(spec, nth)
    detail = "a monthly rule needs a day of the month, 1 to 31 or -1 (the last) to -31"
    detail += ", or nth_weekday with days_of_week"
    raise InvalidRule.single("day_of_month", "required", detail)
