"""Every n-th month of rules by the month, with and without business days."""

from calendar import monthrange
from datetime import date, time

import pytest

from jobs.schedules import CalendarOutOfDate, RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, utc
from tests.unit.jobs.schedules.calendars import ENGLAND, all_decided, dates, random_calendar
from tests.unit.jobs.schedules.writing import seeded

MONDAY, FRIDAY = 2, 32
MARCH = utc("2026-03-01")


def every(count, kind="monthly", anchor=MARCH, at=time(6), zone="UTC", **fields):
    spec = RuleSpec(
        **{"kind": kind, "repeat_every": count, "anchor": anchor},
        **{"time_of_day": at, "timezone": zone},
        **fields,
    )
    return compile_rule(spec)


def business(count, **fields):
    return every(count, "monthly_business_day", calendar=ENGLAND, **fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"day_of_month": 15}, ["2026-03-15", "2026-06-15", "2026-09-15", "2026-12-15"]),
        ({"day_of_month": 31}, ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"]),
        (
            {"day_of_month": 31, "short_month": "skip"},
            ["2026-03-31", "2026-12-31", "2027-03-31", "2027-12-31"],
        ),
        # The first stands for the 31st of June, which is counted; that of July is not.
        (
            {"day_of_month": 31, "short_month": "next"},
            ["2026-03-31", "2026-07-01", "2026-10-01", "2026-12-31"],
        ),
        ({"day_of_month": -1}, ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"]),
        (
            {"nth_weekday": -1, "days_of_week": FRIDAY},
            ["2026-03-27", "2026-06-26", "2026-09-25", "2026-12-25"],
        ),
        (
            {"nth_weekday": 5, "days_of_week": MONDAY},
            ["2026-03-30", "2026-06-29", "2027-03-29", "2029-12-31"],
        ),
    ],
)
def test_each_way_to_name_a_day_keeps_to_the_months_that_are_counted(fields, expected):
    assert dates(every(3, **fields), "2026-01-01", 4) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"business_day_of_month": -1}, ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"]),
        ({"business_day_of_month": 1}, ["2026-03-02", "2026-06-01", "2026-09-01", "2026-12-01"]),
        ({"day_of_month": 25}, ["2026-03-25", "2026-06-25", "2026-09-25", "2026-12-29"]),
        (
            {"nth_weekday": -1, "days_of_week": FRIDAY, "roll": "preceding"},
            ["2026-03-27", "2026-06-26", "2026-09-25", "2026-12-24"],
        ),
    ],
)
def test_business_days_of_each_quarter(fields, expected):
    assert dates(business(3, **fields), "2026-01-01", 4) == expected


@pytest.mark.parametrize(
    ("fields", "after", "expected", "business_date"),
    [
        # 31 January 2027 is a Sunday, 1 May 2027 a Saturday.
        ({"day_of_month": 31}, "2027-01-15", "2027-02-01", "2027-01-31"),
        ({"day_of_month": 1, "roll": "preceding"}, "2027-04-02", "2027-04-30", "2027-05-01"),
        (
            {"day_of_month": 31, "offset_business_days": 25},
            "2027-02-15",
            "2027-03-08",
            "2027-01-31",
        ),
    ],
)
def test_it_is_the_named_day_that_is_in_the_month_not_the_one_it_rolls_to(
    fields, after, expected, business_date
):
    anchor = utc(f"{business_date[:7]}-01")
    rule = business(12, anchor=anchor, **fields)
    fire = rule.next(utc(after))
    assert f"{fire:%Y-%m-%d}" == expected
    assert str(rule.explain(fire).business_date) == business_date


def test_a_day_that_rolls_into_a_counted_month_from_one_that_is_not_does_not_count():
    # 31 January 2027 rolls to 1 February, but only February is counted.
    rule = business(12, anchor=utc("2026-02-01"), day_of_month=31)
    assert dates(rule, "2027-01-15", 1) == ["2027-03-01"]


def test_months_are_counted_from_the_start_before_the_anchor():
    start = utc("2026-05-20")
    assert dates(every(3, day_of_month=15, start_at=start), "2026-01-01", 2) == [
        *("2026-08-15", "2026-11-15"),
    ]


