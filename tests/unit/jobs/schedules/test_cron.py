import pytest

from jobs.schedules.cron import cron_timing
from tests.unit.jobs.schedules.asking import cron, fires, refusal

NEW_YEAR = "2026-01-01T00:00:30"  # a Thursday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * *", ["2026-01-01T00:01", "2026-01-01T00:02"]),
        ("*/15 * * * *", ["2026-01-01T00:15", "2026-01-01T00:30"]),
        ("0 6 * * *", ["2026-01-01T06:00", "2026-01-02T06:00"]),
        ("0 9 * * 1-5", ["2026-01-01T09:00", "2026-01-02T09:00", "2026-01-05T09:00"]),
        ("0 0 1 * *", ["2026-02-01T00:00", "2026-03-01T00:00"]),
        ("0 0 31 * *", ["2026-01-31T00:00", "2026-03-31T00:00", "2026-05-31T00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 8,20 * * *", ["2026-01-01T08:00", "2026-01-01T20:00", "2026-01-02T08:00"]),
        ("5 4 * * sun", ["2026-01-04T04:05", "2026-01-11T04:05"]),
        ("0 12 * jun Mon-fri", ["2026-06-01T12:00", "2026-06-02T12:00"]),
        ("  0   6\t* * *  ", ["2026-01-01T06:00"]),
        ("05 06 * * *", ["2026-01-01T06:05"]),
    ],
)
def test_five_fields_fire_at_minute_zero_seconds(expression, expected):
    assert fires(cron(expression), NEW_YEAR, len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * * *", ["2026-01-01T00:00:31", "2026-01-01T00:00:32"]),
        ("*/20 * * * * *", ["2026-01-01T00:00:40", "2026-01-01T00:01"]),
        ("30 0 6 * * *", ["2026-01-01T06:00:30", "2026-01-02T06:00:30"]),
        ("0 30 6 * * *", ["2026-01-01T06:30"]),
    ],
)
def test_six_fields_have_seconds_first(expression, expected):
    assert fires(cron(expression), NEW_YEAR, len(expected)) == expected


@pytest.mark.parametrize(
    ("wrapping", "plain"),
    [
        ("0 22-2 * * *", "0 22,23,0,1,2 * * *"),
        ("57-5/3 * * * *", "57,0,3 * * * *"),
        ("0 0 28-3 * *", "0 0 28,29,30,31,1,2,3 * *"),
        ("0 0 28-3/2 * *", "0 0 28,30,1,3 * *"),
        ("0 0 1 NOV-FEB *", "0 0 1 11,12,1,2 *"),
        ("0 0 * * FRI-MON", "0 0 * * FRI,SAT,SUN,MON"),
        ("0 0 * * SAT-SUN", "0 0 * * 6,0"),
        ("0 0 * * 5-7", "0 0 * * FRI,SAT,SUN"),
        ("0 0 * * 7-2", "0 0 * * SUN,MON,TUE"),
        ("0 0 * * 6-2/2", "0 0 * * SAT,MON"),
    ],
)
def test_a_range_that_runs_backwards_wraps_around(wrapping, plain):
    assert fires(cron(wrapping), NEW_YEAR, 20) == fires(cron(plain), NEW_YEAR, 20)


