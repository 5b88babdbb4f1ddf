"""Years that a calendar does not know: those before are passed over, those after are an error."""

from datetime import date, time

import pytest

from jobs.schedules import BusinessCalendar, CalendarOutOfDate
from tests.unit.jobs.schedules.asking import fires, refusal, utc
from tests.unit.jobs.schedules.calendars import ENGLAND, business, dates

CLOSED_FOR_EVER = BusinessCalendar(name="Closed", weekend=127, first_year=2026, last_year=2026)


@pytest.mark.parametrize(
    "fields",
    [
        {"business_day_of_month": 3},
        {"on_days": "business_days"},
        {"day_of_month": 15},
        {"day_of_month": 15, "offset_business_days": 3},
        {"day_of_month": 15, "offset_business_days": -3},
        {"day_of_month": 31, "roll": "modified_preceding"},
    ],
)
def test_years_that_the_calendar_does_not_know(fields):
    rule = business(**fields, calendar=ENGLAND)
    # Those before are passed over, those after are no reason to think that nobody has a holiday.
    assert dates(rule, "1000-01-01", 1)[0].startswith("2026-01")
    assert dates(rule, "2027-11-30T08:00", 1)[0].startswith("2027-12")
    with pytest.raises(CalendarOutOfDate, match=r"'England' has dates up to 2027, not for 2028"):
        rule.next(utc("2028-01-10"))
    with pytest.raises(CalendarOutOfDate):
        fires(rule, "2027-12-05", 31)


def test_a_roll_that_ends_in_an_unknown_year_is_unknown():
    calendar = BusinessCalendar(
        name="Short", holidays={date(2026, 12, 31): "Closed"}, first_year=2026, last_year=2026
    )
    following = business(day_of_month=31, roll="following", calendar=calendar)
    modified = business(day_of_month=31, roll="modified_following", calendar=calendar)
    with pytest.raises(CalendarOutOfDate):
        following.next(utc("2026-12-05"))
    assert dates(modified, "2026-12-05", 1) == ["2026-12-30"]


@pytest.mark.parametrize(
    "fields",
    [
        {"business_day_of_month": -1},
        {"day_of_month": 15},
        {"day_of_month": 15, "roll": "skip", "offset_business_days": 2},
    ],
)
def test_a_rule_that_ends_before_the_unknown_years_just_ends(fields):
    rule = business(**fields, calendar=ENGLAND, end_at=utc("2027-12-31T23:00"))
    assert rule.next(utc("2027-12-31T22:00")) is None
    assert rule.next(rule.next(utc("2027-12-10"))) is None


def test_what_may_still_roll_back_before_the_end_is_unknown():
    rule = business(
        day_of_month=1, roll="preceding", calendar=ENGLAND, end_at=utc("2027-12-31T23:00")
    )
    with pytest.raises(CalendarOutOfDate):
        rule.next(utc("2027-12-05"))
    earlier = business(
        day_of_month=1, roll="preceding", calendar=ENGLAND, end_at=utc("2027-12-04T23:00")
    )
    assert earlier.next(utc("2027-12-05")) is None


def test_a_rule_whose_first_fire_is_in_an_unknown_year_is_no_rule_that_never_fires():
    rule = business(business_day_of_month=1, calendar=ENGLAND, start_at=utc("2030-01-01"))
    with pytest.raises(CalendarOutOfDate):
        rule.next(utc("2026-01-01"))
    assert business(day_of_month=15, calendar=CLOSED_FOR_EVER).describe()


def test_a_rule_that_ends_before_the_known_years_never_fires():
    invalid = refusal(
        kind="monthly_business_day",
        time_of_day=time(7),
        business_day_of_month=1,
        calendar=ENGLAND,
        end_at=utc("2025-06-01"),
    )
    assert [(e.field, e.code) for e in invalid.errors] == [("end_at", "never_fires")]
