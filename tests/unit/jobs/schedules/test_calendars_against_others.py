"""Business days against numpy, pandas and the sessions of two exchanges."""

from datetime import date, time

import exchange_calendars
import holidays
import numpy
import pandas
import pytest

from jobs.schedules import BusinessCalendar, RuleSpec, compile_rule
from tests.unit.jobs.schedules.calendars import DAY, all_decided, days_between, random_calendar
from tests.unit.jobs.schedules.writing import seeded

FIRST_YEAR, LAST_YEAR = 2025, 2027
START, STOP = date(FIRST_YEAR, 1, 1), date(LAST_YEAR + 1, 1, 1)
NUMPY_ROLLS = {
    "following": "following",
    "preceding": "preceding",
    "modified_following": "modifiedfollowing",
    "modified_preceding": "modifiedpreceding",
}


def dates_of(fields):
    """All dates of a rule by business days, up to where its calendar ends."""
    rule = compile_rule(RuleSpec(kind="monthly_business_day", time_of_day=time(6), **fields))
    return [fire.date() for fire in all_decided(rule)]


def numpy_calendar(calendar):
    """The same calendar as numpy has it; without workdays, which it does not know."""
    mask = [not calendar.weekend >> (weekday + 1) % 7 & 1 for weekday in range(7)]
    return numpy.busdaycalendar(weekmask=mask, holidays=sorted(calendar.holidays))


def without_workdays(random):
    drawn = random_calendar(random, FIRST_YEAR, LAST_YEAR)
    return BusinessCalendar(
        name=f"{drawn.name} without workdays",
        weekend=drawn.weekend,
        holidays=drawn.holidays,
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
    )


@pytest.mark.parametrize("how", NUMPY_ROLLS)
@pytest.mark.parametrize("seed", range(8))
def test_rolls_and_offsets_are_those_of_numpy(seed, how):
    random = seeded(f"numpy {seed} {how}")
    calendar, day = without_workdays(random), random.randint(1, 28)
    offset = random.choice([0, 1, 2, 5, -1, -4, 20])
    nominal = [moment for moment in days_between(START, STOP) if moment.day == day]
    landed = numpy.busday_offset(
        nominal, offset, roll=NUMPY_ROLLS[how], busdaycal=numpy_calendar(calendar)
    ).astype(object)
    # Away from the ends of the calendar, which numpy takes for years without holidays.
    middle = (START + 120 * DAY, STOP - 120 * DAY)
    expected = sorted({moment for moment in landed if middle[0] <= moment < middle[1]})
    found = dates_of(
        {"day_of_month": day, "roll": how, "offset_business_days": offset, "calendar": calendar}
    )
    assert [moment for moment in found if middle[0] <= moment < middle[1]] == expected


@pytest.mark.parametrize("nth", [1, 2, 3, 10, 18, -1, -2, -5, -18])
def test_the_nth_business_day_is_that_of_numpy(nth):
    calendar = without_workdays(seeded(f"nth {nth}"))
    busdaycal = numpy_calendar(calendar)
    expected = []
    for month in numpy.arange(f"{FIRST_YEAR}-01", f"{LAST_YEAR + 1}-01", dtype="datetime64[M]"):
        start = month if nth > 0 else month + 1
        offset = nth - 1 if nth > 0 else nth
        found = numpy.busday_offset(start, offset, roll="forward", busdaycal=busdaycal)
        if found.astype("datetime64[M]") == month:
            expected.append(found.astype(object))
    assert dates_of({"business_day_of_month": nth, "calendar": calendar}) == expected


def test_every_business_day_is_that_of_pandas():
    for seed in range(5):
        calendar = without_workdays(seeded(f"pandas {seed}"))
        names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        mask = " ".join(name for bit, name in enumerate(names) if not calendar.weekend >> bit & 1)
        step = pandas.offsets.CustomBusinessDay(weekmask=mask, holidays=sorted(calendar.holidays))
        expected = [day.date() for day in pandas.date_range(START, STOP - DAY, freq=step)]
        assert dates_of({"on_days": "business_days", "calendar": calendar}) == expected


def test_the_last_business_day_of_the_month_is_that_of_pandas():
    closed = sorted(holidays.country_holidays("US", years=range(FIRST_YEAR, LAST_YEAR + 1)))
    calendar = BusinessCalendar(
        name="United States by pandas",
        holidays=dict.fromkeys(closed, "closed"),
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
    )
    step = pandas.offsets.CustomBusinessMonthEnd(holidays=closed)
    expected = [day.date() for day in pandas.date_range(START, STOP - DAY, freq=step)]
    assert dates_of({"business_day_of_month": -1, "calendar": calendar}) == expected


# exchange_calendars does something that pandas means to change.
@pytest.mark.filterwarnings("ignore:Series.values returning:pandas.errors.Pandas4Warning")
@pytest.mark.parametrize("market", ["XNYS", "XLON"])
def test_the_business_days_of_an_exchange_are_its_sessions(market):
    closed = holidays.financial_holidays(market, years=range(FIRST_YEAR, LAST_YEAR + 1))
    calendar = BusinessCalendar(
        name=market, holidays=dict(closed), first_year=FIRST_YEAR, last_year=LAST_YEAR
    )
    theirs = exchange_calendars.get_calendar(market, start=str(START), end=str(STOP - DAY))
    expected = [session.date() for session in theirs.sessions]
    assert dates_of({"on_days": "business_days", "calendar": calendar}) == expected
    last = {(day.year, day.month): day for day in expected}
    found = dates_of({"business_day_of_month": -1, "calendar": calendar})
    assert found == list(last.values())
    assert len(found) == 36
