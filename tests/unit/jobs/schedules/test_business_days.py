"""Rules by business days, with the examples of the rules that we adopted."""

from datetime import date, datetime, time

import pytest

from jobs.schedules import BusinessCalendar
from tests.unit.jobs.schedules.asking import fires, utc
from tests.unit.jobs.schedules.calendars import ENGLAND, UNITED_STATES, business, dates

LONDON, NEW_YORK = "Europe/London", "America/New_York"
SUNDAY, MONDAY, FRIDAY, SATURDAY = 1, 2, 32, 64


def explained(rule, after):
    nominal = rule.explain(rule.next(utc(after)))
    return str(nominal.wall.date()), str(nominal.business_date), list(nominal.notes)


def test_england_on_the_25th_or_the_next_business_day():
    rule = business(zone=LONDON, day_of_month=25, roll="following", calendar=ENGLAND)
    assert fires(rule, "2026-12-01", 2) == ["2026-12-29T07:00", "2027-01-25T07:00"]
    notes = ["25 December 2026 is Christmas Day; moved to 29 December"]
    assert explained(rule, "2026-12-01") == ("2026-12-29", "2026-12-25", notes)


def test_the_last_business_day_in_the_united_states():
    rule = business(time(17), NEW_YORK, business_day_of_month=-1, calendar=UNITED_STATES)
    expected = ["2026-10-30T21:00", "2026-11-30T22:00", "2026-12-31T22:00"]
    assert fires(rule, "2026-10-01", 3) == expected


@pytest.mark.parametrize(
    ("nth", "expected"),
    [
        (1, ["2026-12-01", "2027-01-04", "2027-02-01"]),
        (3, ["2026-12-03", "2027-01-06", "2027-02-03"]),
        (-1, ["2026-11-30", "2026-12-31", "2027-01-29"]),
        (-2, ["2026-11-27", "2026-12-30", "2027-01-28"]),
        # December has 21 business days, January and February 20, March 21, April 22.
        (21, ["2026-11-30", "2026-12-31", "2027-03-31"]),
        (-21, ["2026-12-01", "2027-03-01", "2027-04-02"]),
    ],
)
def test_the_nth_business_day_from_either_end(nth, expected):
    rule = business(business_day_of_month=nth, calendar=ENGLAND)
    assert dates(rule, "2026-11-24", 3) == expected


@pytest.mark.parametrize(
    ("nth", "expected", "note"),
    [
        (22, "2027-02-26", "February 2027 has only 20 business days; the last counts"),
        (-22, "2027-02-01", "February 2027 has only 20 business days; the first counts"),
    ],
)
def test_a_month_with_too_few_is_skipped_unless_told_to_adjust(nth, expected, note):
    fields = {"business_day_of_month": nth, "calendar": ENGLAND}
    adjusted = business(**fields, adjust_to_previous_business_day=True)
    assert explained(adjusted, "2027-01-30") == (expected, expected, [note])
    for rule in (business(**fields), business(**fields, adjust_to_previous_business_day=False)):
        assert dates(rule, "2027-01-30", 1)[0] > "2027-03-31"


@pytest.mark.parametrize(
    ("roll", "expected"),
    [
        ("following", "2027-02-01"),
        ("preceding", "2027-01-29"),
        ("modified_following", "2027-01-29"),
        ("modified_preceding", "2027-01-29"),
        ("nearest", "2027-02-01"),
        ("skip", "2027-03-31"),
    ],
)
def test_each_roll_of_a_31st_that_is_a_sunday(roll, expected):
    fields = {"day_of_month": 31, "short_month": "skip", "calendar": ENGLAND}
    assert dates(business(**fields, roll=roll), "2027-01-15", 1) == [expected]


def test_a_first_that_is_closed_goes_back_into_the_month_before_unless_modified():
    fields = {"day_of_month": 1, "calendar": ENGLAND}
    assert dates(business(**fields, roll="preceding"), "2026-12-15", 1) == ["2026-12-31"]
    assert dates(business(**fields, roll="modified_preceding"), "2026-12-15", 1) == ["2027-01-04"]


def test_of_two_business_days_as_near_the_earlier_is_taken():
    middle = BusinessCalendar(name="Midweek", weekend=0, holidays={date(2026, 6, 10): "Closed"})
    rule = business(day_of_month=10, roll="nearest", calendar=middle)
    assert dates(rule, "2026-06-01", 1) == ["2026-06-09"]


def test_days_roll_to_the_following_business_day_unless_told_otherwise():
    assert dates(business(day_of_month=25, calendar=ENGLAND), "2026-12-01", 1) == ["2026-12-29"]
    assert dates(
        business(day_of_month=25, calendar=ENGLAND, adjust_to_previous_business_day=True),
        "2026-12-01",
        1,
    ) == ["2026-12-24"]


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (0, "2026-12-29"),
        (1, "2026-12-30"),
        (3, "2027-01-04"),
        (-1, "2026-12-24"),
        (-4, "2026-12-21"),
    ],
)
def test_business_days_may_be_added_after_the_roll(offset, expected):
    rule = business(day_of_month=25, offset_business_days=offset, calendar=ENGLAND)
    first = next(day for day in dates(rule, "2026-12-10", 3) if day > "2026-12-15")
    assert first == expected