def test_the_month_that_is_counted_from_is_that_of_the_zone():
    rule = every(6, anchor=utc("2026-02-28T16:00"), zone="Asia/Tokyo", at=time(12), day_of_month=1)
    assert fires(rule, "2026-01-01", 2) == ["2026-03-01T03:00", "2026-09-01T03:00"]


def test_months_before_the_one_that_is_counted_from_count_too():
    rule = every(5, anchor=utc("2030-01-10"), day_of_month=1)
    assert dates(rule, "2028-06-01T12:00", 3) == ["2028-10-01", "2029-03-01", "2029-08-01"]


def test_every_month_is_said_and_asked_as_without_a_number():
    rule = every(1, day_of_month=31)
    assert rule.describe() == every(None, day_of_month=31).describe()
    assert dates(rule, "2026-01-01", 2) == ["2026-01-31", "2026-02-28"]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12, 13, 120])
def test_every_nth_month_against_a_walk_over_the_months(count):
    random = seeded(count)
    for _ in range(20):
        first = random.randint(2020 * 12, 2040 * 12)
        day = random.choice([-28, -1, 1, 15, 28, 29, 30, 31])
        rule = every(count, day_of_month=day, anchor=utc(f"{first // 12}-{first % 12 + 1:02}-17"))
        expected = []
        for number in range(2026 * 12, 2026 * 12 + 3 * count):
            year, month = number // 12, number % 12 + 1
            length = monthrange(year, month)[1]
            if (number - first) % count == 0:
                found = date(year, month, min(day, length) if day > 0 else length + 1 + day)
                expected.append(str(found))
        assert dates(rule, "2026-01-01", 3) == expected, (first, day)


@pytest.mark.parametrize("seed", range(12))
def test_every_nth_month_by_a_calendar_is_every_month_less_those_not_counted(seed):
    random = seeded(f"months {seed}")
    calendar = random_calendar(random, 2026, 2029)
    count = random.choice([2, 3, 4, 6, 12])
    ways = [
        {"business_day_of_month": random.choice([1, 3, -1, -2, 15])},
        # Rolls that stay in the month, so that the fire shows which month was meant.
        {"day_of_month": random.randint(1, 31), "roll": "modified_following"},
        {
            **{"nth_weekday": random.choice([1, 2, -1]), "days_of_week": FRIDAY},
            "roll": "modified_preceding",
        },
    ]
    for fields in ways:
        spec = {"kind": "monthly_business_day", "calendar": calendar, **fields}
        each, some = every(None, **spec), every(count, **spec)
        counted = [
            fire
            for fire in all_decided(each)
            if (fire.year * 12 + fire.month - 2026 * 12 - 3) % count == 0
        ]
        assert counted
        assert all_decided(some) == counted, fields


def test_a_calendar_that_has_ended_is_said_to():
    rule = business(3, business_day_of_month=-1)
    with pytest.raises(CalendarOutOfDate):
        rule.next(utc("2027-12-31T12:00"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"day_of_month": 1}, "on day 1 of every 3rd month (counted from March 2026)"),
        (
            {"day_of_month": 31},
            "on day 31 of every 3rd month (counted from March 2026; the last day of shorter"
            " months)",
        ),
        (
            {"day_of_month": 30, "short_month": "next"},
            "on day 30 of every 3rd month (counted from March 2026; after shorter months the first"
            " of the next)",
        ),
        ({"day_of_month": -1}, "on the last day of every 3rd month (counted from March 2026)"),
        (
            {"nth_weekday": 1, "days_of_week": MONDAY | FRIDAY},
            "on the 1st Monday and the 1st Friday of every 3rd month (counted from March 2026)",
        ),
        (
            {"nth_weekday": -5, "days_of_week": FRIDAY},
            "on the 5th last Friday of every 3rd month (counted from March 2026; none in months"
            " with fewer)",
        ),
    ],
)
def test_in_plain_words(fields, words):
    assert every(3, **fields).describe() == f"At 06:00 {words}, UTC time"


@pytest.mark.parametrize(("nth", "which"), [(5, "5th"), (-5, "5th last")])
def test_a_fifth_weekday_says_that_some_months_have_none(nth, which):
    words = f"on the {which} Friday of the month (none in months with fewer)"
    rule = every(None, nth_weekday=nth, days_of_week=FRIDAY)
    assert rule.describe() == f"At 06:00 {words}, UTC time"
