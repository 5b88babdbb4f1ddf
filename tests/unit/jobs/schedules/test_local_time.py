"""What fires where clocks change. All fires are in UTC."""

import pytest

from tests.unit.jobs.schedules.asking import cron, fires

BERLIN, NEW_YORK, HAVANA = "Europe/Berlin", "America/New_York", "America/Havana"
LORD_HOWE, SAMOA, NUUK = "Australia/Lord_Howe", "Pacific/Apia", "America/Nuuk"
SANTIAGO, TROLL = "America/Santiago", "Antarctica/Troll"


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", ["03-29T01:00", "03-30T00:30"]),
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00", ["03-08T07:00", "03-09T06:30"]),
        # Several times in one gap, and one at its end, are one fire.
        ("0,15,30 2 * * *", BERLIN, "2026-03-28T12:00", ["03-29T01:00", "03-30T00:00"]),
        ("0 1-4 * * *", BERLIN, "2026-03-28T12:00", ["03-29T00:00", "03-29T01:00", "03-29T02:00"]),
        # Seconds of a time in the gap do not survive.
        ("30 30 2 * * *", BERLIN, "2026-03-28T12:00", ["03-29T01:00", "03-30T00:30:30"]),
        # 02:00-02:30 is missing on Lord Howe.
        ("15 2 * * *", LORD_HOWE, "2026-10-03T00:00", ["10-03T15:30", "10-04T15:15"]),
        ("30 2 * * *", LORD_HOWE, "2026-10-03T00:00", ["10-03T15:30", "10-04T15:30"]),
        # Midnight itself is missing.
        ("0 0 * * *", HAVANA, "2026-03-07T12:00", ["03-08T05:00", "03-09T04:00"]),
        ("30 0 * * SUN", HAVANA, "2026-03-07T12:00", ["03-08T05:00", "03-15T04:30"]),
        # 23:00-24:00 on Saturday is missing: the fire belongs to Saturday, its instant to Sunday.
        ("30 23 * * *", NUUK, "2024-03-30T12:00", ["03-31T01:00", "04-01T00:30"]),
        ("30 23 * * SAT", NUUK, "2024-03-30T12:00", ["03-31T01:00", "04-07T00:30"]),
        ("30 23 * * SUN", NUUK, "2024-03-30T12:00", ["04-01T00:30"]),
        ("0 0 * * *", NUUK, "2024-03-30T12:00", ["03-31T01:00", "04-01T01:00"]),
        # Two hours are missing at Troll, within the three that count as a change of the clock.
        ("30 1 * * *", TROLL, "2026-03-28T12:00", ["03-29T01:00", "03-29T23:30"]),
        # 30 December 2011 is missing in Samoa, and so is its fire.
        ("0 12 * * *", SAMOA, "2011-12-29T00:00", ["12-29T22:00", "12-30T22:00", "12-31T22:00"]),
        ("0 0 30 * *", SAMOA, "2011-12-29T00:00", ["2012-01-29T10:00"]),
    ],
)
def test_fixed_time_in_a_gap_fires_once_at_its_end(expression, zone, after, expected):
    year = after[:5]
    full = [text if text.startswith("20") else year + text for text in expected]
    assert fires(cron(expression, zone), after, len(full)) == full


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", ["10-25T00:30", "10-26T01:30"]),
        ("30 1 * * *", NEW_YORK, "2026-10-31T12:00", ["11-01T05:30", "11-02T06:30"]),
        ("0,30 1,2 * * *", NEW_YORK, "2026-11-01T04:59", ["11-01T05:00", "11-01T05:30"]),
        ("0 1-3 * * *", NEW_YORK, "2026-11-01T04:59", ["11-01T05:00", "11-01T07:00"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-04T00:00", ["04-04T14:45", "04-05T15:15"]),
        # At midnight the clock goes back to 23:00 of the same Saturday.
        ("30 23 * * *", SANTIAGO, "2026-04-04T12:00", ["04-05T02:30", "04-06T03:30"]),
        ("0 0 * * *", SANTIAGO, "2026-04-04T12:00", ["04-05T04:00", "04-06T04:00"]),
        ("0 0 * * *", HAVANA, "2025-11-01T12:00", ["11-02T04:00", "11-03T05:00"]),
    ],
)
def test_fixed_time_in_a_repeat_fires_the_first_time_only(expression, zone, after, expected):
    full = [after[:5] + text for text in expected]
    assert fires(cron(expression, zone), after, len(full)) == full


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        # None in the gap: 01:30 is followed by 03:00.
        ("*/30 * * * *", NEW_YORK, "2026-03-08T06:15", ["03-08T06:30", "03-08T07:00"]),
        ("*/30 2 * * *", NEW_YORK, "2026-03-08T05:00", ["03-09T06:00", "03-09T06:30"]),
        ("0 */2 * * *", NEW_YORK, "2026-03-08T05:00", ["03-08T08:00", "03-08T10:00"]),
        # Both of the repeat.
        ("0 * * * *", NEW_YORK, "2026-11-01T04:30", ["11-01T05:00", "11-01T06:00", "11-01T07:00"]),
        ("*/30 1 * * *", NEW_YORK, "2026-11-01T05:15", ["11-01T05:30", "11-01T06:00"]),
        ("30 */1 * * *", BERLIN, "2026-10-25T00:00", ["10-25T00:30", "10-25T01:30"]),
        ("*/20 * * * *", LORD_HOWE, "2026-04-04T14:40", ["04-04T15:10", "04-04T15:30"]),
        ("*/15 * * * *", LORD_HOWE, "2026-04-04T14:45", ["04-04T15:00", "04-04T15:15"]),
        # The repeat comes once more though the same date will not have one next year.
        ("*/5 1 1 11 *", NEW_YORK, "2026-11-01T05:55", ["11-01T06:00", "11-01T06:05"]),
        ("*/30 23 * * *", SANTIAGO, "2026-04-05T02:30", ["04-05T03:00", "04-05T03:30"]),
        ("0 */6 * * *", SAMOA, "2011-12-30T03:00", ["12-30T04:00", "12-30T10:00", "12-30T16:00"]),
    ],
)
def test_interval_like_fires_whenever_the_clock_shows_a_match(expression, zone, after, expected):
    full = [after[:5] + text for text in expected]
    assert fires(cron(expression, zone), after, len(full)) == full


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-03-29T00:59:59", "2026-03-29T01:00"),
        ("2026-03-29T00:59:59.999999", "2026-03-29T01:00"),
        ("2026-03-29T01:00:00", "2026-03-30T00:30"),
        ("2026-03-29T01:00:01", "2026-03-30T00:30"),
        ("2026-10-25T00:29:59", "2026-10-25T00:30"),
        ("2026-10-25T00:30:00", "2026-10-26T01:30"),
        ("2026-10-25T01:15:00", "2026-10-26T01:30"),
        ("2026-10-25T01:29:59", "2026-10-26T01:30"),
        ("2026-10-25T01:30:00", "2026-10-26T01:30"),
    ],
)
def test_just_before_at_and_after_a_change_of_the_clock(after, expected):
    assert fires(cron("30 2 * * *", BERLIN), after, 1) == [expected]


@pytest.mark.parametrize(
    ("expression", "is_fixed"),
    [
        ("30 2 * * *", True),
        ("0-30 1,2,3 * * *", True),
        ("30 2 */1 */1 *", True),
        ("30 2 ? * *", True),
        ("@daily", True),
        ("@hourly", False),
        ("30 * * * *", False),
        ("30/40 2 * * *", False),
        ("30 2-3/4 * * *", False),
        ("* 30 2 * * *", False),
    ],
)
def test_stars_and_steps_in_the_time_make_a_rule_interval_like(expression, is_fixed):
    fires_at_gap_end = "2026-03-29T01:00" in fires(cron(expression, BERLIN), "2026-03-29T00:45", 1)
    fires_again = any(
        fire and "2026-10-25T01:00" <= fire < "2026-10-25T02:00"
        for fire in fires(cron(expression, BERLIN), "2026-10-25T00:59:59", 1)
    )
    if expression == "@daily":
        assert not fires_again
    elif is_fixed:
        assert fires_at_gap_end
        assert not fires_again
    else:
        assert fires_again
