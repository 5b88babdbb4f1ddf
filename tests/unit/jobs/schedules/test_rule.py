from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import (
    BusinessCalendar,
    BusinessDates,
    CalendarOutOfDate,
    InvalidRule,
    RuleSpec,
    compile_rule,
)
from tests.unit.jobs.schedules.asking import cron, fires, refusal, utc


def bounded(start, end, expression="0 12 * * 1-5"):
    return RuleSpec(
        kind="cron",
        cron_expression=expression,
        start_at=utc(start) if start else None,
        end_at=utc(end) if end else None,
    )


def test_start_and_end_are_inclusive():
    rule = compile_rule(bounded("2026-02-02T12:00:01", "2026-02-04T12:00"))
    assert fires(rule, "2026-01-01T00:00", 3) == ["2026-02-03T12:00", "2026-02-04T12:00", None]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-02-02T11:59:59", "2026-02-02T12:00"),
        ("2026-02-02T12:00:00", "2026-02-02T12:00"),
        ("2026-02-02T12:00:00.000001", "2026-02-03T12:00"),
        ("2026-02-02T12:00:01", "2026-02-03T12:00"),
    ],
)
def test_the_first_fire_is_not_before_the_start(start, expected):
    assert fires(compile_rule(bounded(start, None)), "2026-01-01T00:00", 1) == [expected]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2026-02-02T11:59:59", None),
        ("2026-02-02T12:00:00", "2026-02-02T12:00"),
        ("2026-02-02T12:00:01", "2026-02-02T12:00"),
    ],
)
def test_the_last_fire_is_not_after_the_end(end, expected):
    assert fires(compile_rule(bounded(None, end)), "2026-02-02T00:00", 1) == [expected]


def test_asking_beyond_the_end_gives_nothing():
    assert fires(compile_rule(bounded(None, "2026-02-02T12:00")), "2030-01-01T00:00", 1) == [None]


