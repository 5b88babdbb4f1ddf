from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal, utc

DAY = 24 * 60 * 60


def interval(seconds, anchor, **fields):
    spec = RuleSpec(kind="interval", interval_seconds=seconds, anchor=anchor, **fields)
    return compile_rule(spec)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-01-01T00:00:00", "2026-01-01T00:00:10"),
        ("2026-01-01T00:00:09", "2026-01-01T00:00:10"),
        ("2026-01-01T00:00:09.999999", "2026-01-01T00:00:10"),
        ("2026-01-01T00:00:10", "2026-01-01T00:00:20"),
        ("2026-01-01T00:00:10.000001", "2026-01-01T00:00:20"),
        ("2026-01-01T00:00:11", "2026-01-01T00:00:20"),
        ("2025-12-31T23:59:59", "2026-01-01T00:00"),
        ("2025-12-31T23:59:45", "2025-12-31T23:59:50"),
    ],
)
def test_fires_lie_on_the_grid_of_the_anchor_on_both_sides(after, expected):
    assert fires(interval(10, utc("2026-01-01T00:00:00")), after, 1) == [expected]


def test_a_day_is_24_hours_whatever_the_clock_does():
    rule = interval(DAY, utc("2026-03-07T15:00:00"), timezone="America/New_York")
    assert fires(rule, "2026-03-07T15:00:00", 2) == ["2026-03-08T15:00", "2026-03-09T15:00"]


def test_years_of_fires_do_not_drift():
    anchor = utc("2026-01-01T00:00:07")
    rule = interval(7, anchor)
    late = anchor + timedelta(days=10_000, seconds=3)
    assert (rule.next(late) - anchor) % timedelta(seconds=7) == timedelta(0)


def test_the_anchor_may_be_in_any_zone_and_loses_its_fraction():
    anchor = datetime(2026, 7, 1, 12, 0, 3, 999_999, tzinfo=ZoneInfo("Europe/Berlin"))
    assert fires(interval(60, anchor), "2026-07-01T10:00:03", 1) == ["2026-07-01T10:01:03"]


def test_the_start_bounds_the_grid_but_does_not_move_it():
    rule = interval(3600, utc("2026-01-01T00:30:00"), start_at=utc("2026-01-02T00:00:00"))
    assert fires(rule, "2026-01-01T00:00:00", 1) == ["2026-01-02T00:30"]


@pytest.mark.parametrize("seconds", [0, -1, 316_224_001, 1.5, "60", True])
def test_an_interval_out_of_range_is_refused(seconds):
    anchor = utc("2026-02-03T04:05:06")
    [error] = refusal(kind="interval", interval_seconds=seconds, anchor=anchor).errors
    assert (error.field, error.code) == ("interval_seconds", "out_of_range")
    assert "whole number from 1 to 316224000" in error.detail


@pytest.mark.parametrize("seconds", [1, 316_224_000])
def test_the_shortest_and_longest_interval_are_fine(seconds):
    anchor = utc("2026-01-01T00:00:00")
    assert interval(seconds, anchor).next(anchor) == anchor + timedelta(seconds=seconds)


def test_a_missing_interval_and_anchor_are_both_named():
    errors = refusal(kind="interval").errors
    assert [(error.field, error.code) for error in errors] == [
        ("interval_seconds", "required"),
        ("anchor", "required"),
    ]


def test_a_naive_anchor_is_refused():
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    [error] = refusal(kind="interval", interval_seconds=60, anchor=naive).errors
    assert (error.field, error.code) == ("anchor", "naive_datetime")


def test_an_interval_may_count_from_1970_instead():
    rule = interval(7 * 3600, None, align="epoch")
    assert fires(rule, "1970-01-01T00:00", 2) == ["1970-01-01T07:00", "1970-01-01T14:00"]
    late = rule.next(utc("2026-11-24T00:00"))
    assert late.timestamp() % (7 * 3600) == 0
    same = interval(7 * 3600, utc("2026-01-01T01:23:45"), align="epoch")
    assert same.next(utc("2026-11-24T00:00")) == late


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"align": "midnight"}, ("align", "unknown_choice")),
        ({"repeat_every": 2}, ("repeat_every", "conflict")),
        ({"interval_unit": "day"}, ("interval_seconds", "conflict")),
    ],
)
def test_fields_that_are_wrong_or_contradict_each_other_are_named(fields, problem):
    anchor = utc("2026-02-03T04:05:06")
    [error] = refusal(kind="interval", interval_seconds=60, anchor=anchor, **fields).errors
    assert (error.field, error.code) == problem