@pytest.mark.parametrize(
    ("short", "plain"),
    [
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * 0-7", "0 0 * * SUN-SAT"),
        ("0 0 * * 7-7", "0 0 * * SUN"),
        ("0 0 5-5 * *", "0 0 5 * *"),
        ("0 0 * * FRI-FRI", "0 0 * * FRI"),
        ("59/15 * * * *", "59 * * * *"),
        ("0 0 * * 6/1", "0 0 * * SAT"),
        ("10/20 * * * *", "10,30,50 * * * *"),
        ("0 20/2 * * *", "0 20,22 * * *"),
        ("0 0 * * 4/1", "0 0 * * THU,FRI,SAT"),
        ("0 0 * * 7/2", "0 0 * * SUN,TUE,THU,SAT"),
        ("0 0 * 10/1 MON", "0 0 * OCT,NOV,DEC MON"),
        ("*/90 * * * *", "0 * * * *"),
        ("0 0-12/5 * * *", "0 0,5,10 * * *"),
        ("5,5,1-5,3 * * * *", "1,2,3,4,5 * * * *"),
        ("0 0 ? * MON", "0 0 * * MON"),
        ("0 0 1 * ?", "0 0 1 * *"),
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * SUN"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 JAN *"),
        (" @Annually ", "0 0 1 JAN *"),
    ],
)
def test_short_forms_mean_the_written_out_ones(short, plain):
    assert fires(cron(short), NEW_YEAR, 20) == fires(cron(plain), NEW_YEAR, 20)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Fridays and the 13th.
        ("0 0 13 * FRI", ["01-02", "01-09", "01-13", "01-16", "01-23", "01-30", "02-06", "02-13"]),
        # A stepped field is restricted, so every odd day and every Monday.
        ("0 0 */2 * MON", ["01-03", "01-05", "01-07", "01-09", "01-11", "01-12", "01-13"]),
        # The months bind both.
        ("0 0 31 6 MON", ["06-01", "06-08", "06-15", "06-22", "06-29"]),
        # So is one that is written out in full: either is met every day.
        ("0 0 1-31 * MON", ["01-02", "01-03", "01-04"]),
        ("0 0 29 2 1", ["02-02", "02-09", "02-16", "02-23"]),
        ("0 0 */1 * MON", ["01-02", "01-03", "01-04"]),
    ],
)
def test_both_day_fields_restricted_means_either(expression, expected):
    days = [f"2026-{day}T00:00" for day in expected]
    assert fires(cron(expression), NEW_YEAR, len(expected)) == days


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("60 * * * *", "minute: '60' is out of range; use 0-59"),
        ("0 24 * * *", "hour: '24' is out of range; use 0-23"),
        ("0 0 0 * *", "day of month: '0' is out of range; use 1-31"),
        ("0 0 32 * *", "day of month: '32' is out of range; use 1-31"),
        ("0 0 * 13 *", "month: '13' is out of range; use 1-12 or JAN-DEC"),
        ("0 0 * * 8", "day of week: '8' is out of range; use 0-7 or SUN-SAT"),
        ("0 9-25 * * *", "hour: '25' in '9-25' is out of range; use 0-23"),
        ("61 0 0 * * *", "second: '61' is out of range; use 0-59"),
        ("0 0 * FOO *", "month: 'FOO' is not a value; use 1-12 or JAN-DEC"),
        ("0 0 * JANUARY *", "month: 'JANUARY' is not a value; use 1-12 or JAN-DEC"),
        ("MON * * * *", "minute: 'MON' is not a value; use 0-59"),
        ("? * * * *", "minute: '?' is not a value; use 0-59"),
        ("*/0 * * * *", "minute: the step in '*/0' must be a whole number from 1"),
        ("*/x * * * *", "minute: the step in '*/X' must be a whole number from 1"),
        ("*/2/3 * * * *", "minute: the step in '*/2/3' must be a whole number from 1"),
        ("*/ * * * *", "minute: the step in '*/' must be a whole number from 1"),
        ("/5 * * * *", "minute: '' in '/5' is not a value; use 0-59"),
        ("1,,2 * * * *", "minute: '' is not a value; use 0-59"),
        ("1- * * * *", "minute: '' in '1-' is not a value; use 0-59"),
        ("-5 * * * *", "minute: '' in '-5' is not a value; use 0-59"),
        ("1-2-3 * * * *", "minute: '2-3' in '1-2-3' is not a value; use 0-59"),
        ("*-5 * * * *", "minute: '*' in '*-5' is not a value; use 0-59"),
        ("+5 * * * *", "minute: '+5' is not a value; use 0-59"),
        ("1_0 * * * *", "minute: '1_0' is not a value; use 0-59"),
        ("1.5 * * * *", "minute: '1.5' is not a value; use 0-59"),
        ("\uff11 * * * *", "characters outside ASCII"),
        ("\u00b9 * * * *", "characters outside ASCII"),
        ("0\u00a06 * * *", "characters outside ASCII"),
        ("0 0 * * ++FRI", "day of week: '+FRI' is not a value"),
        ("0 0 +1 * FRI", "day of month: '+1' is not a value"),
        ("* * * *", "4 fields; write five"),
        ("* * * * * * * *", "8 fields; write five"),
        ("@fortnightly", "'@fortnightly' is not known; use one of @hourly, @daily"),
        ("0," * 200 + "0 * * * *", "409 characters; at most 256 are allowed"),
    ],
)
def test_a_bad_expression_is_refused_with_token_and_range(expression, words):
    [error] = refusal(kind="cron", cron_expression=expression).errors
    assert (error.field, error.code) == ("cron_expression", "invalid_cron")
    assert words in error.detail


@pytest.mark.parametrize("expression", [None, "", "   "])
def test_a_missing_expression_is_refused(expression):
    [error] = refusal(kind="cron", cron_expression=expression).errors
    assert (error.field, error.code) == ("cron_expression", "required")


