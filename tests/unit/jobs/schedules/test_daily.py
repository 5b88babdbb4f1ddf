from datetime import UTC, time, timedelta, timezone

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal


def daily(at, zone="UTC"):
    return compile_rule(RuleSpec(kind="daily", time_of_day=at, timezone=zone))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-07-01T04:59:59", "2026-07-01T05:00"),
        ("2026-07-01T04:59:59.999999", "2026-07-01T05:00"),
        ("2026-07-01T05:00:00", "2026-07-02T05:00"),
        ("2026-07-01T05:00:00.5", "2026-07-02T05:00"),
        ("2026-12-31T23:00:00", "2027-01-01T06:00"),
    ],
)
def test_daily_fires_at_the_wall_clock_time_of_its_zone(after, expected):
    assert fires(daily(time(6), "Europe/London"), after, 1) == [expected]


def test_daily_keeps_its_seconds():
    assert fires(daily(time(6, 7, 8)), "2026-07-01T00:00", 1) == ["2026-07-01T06:07:08"]


def test_daily_follows_the_clock_through_its_changes():
    rule = daily(time(2, 30), "Europe/Berlin")
    spring, autumn = fires(rule, "2026-03-28T00:00", 3), fires(rule, "2026-10-24T00:00", 3)
    assert spring == ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]
    assert autumn == ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]


@pytest.mark.parametrize(
    ("time_of_day", "code"),
    [
        (None, "required"),
        (time(6, tzinfo=UTC), "invalid_time"),
        (time(6, tzinfo=timezone(timedelta(hours=2))), "invalid_time"),
        (time(6, 0, 0, 1), "invalid_time"),
    ],
)
def test_a_daily_rule_needs_a_naive_time_in_whole_seconds(time_of_day, code):
    [error] = refusal(kind="daily", time_of_day=time_of_day).errors
    assert (error.field, error.code) == ("time_of_day", code)
