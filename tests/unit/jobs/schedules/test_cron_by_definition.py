"""The day fields of cron against a walk over every day, with each item taken literally."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.unit.jobs.schedules.asking import cron_if_ever
from tests.unit.jobs.schedules.scanning import ask
from tests.unit.jobs.schedules.writing import seeded

START, STOP = date(2023, 1, 1), date(2029, 1, 1)
EVERY_DATE = [START + timedelta(days=number) for number in range((STOP - START).days)]


def last_of(day):
    return monthrange(day.year, day.month)[1]


def is_weekday(day):
    return day.isoweekday() <= 5


def is_nearest_weekday(day, target):
    """Whether no other weekday of the month is nearer to the target; if two are, the earlier."""
    if not 1 <= target <= last_of(day) or not is_weekday(day):
        return False
    month = [day.replace(day=number) for number in range(1, last_of(day) + 1)]
    return day == min(
        filter(is_weekday, month), key=lambda other: (abs(other.day - target), other.day)
    )


def any_day(random):
    """One item of the day of month: its text, and whether a date is meant by it."""
    number, before = random.randint(1, 31), random.randint(1, 30)
    items = [
        (f"{number}", lambda day: day.day == number),
        ("L", lambda day: day.day == last_of(day)),
        (f"L-{before}", lambda day: day.day == last_of(day) - before),
        (f"{number}W", lambda day: is_nearest_weekday(day, number)),
        ("LW", lambda day: is_nearest_weekday(day, last_of(day))),
        (f"L-{before}W", lambda day: is_nearest_weekday(day, last_of(day) - before)),
        (f"{number}/3", lambda day: day.day >= number and (day.day - number) % 3 == 0),
    ]
    return random.choice(items)


def any_weekday(random):
    """One item of the day of week: its text, and whether a date is meant by it."""
    number, week = random.randint(0, 7), random.randint(1, 5)

    def falls_on(day):
        return day.isoweekday() % 7 == number % 7

    items = [
        (f"{number}", falls_on),
        (f"{number}#{week}", lambda day: falls_on(day) and (day.day - 1) // 7 + 1 == week),
        (f"{number}L", lambda day: falls_on(day) and day.day + 7 > last_of(day)),
    ]
    return random.choice(items)


def any_field(random, any_item):
    """One to three items in a list, or ``*``, None as its meaning."""
    if random.random() < 0.3:
        return "*", None
    items = [any_item(random) for _ in range(random.randint(1, 3))]
    return (
        ",".join(text for text, _ in items),
        lambda day: any(means(day) for _, means in items),
    )


def any_years(random):
    first, last = sorted(random.sample(range(2024, 2030), 2))
    return random.choice(
        [
            ("*", lambda day: True),
            (f"{first}-{last}", lambda day: first <= day.year <= last),
            (f"{first},{last}", lambda day: day.year in (first, last)),
        ]
    )


def means_date(day_means, weekday_means, *, both):
    """Whether a date is meant, by which of the two fields are restricted and how they combine."""
    if day_means and weekday_means:
        combine = all if both else any
        return lambda day: combine((day_means(day), weekday_means(day)))
    return day_means or weekday_means or (lambda day: True)


@pytest.mark.parametrize("day_match", ["or", "and"])
@pytest.mark.parametrize("seed", range(5))
def test_the_fires_are_the_dates_that_each_item_means(seed, day_match):
    random = seeded(f"{seed} {day_match}")
    for _ in range(25):
        days, day_means = any_field(random, any_day)
        weekdays, weekday_means = any_field(random, any_weekday)
        years, year_means = any_years(random)
        month = random.choice(["*", "*", str(random.randint(1, 12))])
        means = means_date(day_means, weekday_means, both=day_match == "and")
        expected = [
            datetime(day.year, day.month, day.day, tzinfo=UTC)
            for day in EVERY_DATE
            if (month == "*" or day.month == int(month)) and year_means(day) and means(day)
        ]
        expression = f"0 0 0 {days} {month} {weekdays} {years}"
        rule = cron_if_ever(expression, day_match=day_match)
        start, stop = (datetime(day.year, 1, 1, tzinfo=UTC) for day in (START, STOP))
        assert (ask(rule, start, stop) if rule else []) == expected, expression