@pytest.mark.parametrize(
    ("wall", "fires_later"), [("0001-01-01T00:00", True), ("9999-12-31T23:59:59", False)]
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("expression", ["* * * * *", "0 0 29 2 *"])
def test_the_ends_of_time_are_no_error(wall, fires_later, zone, expression):
    for tzinfo in (UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")):
        fire = cron(expression, zone).next(datetime.fromisoformat(wall).replace(tzinfo=tzinfo))
        assert (fire is not None) == fires_later


def test_bounds_at_the_ends_of_time_are_no_error():
    low, high = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    spec = RuleSpec(kind="daily", time_of_day=time(6), start_at=low, end_at=high)
    assert fires(compile_rule(spec), "2026-01-01T00:00", 1) == ["2026-01-01T06:00"]


def test_after_may_be_in_any_zone():
    local = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert cron("*/10 * * * *", "Europe/Berlin").next(local) == utc("2026-10-25T01:40")


def test_a_naive_after_is_an_error():
    with pytest.raises(ValueError, match="has no UTC offset; pass an aware datetime"):
        cron("* * * * *").next(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("field", ["start_at", "end_at"])
def test_naive_bounds_are_refused(field):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    [error] = refusal(kind="daily", time_of_day=time(6), **{field: naive}).errors
    assert (error.field, error.code) == (field, "naive_datetime")


def test_an_end_before_the_start_is_refused():
    start, end = utc("2026-02-02T12:00"), utc("2026-02-02T11:59")
    invalid = refusal(kind="daily", time_of_day=time(6), start_at=start, end_at=end)
    assert [(e.field, e.code) for e in invalid.errors] == [("end_at", "end_before_start")]


def test_a_window_without_a_fire_is_refused():
    start, end = utc("2097-01-01T00:00"), utc("2103-12-31T00:00")
    invalid = refusal(kind="cron", cron_expression="0 0 29 2 *", start_at=start, end_at=end)
    assert [(e.field, e.code) for e in invalid.errors] == [("end_at", "never_fires")]


def test_a_window_of_one_instant_is_fine():
    rule = compile_rule(bounded("2026-02-02T12:00", "2026-02-02T12:00"))
    assert fires(rule, "2026-01-01T00:00", 2) == ["2026-02-02T12:00", None]


def test_every_bad_field_is_named_at_once():
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    invalid = refusal(
        kind="cron", cron_expression="60 * * * *", timezone="Mars/Olympus", end_at=naive
    )
    assert [e.field for e in invalid.errors] == ["timezone", "cron_expression", "end_at"]
    assert "cron_expression: minute: '60' is out of range" in str(invalid)


def test_an_unknown_kind_is_refused():
    [error] = refusal(kind="sometimes").errors
    assert (error.field, error.code) == ("kind", "unknown_kind")
    assert "use one_time, daily, weekly, monthly, monthly_business_day, cron, " in error.detail


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Londn", "did you mean Europe/London?"),
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("+02:00", "is not an IANA time zone"),
        ("../etc/passwd", "is not an IANA time zone"),
        ("localtime", "is not an IANA time zone"),
        ("", "is not an IANA time zone"),
        ("x" * 100_000, "is not an IANA time zone"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(name, hint):
    [error] = refusal(kind="daily", time_of_day=time(6), timezone=name).errors
    assert (error.field, error.code) == ("timezone", "unknown_timezone")
    assert hint in error.detail


def test_links_are_zones_too_and_keep_their_name():
    rule = compile_rule(RuleSpec(kind="daily", time_of_day=time(6), timezone="US/Eastern"))
    assert rule.describe() == "At 06:00 every day, US/Eastern time"


def test_fields_of_other_kinds_are_ignored():
    spec = RuleSpec(
        kind="daily", time_of_day=time(6), cron_expression="nonsense", anchor=utc("2026-01-01")
    )
    assert fires(compile_rule(spec), "2026-01-01T00:00", 1) == ["2026-01-01T06:00"]


def test_equal_specs_share_one_compiled_rule():
    assert cron("1 2 3 4 *") is cron("1 2 3 4 *")


def test_a_refusal_is_not_remembered():
    spec = RuleSpec(kind="cron", cron_expression="never")
    for _ in range(2):
        with pytest.raises(InvalidRule):
            compile_rule(spec)


UK = BusinessCalendar(
    "UK", holidays={date(2026, 12, 25): "Christmas Day"}, first_year=2026, last_year=2027
)


def business_day_rule(**fields):
    fields = {"business_day_of_month": 3, "calendar": UK, **fields}
    return compile_rule(RuleSpec(kind="monthly_business_day", time_of_day=time(6), **fields))


@pytest.mark.parametrize(
    ("day", "previous", "following"),
    [
        (date(2026, 12, 24), date(2026, 12, 23), date(2026, 12, 28)),
        (date(2026, 12, 25), date(2026, 12, 24), date(2026, 12, 28)),
        (date(2026, 12, 27), date(2026, 12, 24), date(2026, 12, 28)),
        # Nothing is known of 2025 and 2028.
        (date(2026, 1, 1), None, date(2026, 1, 2)),
        (date(2027, 12, 31), date(2027, 12, 30), None),
        (date(2025, 6, 2), None, None),
    ],
)
def test_a_slot_knows_the_business_days_around_it(day, previous, following):
    rule = compile_rule(RuleSpec(kind="daily", time_of_day=time(6), calendar=UK))
    slot = datetime.combine(day, time(6), UTC)
    assert rule.business_dates(slot) == BusinessDates(day, previous, following)


def test_without_a_calendar_there_are_no_business_days_around():
    slot = utc("2026-12-24T06:00")
    assert cron("0 6 * * *").business_dates(slot) == BusinessDates(date(2026, 12, 24))


def test_the_business_date_is_that_of_the_clock_in_the_rules_zone():
    rule = cron("30 1 * * *", "Asia/Tokyo")
    assert rule.business_dates(utc("2026-12-24T16:30")).business_date == date(2026, 12, 25)


def test_a_rule_may_outlive_its_calendar_and_then_says_so():
    rule = business_day_rule()
    assert fires(rule, "2000-01-01T00:00", 1) == ["2026-01-05T06:00"]
    with pytest.raises(CalendarOutOfDate, match="dates up to 2027, not for 2028; extend its years"):
        rule.next(utc("2027-12-15T00:00"))


def test_a_start_beyond_the_calendar_is_no_rule_that_never_fires():
    with pytest.raises(CalendarOutOfDate):
        business_day_rule(start_at=utc("2028-01-01T00:00")).next(utc("2028-01-01T00:00"))


def test_a_rule_that_never_fires_within_its_calendar_is_refused():
    start, end = utc("2026-06-01T00:00"), utc("2026-06-02T00:00")
    invalid = refusal(
        kind="monthly_business_day",
        time_of_day=time(6),
        business_day_of_month=3,
        calendar=UK,
        start_at=start,
        end_at=end,
    )
    assert [(e.field, e.code) for e in invalid.errors] == [("end_at", "never_fires")]


def test_a_calendar_that_a_rule_does_not_fire_by_does_not_bound_it():
    once = RuleSpec(kind="one_time", one_time_at=utc("2020-05-04T06:00"), calendar=UK)
    assert fires(compile_rule(once), "2020-01-01T00:00", 2) == ["2020-05-04T06:00", None]


def test_slots_and_fires_are_the_same_without_exclusions():
    rule = cron("*/7 * * * *", "Europe/Berlin")
    moment = utc("2026-10-24T22:00")
    for _ in range(60):
        fire = rule.next(moment)
        assert rule.next_slot(moment) == fire
        assert rule.judge(fire) is None
        moment = fire