def test_an_offset_says_so_in_its_notes():
    rule = business(day_of_month=25, offset_business_days=2, calendar=ENGLAND)
    assert explained(rule, "2026-12-01") == (
        "2026-12-31",
        "2026-12-25",
        [
            "25 December 2026 is Christmas Day; moved to 29 December",
            "2 business days after 29 December",
        ],
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"nth_weekday": -1, "days_of_week": MONDAY}, ["2026-11-30", "2026-12-29", "2027-01-25"]),
        (
            {"nth_weekday": -1, "days_of_week": MONDAY, "roll": "preceding"},
            ["2026-11-30", "2026-12-24", "2027-01-25"],
        ),
        (
            {"days_of_week": FRIDAY},
            ["2026-11-27", "2026-12-04", "2026-12-11", "2026-12-18", "2026-12-29", "2027-01-04"],
        ),
        ({"days_of_week": FRIDAY, "roll": "skip"}, ["2026-11-27", "2026-12-04", "2026-12-11"]),
    ],
)
def test_weekdays_roll_too(fields, expected):
    assert dates(business(**fields, calendar=ENGLAND), "2026-11-24", len(expected)) == expected


def test_rolls_that_land_on_one_day_are_one_fire():
    rule = business(days_of_week=FRIDAY | SATURDAY | SUNDAY, calendar=ENGLAND)
    assert dates(rule, "2026-12-22", 2) == ["2026-12-29", "2027-01-04"]
    assert explained(rule, "2026-12-22") == (
        "2026-12-29",
        "2026-12-27",
        [
            "25 December 2026 is Christmas Day; moved to 29 December",
            "26 December 2026 is Boxing Day; moved to 29 December",
            "27 December 2026 is a Sunday; moved to 29 December",
        ],
    )


def test_a_day_on_which_others_land_stays_its_own_business_date():
    rule = business(days_of_week=SUNDAY | MONDAY)
    notes = ["29 November 2026 is a Sunday; moved to 30 November"]
    assert explained(rule, "2026-11-28") == ("2026-11-30", "2026-11-30", notes)


def test_a_roll_across_the_year_says_both_years():
    rule = business(day_of_month=1, roll="preceding", calendar=ENGLAND)
    notes = ["1 January 2027 is New Year's Day; moved back to 31 December 2026"]
    assert explained(rule, "2026-12-15") == ("2026-12-31", "2027-01-01", notes)


def test_a_short_month_comes_before_the_roll():
    rule = business(day_of_month=31, roll="preceding", calendar=ENGLAND)
    notes = [
        "February 2027 has no day 31; its last day counts",
        "28 February 2027 is a Sunday; moved back to 26 February",
    ]
    assert explained(rule, "2027-02-01") == ("2027-02-26", "2027-02-28", notes)


def test_every_business_day_and_every_other_day():
    open_days = business(on_days="business_days", calendar=ENGLAND)
    closed = business(on_days="non_business_days", calendar=ENGLAND)
    assert dates(open_days, "2026-12-24", 3) == ["2026-12-24", "2026-12-29", "2026-12-30"]
    assert dates(closed, "2026-12-24", 3) == ["2026-12-25", "2026-12-26", "2026-12-27"]


def test_an_extra_workday_beats_a_holiday_and_a_weekend():
    calendar = BusinessCalendar(
        name="Make-up",
        holidays={date(2026, 12, 25): "Christmas Day"},
        workdays=frozenset({date(2026, 12, 25), date(2026, 12, 26)}),
    )
    rule = business(on_days="business_days", calendar=calendar)
    assert dates(rule, "2026-12-25", 3) == ["2026-12-25", "2026-12-26", "2026-12-28"]


def test_without_a_calendar_only_saturdays_and_sundays_are_closed():
    rule = business(business_day_of_month=1)
    assert dates(rule, "2026-12-02", 2) == ["2027-01-01", "2027-02-01"]


def test_the_time_follows_the_clock():
    rule = business(time(2, 30), "Europe/Berlin", on_days="non_business_days")
    assert fires(rule, "2026-03-28T03:00", 1) == ["2026-03-29T01:00"]
    assert fires(rule, "2026-10-24T03:00", 1) == ["2026-10-25T00:30"]
    nominal = rule.explain(utc("2026-03-29T01:00"))
    assert nominal.wall == datetime.fromisoformat("2026-03-29T02:30")
    assert nominal.notes == ("02:30 does not exist that day; moved to 03:00",)


def test_the_policies_for_changes_of_the_clock_hold_here_too():
    rule = business(
        time(2, 30), "Europe/Berlin", on_days="non_business_days", dst_gap="skip", calendar=ENGLAND
    )
    assert fires(rule, "2026-03-28T03:00", 1) == ["2026-04-03T00:30"]
    assert rule.describe() == (
        "At 02:30 on every day that is no business day, Europe/Berlin time, England holidays; "
        "times that the clock leaves out are skipped"
    )
