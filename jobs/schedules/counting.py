"""Where every n-th day, week or month is counted from."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from jobs.schedules.bounds import EARLIEST, LATEST
from jobs.schedules.errors import InvalidRule
from jobs.schedules.month_cycle import EVERY_MONTH, MonthCycle, every_nth_month
from jobs.schedules.ranges import positive
from jobs.schedules.spec import RuleSpec

MOST_DAYS = 3660
MOST_WEEKS = 520
MOST_MONTHS = 120
"""The longest time between two dates of one rule: ten years."""


def count_of(spec: RuleSpec, *, highest: int) -> int:
    """``repeat_every``, 1 when it is left out; raise ``InvalidRule``."""
    if spec.repeat_every is None:
        return 1
    return positive(spec.repeat_every, field="repeat_every", highest=highest)


def counted_from(spec: RuleSpec, zone: ZoneInfo) -> date:
    """The local date of the start, or without one of the anchor; raise ``InvalidRule``."""
    moment = spec.start_at or spec.anchor
    if moment is None:
        detail = "repeat_every counts from a date; give start_at, or the schedule's creation"
        raise InvalidRule.single("anchor", "required", detail)
    return local_date(moment, zone)


def months_of(spec: RuleSpec, zone: ZoneInfo) -> MonthCycle:
    """Every n-th month from that of the local date that is counted from; raise ``InvalidRule``."""
    count = count_of(spec, highest=MOST_MONTHS)
    return EVERY_MONTH if count == 1 else every_nth_month(counted_from(spec, zone), count)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The date that the clock of a zone shows; beyond all fires, that of the first or last.

    A naive moment, which is refused elsewhere, has its own.
    """
    if moment.utcoffset() is None:
        return moment.date()
    return min(max(moment, EARLIEST), LATEST).astimezone(zone).date()
