"""Business days: weekends, holidays and extra days of work, for the years that are known."""

from dataclasses import dataclass, field
from datetime import date

WESTERN_WEEKEND = 0b1000001
"""Sunday and Saturday, as bits of ``Weekday``."""

FURTHEST_DAYS = 366
"""How far from a day a business day is looked for."""

_LAST_ORDINAL = date.max.toordinal()


class CalendarOutOfDate(ValueError):
    """A calendar was asked about a year that it has no dates for.

    ``undecided_from`` is the first date on which whoever asked may have missed something.
    """

    def __init__(self, name: str, year: int, last_year: int) -> None:
        super().__init__(
            f"calendar {name!r} has dates up to {last_year}, not for {year}; extend its years"
        )
        self.name = name
        self.year = year
        self.undecided_from = date(year, 1, 1)


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Which days are worked. Equal when id, name and version are: a version never changes.

    ``holidays`` maps each closed date to its name; ``workdays`` are worked whatever else says.
    ``first_year`` to ``last_year`` are known. Without a name it is plain weekends, for all years.
    """

    name: str = ""
    version: int = 0
    id: str = ""  # of its ``CalendarVersion``
    weekend: int = field(default=WESTERN_WEEKEND, compare=False)
    holidays: dict[date, str] = field(default_factory=dict, compare=False)
    workdays: frozenset[date] = field(default=frozenset(), compare=False)
    first_year: int = field(default=1, compare=False)
    last_year: int = field(default=9999, compare=False)
    early_closes: dict[date, str] = field(default_factory=dict, compare=False)

    def is_business_day(self, day: date) -> bool:
        """Whether the day is worked; raise ``CalendarOutOfDate`` for a year without dates."""
        if not self.first_year <= day.year <= self.last_year:
            raise CalendarOutOfDate(self.name, day.year, self.last_year)
        if day in self.workdays:
            return True
        return day not in self.holidays and not self.weekend >> day.isoweekday() % 7 & 1


WEEKENDS_ONLY = BusinessCalendar()


def next_business_day(calendar: BusinessCalendar, day: date) -> date | None:
    """The first business day after a day; None when it is beyond the calendar's years."""
    try:
        return business_day_beyond(calendar, day, 1)
    except CalendarOutOfDate:
        return None


def previous_business_day(calendar: BusinessCalendar, day: date) -> date | None:
    """The last business day before a day; None when it is beyond the calendar's years."""
    try:
        return business_day_beyond(calendar, day, -1)
    except CalendarOutOfDate:
        return None


def business_day_beyond(calendar: BusinessCalendar, day: date, step: int) -> date | None:
    """The nearest business day in one direction, 1 or -1, from a day, that day not included.

    None when there is none within ``FURTHEST_DAYS``; raise ``CalendarOutOfDate`` beyond its years.
    """
    start = day.toordinal()
    for number in range(start + step, start + step * (FURTHEST_DAYS + 1), step):
        if not 1 <= number <= _LAST_ORDINAL:
            break
        candidate = date.fromordinal(number)
        if calendar.is_business_day(candidate):
            return candidate
    return None
