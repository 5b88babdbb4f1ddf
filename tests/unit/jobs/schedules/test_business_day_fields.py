"""Rules by business days: what they say of themselves, and why others are refused."""

from datetime import time

import pytest

from jobs.schedules import BusinessCalendar
from tests.unit.jobs.schedules.asking import refusal, utc
from tests.unit.jobs.schedules.calendars import ENGLAND, business

LONDON = "Europe/London"
TUESDAY, FRIDAY, SATURDAY = 4, 32, 64
MARCH = utc("2026-03-01")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"business_day_of_month": 3}, "on the 3rd business day of every month"),
        ({"business_day_of_month": -1}, "on the last business day of every month"),
        ({"business_day_of_month": -2}, "on the 2nd last business day of every month"),
        (
            {"business_day_of_month": -1, "adjust_to_previous_business_day": True},
            "on the last business day of every month",
        ),
        ({"business_day_of_month": 19}, "on the 19th business day of every month"),
        (
            {"business_day_of_month": 20},
            "on the 20th business day of every month (none in months with fewer)",
        ),
        (
            {"business_day_of_month": -20, "adjust_to_previous_business_day": True},
            "on the 20th last business day of every month (the first of months with fewer)",
        ),
        (
            {"business_day_of_month": -20, "repeat_every": 2, "anchor": MARCH},
            "on the 20th last business day of every 2nd month"
            " (counted from March 2026; none in months with fewer)",
        ),
        (
            {"business_day_of_month": -1, "repeat_every": 3, "anchor": MARCH},
            "on the last business day of every 3rd month (counted from March 2026)",
        ),
        (
            {"day_of_month": 25, "repeat_every": 12, "anchor": MARCH},
            "on day 25 of every 12th month (counted from March 2026) or the next business day",
        ),
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


def test_days_that_are_never_business_days_are_refused():
    [error] = refusal(
        kind="monthly_business_day", time_of_day=time(7), days_of_week=SATURDAY, roll="skip"
    ).errors
    assert (error.field, error.code) == ("roll", "never_fires")


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
        ({"on_days": "business_days", "repeat_every": 3}, [("repeat_every", "conflict")]),
        ({"days_of_week": 2, "repeat_every": 3}, [("repeat_every", "not_allowed")]),
        ({"business_day_of_month": 1, "repeat_every": 3}, [("anchor", "required")]),
        (
            {"business_day_of_month": 24, "repeat_every": 0},
            [("business_day_of_month", "out_of_range"), ("repeat_every", "out_of_range")],
        ),
        (
            {"day_of_month": 32, "repeat_every": 121},
            [("repeat_every", "out_of_range"), ("day_of_month", "out_of_range")],
        ),
        (
            {"business_day_of_month": 23, "repeat_every": 12, "anchor": utc("2026-02-01")},
            [("repeat_every", "never_fires")],
        ),
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
    assert detail(on_days="business_days", repeat_every=2) == (
        "has no meaning with on_days, which names days of every month; leave one of them out"
    )
    assert detail(days_of_week=2, repeat_every=2) == (
        "has no meaning with days_of_week alone; leave it out, or make the rule weekly"
    )


def test_a_missing_time_is_named_beside_the_rest():
    invalid = refusal(kind="monthly_business_day", day_of_month=32, roll="back")
    assert [e.field for e in invalid.errors] == ["time_of_day", "day_of_month", "roll"]
