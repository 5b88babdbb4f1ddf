"""Intervals in days, weeks and months: the wall clock of the anchor, whatever clocks do."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal, utc

NEW_YORK = "America/New_York"


def every(count, unit, anchor, zone="UTC", **fields):
    spec = RuleSpec(
        kind="interval",
        interval_unit=unit,
        repeat_every=count,
        anchor=utc(anchor),
        timezone=zone,
        **fields,
    )
    return compile_rule(spec)


def test_a_calendar_day_keeps_the_wall_clock_where_24_hours_do_not():
    calendar = every(None, "day", "2026-03-07T15:00", NEW_YORK)
    spec = RuleSpec(
        kind="interval", interval_seconds=86_400, anchor=utc("2026-03-07T15:00"), timezone=NEW_YORK
    )
    assert fires(calendar, "2026-03-07T15:00", 2) == ["2026-03-08T14:00", "2026-03-09T14:00"]
    assert fires(compile_rule(spec), "2026-03-07T15:00", 1) == ["2026-03-08T15:00"]


@pytest.mark.parametrize(
    ("count", "unit", "anchor", "expected"),
    [
        (1, "day", "2026-01-30T09:00", ["2026-01-31", "2026-02-01", "2026-02-02"]),
        (10, "day", "2026-01-30T09:00", ["2026-02-09", "2026-02-19", "2026-03-01"]),
        (1, "week", "2026-01-30T09:00", ["2026-02-06", "2026-02-13", "2026-02-20"]),
        (2, "week", "2026-01-30T09:00", ["2026-02-13", "2026-02-27", "2026-03-13"]),
        (1, "month", "2026-01-31T09:00", ["2026-02-28", "2026-03-31", "2026-04-30"]),
        (3, "month", "2026-01-31T09:00", ["2026-04-30", "2026-07-31", "2026-10-31"]),
        (12, "month", "2024-02-29T09:00", ["2027-02-28", "2028-02-29", "2029-02-28"]),
        (120, "month", "2026-01-31T09:00", ["2036-01-31", "2046-01-31", "2056-01-31"]),
    ],
)
def test_units_are_counted_from_the_anchor_and_its_day_is_kept(count, unit, anchor, expected):
    after = max(anchor, "2026-02-28T12:00") if "2024" in anchor else anchor
    assert fires(every(count, unit, anchor), after, 3) == [f"{day}T09:00" for day in expected]


def test_the_grid_goes_on_before_the_anchor():
    assert fires(every(2, "month", "2026-08-31T09:00"), "2026-01-01", 3) == [
        "2026-02-28T09:00",
        "2026-04-30T09:00",
        "2026-06-30T09:00",
    ]


def test_the_start_bounds_the_grid_but_does_not_move_it():
    rule = every(2, "day", "2026-01-01T09:00", start_at=utc("2026-02-02T00:00"))
    assert fires(rule, "2026-01-01", 2) == ["2026-02-02T09:00", "2026-02-04T09:00"]


def test_the_date_of_the_anchor_is_that_of_the_zone():
    rule = every(1, "month", "2026-01-31T20:00", "Asia/Tokyo")  # 1 February, 05:00
    assert fires(rule, "2026-02-01", 2) == ["2026-02-28T20:00", "2026-03-31T20:00"]


def test_the_anchor_keeps_its_seconds_and_loses_its_fraction():
    assert fires(every(1, "day", "2026-01-01T09:08:07.9"), "2026-01-01T10:00", 1) == [
        "2026-01-02T09:08:07"
    ]


def test_a_time_that_the_clock_leaves_out_or_repeats_is_a_fixed_time():
    rule = every(1, "day", "2026-01-01T01:30", "Europe/Berlin")  # 02:30 there
    assert fires(rule, "2026-03-28T12:00", 2) == ["2026-03-29T01:00", "2026-03-30T00:30"]
    assert fires(rule, "2026-10-24T12:00", 2) == ["2026-10-25T00:30", "2026-10-26T01:30"]


def test_an_anchor_in_a_repeated_hour_is_read_as_its_wall_clock():
    second = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    spec = RuleSpec(kind="interval", interval_unit="day", anchor=second, timezone="Europe/Berlin")
    expected = ["2026-10-25T00:30", "2026-10-26T01:30"]
    assert fires(compile_rule(spec), "2026-10-24T12:00", 2) == expected


@pytest.mark.parametrize("unit", ["day", "week", "month"])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 11])
def test_every_unit_against_a_count_by_hand(unit, count):
    anchor = datetime.fromisoformat("2026-08-31T09:00")
    expected = []
    for number in range(-20, 21):
        step = number * count
        if unit == "month":
            year, month = divmod(anchor.year * 12 + anchor.month - 1 + step, 12)
            last = (datetime(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(1)).day  # noqa: DTZ001
            expected.append(f"{year}-{month + 1:02}-{min(31, last)}T09:00")
        else:
            day = anchor + timedelta(days=step * (7 if unit == "week" else 1))
            expected.append(f"{day:%Y-%m-%d}T09:00")
    rule = every(count, unit, anchor.isoformat())
    before = utc(expected[0]) - timedelta(seconds=1)
    assert fires(rule, f"{before:%Y-%m-%dT%H:%M:%S}", len(expected)) == expected


def test_a_short_month_says_so():
    rule = every(3, "month", "2026-08-31T09:00")
    note = "November 2026 has no day 31; its last day counts"
    assert rule.explain(utc("2026-11-30T09:00")).notes == (note,)
    assert rule.explain(utc("2026-08-31T09:00")).notes == ()


@pytest.mark.parametrize(
    ("count", "unit", "words"),
    [
        (1, "day", "At 09:00 every day"),
        (2, "day", "At 09:00 every 2 days (counted from 31 August 2026)"),
        (1, "week", "At 09:00 on Monday"),
        (2, "week", "At 09:00 on Monday of every 2nd week (counted from that of 31 August 2026)"),
        (1, "month", "At 09:00 on day 31 of the month (the last day of shorter months)"),
        (
            3,
            "month",
            "At 09:00 on day 31 of every 3rd month "
            "(counted from August 2026; the last day of shorter months)",
        ),
    ],
)
def test_in_plain_words(count, unit, words):
    assert every(count, unit, "2026-08-31T09:00").describe() == f"{words}, UTC time"


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"interval_unit": "year"}, [("interval_unit", "unknown_choice")]),
        ({"interval_unit": ""}, [("interval_unit", "unknown_choice")]),
        ({"interval_unit": "day", "repeat_every": 3661}, [("repeat_every", "out_of_range")]),
        ({"interval_unit": "week", "repeat_every": 521}, [("repeat_every", "out_of_range")]),
        ({"interval_unit": "month", "repeat_every": 121}, [("repeat_every", "out_of_range")]),
        ({"interval_unit": "day", "repeat_every": 0}, [("repeat_every", "out_of_range")]),
        ({"interval_unit": "day", "repeat_every": True}, [("repeat_every", "out_of_range")]),
        ({"interval_unit": "day", "align": "epoch"}, [("align", "conflict")]),
        (
            {"interval_unit": "day", "interval_seconds": 60, "align": "epoch", "repeat_every": 0},
            [
                ("interval_seconds", "conflict"),
                ("align", "conflict"),
                ("repeat_every", "out_of_range"),
            ],
        ),
    ],
)
def test_fields_that_are_wrong_or_contradict_each_other_are_named(fields, problems):
    invalid = refusal(kind="interval", anchor=utc("2026-02-03T04:05:06"), **fields)
    assert [(error.field, error.code) for error in invalid.errors] == problems


def test_a_missing_or_naive_anchor_is_named():
    [missing] = refusal(kind="interval", interval_unit="day").errors
    assert (missing.field, missing.code) == ("anchor", "required")
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    [error] = refusal(kind="interval", interval_unit="day", anchor=naive).errors
    assert (error.field, error.code) == ("anchor", "naive_datetime")
