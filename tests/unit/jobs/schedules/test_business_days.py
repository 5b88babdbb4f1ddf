"""Rules by business days, with the examples of the rules that we adopted."""

from datetime import date, datetime, time

import pytest

from jobs.schedules import BusinessCalendar, CalendarOutOfDate, RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal, utc
from tests.unit.jobs.schedules.calendars import ENGLAND, UNITED_STATES

LONDON, NEW_YORK = "Europe/London", "America/New_York"
SUNDAY, MONDAY, TUESDAY, FRIDAY, SATURDAY = 1, 2, 4, 32, 64
CLOSED_FOR_EVER = BusinessCalendar(name="Closed", weekend=127, first_year=2026, last_year=2026)


def business(at=time(7), zone="UTC", **fields):
    spec = RuleSpec(kind="monthly_business_day", time_of_day=at, timezone=zone, **fields)
    return compile_rule(spec)


def dates(rule, after, count):
    return [text and text[:10] for text in fires(rule, after, count)]


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


def test_days_that_are_never_business_days_are_refused():
    [error] = refusal(
        kind="monthly_business_day", time_of_day=time(7), days_of_week=SATURDAY, roll="skip"
    ).errors
    assert (error.field, error.code) == ("roll", "never_fires")


def test_the_time_follows_the_clock():
    rule = business(time(2, 30), "Europe/Berlin", on_days="non_business_days")
    assert fires(rule, "2026-03-28T03:00", 1) == ["2026-03-29T01:00"]
    assert fires(rule, "2026-10-24T03:00", 1) == ["2026-10-25T00:30"]
    nominal = rule.explain(utc("2026-03-29T01:00"))
    assert nominal.wall == datetime.fromisoformat("2026-03-29T02:30")
    assert nominal.notes == ("02:30 does not exist that day; moved to 03:00",)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"business_day_of_month": 3}, "on the 3rd business day of every month"),
        ({"business_day_of_month": -1}, "on the last business day of every month"),
        ({"business_day_of_month": -2}, "on the 2nd last business day of every month"),
        (
            {"business_day_of_month": 22, "adjust_to_previous_business_day": True},
            "on the 22nd business day of every month (the last of months with fewer)",
        ),
        ({"day_of_month": 25}, "on day 25 of the month or the next business day"),
        (
            {"day_of_month": -1, "roll": "preceding"},
            "on the last day of the month or the business day before",
        ),
        (
            {"day_of_month": 15, "roll": "modified_following"},
            "on day 15 of the month or the next business day of the same month",
        ),
        (
            {"day_of_month": 15, "roll": "modified_preceding"},
            "on day 15 of the month or the business day before in the same month",
        ),
        (
            {"day_of_month": 15, "roll": "nearest", "offset_business_days": -1},
            "on day 15 of the month or the nearest business day, then 1 business day earlier",
        ),
        (
            {"days_of_week": FRIDAY, "offset_business_days": 2},
            "on Friday or the next business day, then 2 business days later",
        ),
        (
            {"nth_weekday": 2, "days_of_week": TUESDAY, "roll": "skip"},
            "on the 2nd Tuesday of the month if that is a business day",
        ),
        ({"on_days": "business_days"}, "on every business day"),
        ({"on_days": "non_business_days"}, "on every day that is no business day"),
    ],
)
def test_in_plain_words(fields, words):
    rule = business(time(6), LONDON, calendar=ENGLAND, **fields)
    assert rule.describe() == f"At 06:00 {words}, Europe/London time, England holidays"


