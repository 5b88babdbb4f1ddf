"""The business days before and after the day a fire is for."""

from dataclasses import dataclass
from datetime import date, timedelta

from jobs.schedules.business import BusinessCalendar, CalendarOutOfDate

_FURTHEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class BusinessDates:
    """The day a fire is for, and the business days before and after it.

    Those are None without a calendar, and beyond the years that it knows.
    """

    business_date: date
    previous: date | None = None
    next: date | None = None


def business_dates_around(day: date, calendar: BusinessCalendar | None) -> BusinessDates:
    """The day and its neighbours by a calendar."""
    if calendar is None:
        return BusinessDates(day)
    return BusinessDates(day, _nearest(day, calendar, -1), _nearest(day, calendar, 1))


def _nearest(day: date, calendar: BusinessCalendar, step: int) -> date | None:
    """The first business day that lies in one direction, counted in days."""
    try:
        for distance in range(1, _FURTHEST_DAYS + 1):
            candidate = day + timedelta(days=step * distance)
            if calendar.is_business_day(candidate):
                return candidate
    except (CalendarOutOfDate, OverflowError):
        pass
    return None
