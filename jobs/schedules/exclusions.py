"""Times at which nothing may run: blackouts, maintenance, holidays."""

from dataclasses import dataclass
from datetime import date, datetime, time

from jobs.schedules.business import BusinessCalendar


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One named set of excluded time; exactly one of its four forms is given.

    * ``starts_at`` to ``ends_at`` (exclusive): one stretch between two instants
    * ``first_date`` to ``last_date`` (inclusive): whole local days
    * ``from_time`` to ``until_time`` (exclusive, may wrap midnight) on ``days_of_week`` (bits of
      ``Weekday``; of a wrapping window the day it begins): each week again; equal times are a day
    * ``calendar``: all days that are no business days

    Local means ``timezone``, or the schedule's own zone when it is None. What falls into it is
    skipped, or with ``defer`` runs once at its end.
    """

    name: str
    on_excluded: str = "skip"  # or defer
    reason: str = "blackout"  # or holiday
    timezone: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    first_date: date | None = None
    last_date: date | None = None
    days_of_week: int | None = None
    from_time: time | None = None
    until_time: time | None = None
    calendar: BusinessCalendar | None = None