def test_there_is_no_start_to_run_at():
    [error] = refusal(kind="cron", cron_expression="@reboot").errors
    assert (error.field, error.code) == ("cron_expression", "not_supported")
    assert "@reboot is not supported" in error.detail


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"cron_dialect": "jenkins"}, "cron_dialect", "use standard or quartz"),
        ({"day_match": "xor"}, "day_match", "use or or and"),
    ],
)
def test_an_unknown_choice_is_refused(fields, field, words):
    [error] = refusal(kind="cron", cron_expression="0 0 * * *", **fields).errors
    assert (error.field, error.code) == (field, "unknown_choice")
    assert words in error.detail


def test_every_bad_field_of_an_expression_is_named():
    errors = refusal(kind="cron", cron_expression="60 24 32 13 MON").errors
    titles = [error.detail.split(":")[0] for error in errors]
    assert titles == ["minute", "hour", "day of month", "month"]


@pytest.mark.parametrize(
    "expression", ["0 0 31 2 *", "0 0 30 2 ?", "0 0 31 4,6,9,11 *", "0 0 30-31 FEB *"]
)
def test_dates_that_never_come_are_refused(expression):
    [error] = refusal(kind="cron", cron_expression=expression).errors
    assert (error.field, error.code) == ("cron_expression", "never_fires")


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 31 2 MON",
        "0 0 1 * MON#2",
        "0 0 1 * 1#3",
        "0 0 15 * FRIL",
        "0 0 L-2 * 1#1",
        "0 0 30 2 *",
    ],
)
def test_dates_that_never_match_both_day_fields_are_refused(expression):
    [error] = refusal(kind="cron", cron_expression=expression, day_match="and").errors
    assert (error.field, error.code) == ("cron_expression", "never_fires")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 13 * FRI", ["2026-02-13", "2026-03-13", "2026-11-13"]),
        ("0 0 1-7 * MON", ["2026-01-05", "2026-02-02", "2026-03-02"]),
        ("0 0 */2 * MON", ["2026-01-05", "2026-01-19", "2026-02-09"]),
        ("0 0 L * SAT,SUN", ["2026-01-31", "2026-02-28", "2026-05-31"]),
        ("0 0 29 2 MON", ["2044-02-29", "2072-02-29"]),
        ("0 0 13 * ?", ["2026-01-13", "2026-02-13"]),
        ("0 0 * * FRI", ["2026-01-02", "2026-01-09"]),
    ],
)
def test_both_day_fields_must_match_on_request(expression, expected):
    days = [f"{day}T00:00" for day in expected]
    asked = cron(expression, day_match="and")
    assert fires(asked, NEW_YEAR, len(expected)) == days
    before, _, weekdays = expression.rpartition(" ")
    assert fires(cron(f"{before} +{weekdays}"), NEW_YEAR, len(expected)) == days


def test_or_may_be_asked_for_by_name():
    assert fires(cron("0 0 13 * FRI", day_match="or"), NEW_YEAR, 9) == fires(
        cron("0 0 13 * FRI"), NEW_YEAR, 9
    )


def test_an_impossible_day_of_month_beside_a_weekday_is_fine():
    assert fires(cron("0 0 31 2 MON"), NEW_YEAR, 2) == ["2026-02-02T00:00", "2026-02-09T00:00"]


def test_leap_day_skips_the_century():
    assert fires(cron("0 0 29 2 *"), "2096-02-29T00:00:00", 1) == ["2104-02-29T00:00"]


def test_leap_day_on_a_weekday_waits_for_40_years():
    rule = cron("0 0 29 2 MON", day_match="and")
    assert fires(rule, "2072-03-01T00:00:00", 1) == ["2112-02-29T00:00"]


@pytest.mark.parametrize(
    ("expression", "interval_like"),
    [
        ("0 2 * * *", False),
        ("0,30 1-5 * * *", False),
        ("0-59 0-23 * * *", False),
        ("30 0 2 * * *", False),
        ("H 2 * * *", False),
        ("H(0-29) H * * *", False),
        ("0 0 */2 * */2", False),
        ("* 2 * * *", True),
        ("0 * * * *", True),
        ("*/30 2 * * *", True),
        ("0/30 2 * * *", True),
        ("0 1-5/2 * * *", True),
        ("0,*/20 2 * * *", True),
        ("H/15 2 * * *", True),
        ("* 0 2 * * *", True),
        ("@daily", False),
        ("@hourly", True),
    ],
)
def test_a_star_or_step_in_the_time_makes_it_interval_like(expression, interval_like):
    assert cron_timing(expression).is_interval_like is interval_like