def test_the_calendar_is_named_as_it_is():
    named = BusinessCalendar(name="UK holidays", version=3)
    assert business(business_day_of_month=1, calendar=named).describe().endswith(", UK holidays")
    assert business(business_day_of_month=1).describe().endswith(", UTC time, no holidays")


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({}, [("business_day_of_month", "required")]),
        ({"roll": "following"}, [("business_day_of_month", "required")]),
        ({"business_day_of_month": 0}, [("business_day_of_month", "out_of_range")]),
        ({"business_day_of_month": 24}, [("business_day_of_month", "out_of_range")]),
        ({"business_day_of_month": -24}, [("business_day_of_month", "out_of_range")]),
        ({"business_day_of_month": True}, [("business_day_of_month", "out_of_range")]),
        ({"business_day_of_month": 1.0}, [("business_day_of_month", "out_of_range")]),
        ({"business_day_of_month": 1, "day_of_month": 1}, [("day_of_month", "conflict")]),
        ({"business_day_of_month": 1, "on_days": "business_days"}, [("on_days", "conflict")]),
        ({"business_day_of_month": 1, "roll": "following"}, [("roll", "conflict")]),
        (
            {"business_day_of_month": 1, "short_month": "skip", "days_of_week": 2},
            [("short_month", "conflict"), ("days_of_week", "conflict")],
        ),
        (
            {"business_day_of_month": 1, "offset_business_days": 1},
            [("offset_business_days", "conflict")],
        ),
        ({"day_of_month": 32}, [("day_of_month", "out_of_range")]),
        ({"day_of_month": 1, "days_of_week": 2}, [("days_of_week", "conflict")]),
        ({"day_of_month": 1, "roll": "back"}, [("roll", "unknown_choice")]),
        (
            {"day_of_month": 1, "offset_business_days": 61},
            [("offset_business_days", "out_of_range")],
        ),
        (
            {"day_of_month": 1, "offset_business_days": -61},
            [("offset_business_days", "out_of_range")],
        ),
        (
            {"day_of_month": 1, "offset_business_days": True},
            [("offset_business_days", "out_of_range")],
        ),
        (
            {"day_of_month": 1, "roll": "skip", "adjust_to_previous_business_day": True},
            [("adjust_to_previous_business_day", "conflict")],
        ),
        ({"day_of_month": 31, "short_month": "longer"}, [("short_month", "unknown_choice")]),
        ({"nth_weekday": 1}, [("days_of_week", "required")]),
        ({"nth_weekday": 6, "days_of_week": 2}, [("nth_weekday", "out_of_range")]),
        ({"nth_weekday": 1, "days_of_week": 128}, [("days_of_week", "out_of_range")]),
        ({"nth_weekday": 1, "days_of_week": 2, "day_of_month": 3}, [("nth_weekday", "conflict")]),
        ({"days_of_week": 0}, [("days_of_week", "out_of_range")]),
        ({"days_of_week": 2, "short_month": "clamp"}, [("short_month", "not_allowed")]),
        ({"on_days": "all"}, [("on_days", "unknown_choice")]),
        ({"on_days": "business_days", "roll": "preceding"}, [("roll", "conflict")]),
        (
            {"on_days": "business_days", "adjust_to_previous_business_day": True},
            [("adjust_to_previous_business_day", "conflict")],
        ),
    ],
)
def test_fields_that_are_missing_wrong_or_contradict_each_other_are_named(fields, problems):
    # A time of its own: True and 1 are equal, so that rules with them would share a cache entry.
    invalid = refusal(kind="monthly_business_day", time_of_day=time(6, 7, 8), **fields)
    assert [(error.field, error.code) for error in invalid.errors] == problems


def test_a_refusal_says_what_to_write():
    def detail(**fields):
        [error] = refusal(kind="monthly_business_day", time_of_day=time(7), **fields).errors
        return error.detail

    assert detail(roll="back", day_of_month=1) == (
        "'back' is not known; use one of following, preceding, modified_following, "
        "modified_preceding, nearest, skip"
    )
    assert detail(business_day_of_month=24) == "24 is not 1 to 23, or -1 (the last) to -23"
    assert detail(day_of_month=1, roll="nearest", adjust_to_previous_business_day=True) == (
        "contradicts roll 'nearest': it means preceding; give only one of them"
    )
    assert "give only one of them" in detail(business_day_of_month=1, day_of_month=1)


def test_a_missing_time_is_named_beside_the_rest():
    invalid = refusal(kind="monthly_business_day", day_of_month=32, roll="back")
    assert [e.field for e in invalid.errors] == ["time_of_day", "day_of_month", "roll"]
