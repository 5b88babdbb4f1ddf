"""Calendars for the tests: hand-written ones, and random ones with their days said plainly."""

from datetime import UTC, date, datetime, time, timedelta

from jobs.schedules import BusinessCalendar, CalendarOutOfDate, RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires

DAY = timedelta(days=1)

ENGLAND = BusinessCalendar(
    name="England",
    version=1,
    id="1",
    holidays={
        date(2026, 1, 1): "New Year's Day",
        date(2026, 4, 3): "Good Friday",
        date(2026, 4, 6): "Easter Monday",
        date(2026, 5, 4): "May Day",
        date(2026, 5, 25): "Spring Bank Holiday",
        date(2026, 8, 31): "Summer Bank Holiday",
        date(2026, 12, 25): "Christmas Day",
        date(2026, 12, 26): "Boxing Day",
        date(2026, 12, 28): "Boxing Day (substitute day)",
        date(2027, 1, 1): "New Year's Day",
        date(2027, 3, 26): "Good Friday",
        date(2027, 3, 29): "Easter Monday",
        date(2027, 5, 3): "May Day",
        date(2027, 5, 31): "Spring Bank Holiday",
        date(2027, 8, 30): "Summer Bank Holiday",
        date(2027, 12, 25): "Christmas Day",
        date(2027, 12, 27): "Christmas Day (substitute day)",
        date(2027, 12, 28): "Boxing Day (substitute day)",
    },
    first_year=2026,
    last_year=2027,
)

UNITED_STATES = BusinessCalendar(
    name="United States",
    version=1,
    id="2",
    holidays={
        date(2026, 10, 12): "Columbus Day",
        date(2026, 11, 11): "Veterans Day",
        date(2026, 11, 26): "Thanksgiving Day",
        date(2026, 12, 25): "Christmas Day",
    },
    first_year=2026,
    last_year=2026,
)

_made = iter(range(1000, 10**9))


def business(at=time(7), zone="UTC", **fields):
    """A rule by business days."""
    spec = RuleSpec(kind="monthly_business_day", time_of_day=at, timezone=zone, **fields)
    return compile_rule(spec)


def dates(rule, after, count):
    """The dates in UTC of the next fires."""
    return [text and text[:10] for text in fires(rule, after, count)]


def random_calendar(random, first_year, last_year):
    """Any weekend, holidays in clusters, and a few extra workdays on either."""
    span = (date(last_year, 12, 31) - date(first_year, 1, 1)).days
    holidays = {}
    for _ in range(random.randint(0, 12 * (last_year - first_year + 1))):
        day = date(first_year, 1, 1) + random.randint(0, span) * DAY
        for _ in range(random.choice([1, 1, 2, 3, 8])):
            holidays[day] = f"Holiday of {day}"
            day += DAY
    workdays = {date(first_year, 1, 1) + random.randint(0, span) * DAY for _ in range(9)}
    return BusinessCalendar(
        name=f"Random {next(_made)}",
        weekend=sum(1 << day for day in random.sample(range(7), random.randint(0, 3))),
        holidays=holidays,
        workdays=frozenset(workdays),
        first_year=first_year,
        last_year=last_year,
    )


def days_between(start, stop):
    """Every day from ``start`` until before ``stop``."""
    return [start + number * DAY for number in range((stop - start).days)]


def all_decided(rule):
    """Every fire of a rule, up to where its calendar ends."""
    found, fire = [], datetime(1, 1, 1, tzinfo=UTC)
    while True:
        try:
            fire = rule.next(fire)
        except CalendarOutOfDate:
            return found
        assert fire is not None
        assert not found or fire > found[-1]
        found.append(fire)
