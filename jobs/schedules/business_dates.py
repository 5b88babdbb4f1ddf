"""The business days before and after the day a fire is for."""

from dataclasses import dataclass
from datetime import date

from jobs.schedules.business import BusinessCalendar, next_business_day, previous_business_day


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
    previous, following = previous_business_day(calendar, day), next_business_day(calendar, day)
    return BusinessDates(day, previous, following)
