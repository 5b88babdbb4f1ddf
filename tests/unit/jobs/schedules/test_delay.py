from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal, utc

ANCHOR = utc("2026-03-07T15:00:00")


def delay(seconds, anchor=ANCHOR, **fields):
    return compile_rule(RuleSpec(kind="delay", delay_seconds=seconds, anchor=anchor, **fields))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2020-01-01T00:00:00", "2026-03-07T15:10"),
        ("2026-03-07T15:00:00", "2026-03-07T15:10"),
        ("2026-03-07T15:09:59.999999", "2026-03-07T15:10"),
        ("2026-03-07T15:10:00", None),
        ("2026-03-07T15:10:01", None),
    ],
)
def test_a_delay_fires_once_so_long_after_its_anchor(after, expected):
    assert fires(delay(600), after, 1) == [expected]


def test_a_day_is_24_hours_whatever_the_clock_does():
    rule = delay(24 * 60 * 60, timezone="America/New_York")
    assert fires(rule, "2026-03-07T15:00:00", 2) == ["2026-03-08T15:00", None]


def test_the_anchor_may_be_in_any_zone_and_loses_its_fraction():
    anchor = datetime(2026, 7, 1, 12, 0, 3, 999_999, tzinfo=ZoneInfo("Europe/Berlin"))
    assert fires(delay(60, anchor), "2026-07-01T10:00:03", 1) == ["2026-07-01T10:01:03"]


def test_a_delay_that_is_over_before_the_start_never_fires():
    later = ANCHOR + timedelta(seconds=601)
    invalid = refusal(kind="delay", delay_seconds=600, anchor=ANCHOR, start_at=later)
    assert [(e.field, e.code) for e in invalid.errors] == [("start_at", "never_fires")]


@pytest.mark.parametrize("seconds", [0, -1, 316_224_001, 1.5, "60", True])
def test_a_delay_out_of_range_is_refused(seconds):
    anchor = utc("2026-02-03T04:05:06")
    [error] = refusal(kind="delay", delay_seconds=seconds, anchor=anchor).errors
    assert (error.field, error.code) == ("delay_seconds", "out_of_range")
    assert "whole number from 1 to 316224000" in error.detail


@pytest.mark.parametrize("seconds", [1, 316_224_000])
def test_the_shortest_and_longest_delay_are_fine(seconds):
    assert delay(seconds).next(ANCHOR) == ANCHOR + timedelta(seconds=seconds)


def test_a_missing_delay_and_anchor_are_both_named():
    errors = refusal(kind="delay").errors
    assert [(error.field, error.code) for error in errors] == [
        ("delay_seconds", "required"),
        ("anchor", "required"),
    ]
    assert errors[1].detail.startswith("a delay needs the instant it counts from")


def test_a_naive_anchor_is_refused():
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    [error] = refusal(kind="delay", delay_seconds=60, anchor=naive).errors
    assert (error.field, error.code) == ("anchor", "naive_datetime")
