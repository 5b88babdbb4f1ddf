"""Where a day that is no business day moves to."""

from collections.abc import Iterator
from datetime import date, timedelta

from jobs.schedules.business import FURTHEST_DAYS, BusinessCalendar, business_day_beyond

ROLLS = (
    "following",
    "preceding",
    "modified_following",
    "modified_preceding",
    "nearest",
    "skip",
)

ROLL_WORDS = {
    "following": " or the next business day",
    "preceding": " or the business day before",
    "modified_following": " or the next business day of the same month",
    "modified_preceding": " or the business day before in the same month",
    "nearest": " or the nearest business day",
    "skip": " if that is a business day",
}

_DAY = timedelta(days=1)


def roll(day: date, how: str, calendar: BusinessCalendar) -> date | None:
    """The day itself if it is worked, or the one that ``how``, one of ``ROLLS``, moves it to.

    None when that is nowhere. Of two days, a later one never rolls to an earlier one. Raises
    ``CalendarOutOfDate`` when a year that the calendar does not know would have a say.
    """
    if calendar.is_business_day(day):
        return day
    match how:
        case "following":
            return business_day_beyond(calendar, day, 1)
        case "preceding":
            return business_day_beyond(calendar, day, -1)
        case "modified_following":
            return _within_month(day, 1, calendar) or business_day_beyond(calendar, day, -1)
        case "modified_preceding":
            return _within_month(day, -1, calendar) or business_day_beyond(calendar, day, 1)
        case "nearest":
            return next(filter(calendar.is_business_day, _by_distance(day)), None)
    return None


def shift(day: date, count: int, calendar: BusinessCalendar) -> date | None:
    """The business day so many business days later, or earlier; errors as in ``roll``."""
    found: date | None = day
    for _ in range(abs(count)):
        if found is not None:
            found = business_day_beyond(calendar, found, 1 if count > 0 else -1)
    return found


def _within_month(day: date, step: int, calendar: BusinessCalendar) -> date | None:
    candidate = day + step * _DAY
    while candidate.month == day.month:
        if calendar.is_business_day(candidate):
            return candidate
        candidate += step * _DAY
    return None


def _by_distance(day: date) -> Iterator[date]:
    """The days around a day; of two that are as far, the earlier first."""
    for distance in range(1, FURTHEST_DAYS + 1):
        yield day - distance * _DAY
        yield day + distance * _DAY
