from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import cron, fires, refusal, shown, utc
from tests.unit.jobs.schedules.scanning import CHANGES
from tests.unit.jobs.schedules.writing import seeded


def wall(text):
    return datetime.fromisoformat(text)


def one_time(moment, zone="UTC", **fields):
    return compile_rule(RuleSpec(kind="one_time", one_time_at=moment, timezone=zone, **fields))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-01-01T00:00", "2026-12-01T06:00"),
        ("2026-12-01T05:59:59", "2026-12-01T06:00"),
        ("2026-12-01T05:59:59.999999", "2026-12-01T06:00"),
        ("2026-12-01T06:00:00", None),
        ("2026-12-01T06:00:01", None),
    ],
)
def test_one_time_fires_at_its_instant_and_never_again(after, expected):
    assert fires(one_time(utc("2026-12-01T06:00")), after, 1) == [expected]


def test_the_offset_is_taken_as_written_whatever_the_zone():
    moment = datetime(2026, 12, 1, 6, tzinfo=timezone(timedelta(hours=-5)))
    assert fires(one_time(moment, "Asia/Tokyo"), "2026-01-01", 1) == ["2026-12-01T11:00"]


@pytest.mark.parametrize("moment", [utc("2026-12-01T06:00:07.9"), wall("2026-12-01T06:00:07.9")])
def test_a_fraction_of_a_second_is_dropped(moment):
    assert fires(one_time(moment), "2026-01-01", 2) == ["2026-12-01T06:00:07", None]


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-07-01T06:00", "Europe/Berlin", "2026-07-01T04:00"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),
        ("2024-03-30T23:30", "America/Nuuk", "2024-03-31T01:00"),
        ("2026-11-01T01:00", "America/New_York", "2026-11-01T05:00"),
    ],
)
def test_without_offset_it_is_wall_clock_time_by_the_rule_of_fixed_times(text, zone, expected):
    assert fires(one_time(wall(text), zone), "2020-01-01", 1) == [expected]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_a_wall_clock_time_is_what_cron_makes_of_it(zone, day):
    random = seeded(f"one time {zone} {day}")
    for _ in range(40):
        moment = wall(day) + timedelta(minutes=random.randint(-24 * 60, 36 * 60))
        same = cron(f"{moment.minute} {moment.hour} {moment.day} {moment.month} *", zone)
        expected = same.next(utc(day) - timedelta(days=4))
        if expected is None or expected > utc(day) + timedelta(days=4):
            [error] = refusal(kind="one_time", one_time_at=moment, timezone=zone).errors
            assert (error.field, error.code) == ("one_time_at", "no_such_time")
        else:
            assert one_time(moment, zone).next(utc("1900-01-01")) == expected, moment


def test_a_time_on_a_day_left_out_is_refused():
    invalid = refusal(
        kind="one_time", one_time_at=wall("2011-12-30T12:00"), timezone="Pacific/Apia"
    )
    [error] = invalid.errors
    assert (error.field, error.code) == ("one_time_at", "no_such_time")
    assert error.detail.startswith("2011-12-30T12:00:00 does not exist in Pacific/Apia")


def test_a_missing_instant_is_named():
    [error] = refusal(kind="one_time").errors
    assert (error.field, error.code) == ("one_time_at", "required")
    assert "2026-12-01T06:00:00Z" in error.detail


@pytest.mark.parametrize(
    "moment",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        wall("0001-01-01T00:00"),
        wall("9999-12-31T23:59:59"),
    ],
)
def test_the_ends_of_time_are_refused(moment):
    [error] = refusal(kind="one_time", one_time_at=moment, timezone="Asia/Tokyo").errors
    assert (error.field, error.code) == ("one_time_at", "out_of_range")


@pytest.mark.parametrize(
    ("bounds", "field"),
    [
        ({"start_at": utc("2026-12-01T06:00:01")}, "start_at"),
        ({"end_at": utc("2026-12-01T05:59:59")}, "end_at"),
    ],
)
def test_an_instant_outside_start_and_end_never_fires(bounds, field):
    invalid = refusal(kind="one_time", one_time_at=utc("2026-12-01T06:00"), **bounds)
    assert [(e.field, e.code) for e in invalid.errors] == [(field, "never_fires")]


def test_start_and_end_may_be_the_instant_itself():
    moment = utc("2026-12-01T06:00")
    rule = one_time(moment, start_at=moment, end_at=moment)
    assert fires(rule, "2026-01-01", 2) == ["2026-12-01T06:00", None]


def test_an_unknown_zone_is_named_beside_the_instant():
    invalid = refusal(kind="one_time", timezone="Mars/Olympus")
    assert [e.field for e in invalid.errors] == ["timezone", "one_time_at"]


def test_the_instant_is_in_utc():
    local = datetime(2026, 12, 1, 6, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert shown(one_time(local).next(utc("2026-01-01"))) == "2026-11-30T21:00"
