"""Times at which nothing may run: blackouts, maintenance, holidays."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.business import BusinessCalendar
from jobs.schedules.clock_changes import stretch_around, without_zone
from jobs.schedules.zone import load_zone

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One named set of excluded time; exactly one of its four forms is given.

    * ``starts_at`` to ``ends_at`` (exclusive): one stretch between two instants
    * ``first_date`` to ``last_date`` (inclusive): whole local days
    * ``from_time`` to ``until_time`` (exclusive, may wrap midnight) on ``days_of_week`` (bits of
      ``Weekday``; of a wrapping window the day it begins): each week again; equal times are a day
    * ``calendar``: all days that are no business days

    Local means ``timezone``, or the schedule's own zone when it is None: excluded is when the clock
    there shows such a time. What falls into it is skipped, or with ``defer`` runs once at its end.
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

    def window_around(self, instant: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Start and end (exclusive) of the excluded time that an instant is in; None if in none.

        All in UTC. ``zone`` is the schedule's. Raises ``CalendarOutOfDate`` in a year that the
        calendar does not know.
        """
        if self.starts_at and self.ends_at:
            is_inside = self.starts_at <= instant < self.ends_at
            window = self.starts_at.astimezone(UTC), self.ends_at.astimezone(UTC)
            return window if is_inside else None
        if self.timezone:
            zone = load_zone(self.timezone)
        span = self.span_around(without_zone(instant.astimezone(zone)))
        return span and stretch_around(instant, zone, start=span[0], end=span[1])

    def span_around(self, wall: datetime) -> tuple[datetime, datetime] | None:
        """The excluded wall-clock times around one of them; None also between two instants.

        Start and end (exclusive) as the form of the exclusion says, whatever the clock does.
        """
        day = wall.date()
        if self.calendar is not None:
            is_open = self.calendar.is_business_day(day)
            return None if is_open else (_midnight(day), _midnight(day + _DAY))
        if self.first_date and self.last_date:
            is_inside = self.first_date <= day <= self.last_date
            span = _midnight(self.first_date), _midnight(self.last_date + _DAY)
            return span if is_inside else None
        if self.from_time is None or self.until_time is None:
            return None
        return self._recurring(wall.time(), day, first=self.from_time, until=self.until_time)

    def _recurring(
        self, clock: time, day: date, *, first: time, until: time
    ) -> tuple[datetime, datetime] | None:
        """The window of each week that a time of a day is in."""
        last_day = day
        if first < until:
            if not first <= clock < until:
                return None
        elif clock >= first:
            last_day = day + _DAY
        elif clock < until:
            day -= _DAY
        else:
            return None
        if self.days_of_week is not None and not self.days_of_week >> day.isoweekday() % 7 & 1:
            return None
        return datetime.combine(day, first), datetime.combine(last_day, until)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
