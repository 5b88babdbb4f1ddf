from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from jobs.schedules import RuleSpec, compile_rule
from tests.unit.jobs.schedules.asking import fires, refusal, utc


def daily(at, zone="UTC", **fields):
    return compile_rule(RuleSpec(kind="daily", time_of_day=at, timezone=zone, **fields))


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


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (1, ["2026-02-27", "2026-02-28", "2026-03-01"]),
        (2, ["2026-02-28", "2026-03-02", "2026-03-04"]),
        (3, ["2026-02-28", "2026-03-03", "2026-03-06"]),
        (31, ["2026-03-05", "2026-04-05", "2026-05-06"]),
        (3660, ["2026-02-28", "2036-03-07", "2046-03-15"]),
    ],
)
def test_every_nth_day_is_counted_from_the_anchor(every, expected):
    anchor = {31: "2026-02-02", 3660: "2026-02-28"}.get(every, "2026-02-22")
    rule = daily(time(6), repeat_every=every, anchor=utc(anchor))
    assert fires(rule, "2026-02-27", 3) == [f"{day}T06:00" for day in expected]


def test_the_start_takes_the_place_of_the_anchor():
    rule = daily(time(6), repeat_every=3, anchor=utc("2026-02-01"), start_at=utc("2026-02-03"))
    assert fires(rule, "2026-01-01", 2) == ["2026-02-03T06:00", "2026-02-06T06:00"]


def test_the_day_that_is_counted_from_is_that_of_the_zone():
    rule = daily(time(6), "Asia/Tokyo", repeat_every=2, anchor=utc("2026-02-01T15:00"))
    assert fires(rule, "2026-01-31T22:00", 2) == ["2026-02-01T21:00", "2026-02-03T21:00"]


def test_every_nth_day_follows_the_clock_through_its_changes():
    rule = daily(time(2, 30), "Europe/Berlin", repeat_every=2, anchor=utc("2026-03-27T12:00"))
    assert fires(rule, "2026-03-27T12:00", 2) == ["2026-03-29T01:00", "2026-03-31T00:30"]


def test_counting_from_the_ends_of_time_is_no_error():
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            assert daily(time(6), zone, repeat_every=7, anchor=moment).next(utc("2026-01-01"))


def test_every_nth_day_in_plain_words():
    rule = daily(time(6), "Europe/London", repeat_every=3, anchor=utc("2026-02-22T12:00"))
    words = "At 06:00 every 3 days (counted from 22 February 2026), Europe/London time"
    assert rule.describe() == words


@pytest.mark.parametrize("every", [0, -1, 3661, True, 1.0, "2"])
def test_a_number_of_days_out_of_range_is_refused(every):
    anchor = utc("2026-02-03")
    fields = {"time_of_day": time(6, 7, 8), "repeat_every": every, "anchor": anchor}
    [error] = refusal(kind="daily", **fields).errors
    assert (error.field, error.code) == ("repeat_every", "out_of_range")
    assert error.detail == f"{every!r} is not a whole number from 1 to 3660"


def test_every_nth_day_needs_a_date_to_count_from():
    [error] = refusal(kind="daily", time_of_day=time(6), repeat_every=2).errors
    assert (error.field, error.code) == ("anchor", "required")
    assert error.detail.startswith("repeat_every counts from a date; give start_at")


def test_a_naive_start_is_named_once():
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    invalid = refusal(kind="daily", time_of_day=time(6), repeat_every=2, start_at=naive)
    assert [(e.field, e.code) for e in invalid.errors] == [("start_at", "naive_datetime")]
