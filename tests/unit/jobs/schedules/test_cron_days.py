import pytest

from tests.unit.jobs.schedules.asking import cron, fires, refusal

NEW_YEAR = "2026-01-01T00:00:30"  # a Thursday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # The last day, and days before it.
        ("0 0 L * *", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("0 0 L 2 *", ["2026-02-28", "2027-02-28", "2028-02-29"]),
        ("0 0 L-3 * *", ["2026-01-28", "2026-02-25", "2026-03-28"]),
        ("0 0 L-0 * *", ["2026-01-31", "2026-02-28"]),
        ("0 0 L-30 * *", ["2026-03-01", "2026-05-01", "2026-07-01"]),
        ("0 0 L-28 2 *", ["2028-02-01", "2032-02-01"]),
        # The weekday nearest to a day. 15 February, 15 March and 15 August are on a weekend.
        ("0 0 15W * *", ["2026-01-15", "2026-02-16", "2026-03-16", "2026-04-15"]),
        ("0 0 15W 8 *", ["2026-08-14", "2027-08-16"]),
        # It stays in its month: 1 August is a Saturday, 31 May a Sunday.
        ("0 0 1W 8 *", ["2026-08-03"]),
        ("0 0 31W 5 *", ["2026-05-29"]),
        ("0 0 1W 2 *", ["2026-02-02"]),
        # Only in months that have the day; 31 January is a Saturday.
        ("0 0 31W * *", ["2026-01-30", "2026-03-31", "2026-05-29", "2026-07-31", "2026-08-31"]),
        ("0 0 29W 2 *", ["2028-02-29", "2032-02-27"]),
        # The last weekday of the month, and the one nearest to a day before the last.
        ("0 0 LW * *", ["2026-01-30", "2026-02-27", "2026-03-31", "2026-04-30", "2026-05-29"]),
        ("0 0 L-2W * *", ["2026-01-29", "2026-02-26", "2026-03-30", "2026-04-28"]),
        ("0 0 L-30W * *", ["2026-03-02", "2026-05-01"]),
        # In lists.
        ("0 0 1,L * *", ["2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01"]),
        ("0 0 1W,15W,LW * *", ["2026-01-15", "2026-01-30", "2026-02-02", "2026-02-16"]),
        ("0 0 L,L-1,10-11 * *", ["2026-01-10", "2026-01-11", "2026-01-30", "2026-01-31"]),
    ],
)
def test_days_of_the_month_that_move(expression, expected):
    days = [f"{day}T00:00" for day in expected]
    assert fires(cron(expression), NEW_YEAR, len(expected)) == days


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 * * FRI#1", ["2026-01-02", "2026-02-06", "2026-03-06"]),
        ("0 0 * * 5#3", ["2026-01-16", "2026-02-20", "2026-03-20"]),
        ("0 0 * * mon#5", ["2026-03-30", "2026-06-29", "2026-08-31"]),
        ("0 0 * * 0#1", ["2026-01-04", "2026-02-01"]),
        ("0 0 * * 7#1", ["2026-01-04", "2026-02-01"]),
        ("0 0 * * 5L", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("0 0 * * friL", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("0 0 * * 7L", ["2026-01-25", "2026-02-22"]),
        ("0 0 * * 1#2,FRIL", ["2026-01-12", "2026-01-30", "2026-02-09", "2026-02-27"]),
        ("0 0 * * 1#2,3", ["2026-01-07", "2026-01-12", "2026-01-14", "2026-01-21"]),
        ("0 0 * 2 MON#5", ["2044-02-29", "2072-02-29"]),
    ],
)
def test_the_nth_and_the_last_weekday(expression, expected):
    days = [f"{day}T00:00" for day in expected]
    assert fires(cron(expression), NEW_YEAR, len(expected)) == days


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # The first Friday, and each 1st.
        ("0 0 1 * FRI#1", ["2026-01-02", "2026-02-01", "2026-02-06", "2026-03-01"]),
        ("0 0 1 * 5#1", ["2026-01-02", "2026-02-01", "2026-02-06", "2026-03-01"]),
        ("0 0 15W * 1", ["2026-01-05", "2026-01-12", "2026-01-15", "2026-01-19"]),
        ("0 0 L * FRIL", ["2026-01-30", "2026-01-31", "2026-02-27", "2026-02-28"]),
    ],
)
def test_days_that_move_are_met_by_either_field_too(expression, expected):
    days = [f"{day}T00:00" for day in expected]
    assert fires(cron(expression), NEW_YEAR, len(expected)) == days


def test_friday_the_thirteenth_as_the_second_friday():
    asked = cron("0 0 13 * FRI#2", day_match="and")
    assert fires(asked, NEW_YEAR, 2) == ["2026-02-13T00:00", "2026-03-13T00:00"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 L-31 * *", "day of month: '31' in 'L-31' is out of range; use L-1 to L-30"),
        ("0 0 L-31W * *", "day of month: '31' in 'L-31W' is out of range; use L-1 to L-30"),
        ("0 0 32W * *", "day of month: '32' in '32W' is out of range; use 1-31"),
        ("0 0 0W * *", "day of month: '0' in '0W' is out of range; use 1-31"),
        ("0 0 W15 * *", "day of month: 'W15' is not a value; write 15W"),
        ("0 0 1-5W * *", "day of month: '1-5W': W follows one day; use 15W, LW or L-3W"),
        ("0 0 W * *", "day of month: 'W': W follows one day; use 15W, LW or L-3W"),
        ("0 0 WL * *", "day of month: 'WL' is not a value; use 1-31, or a day such as L, L-3"),
        ("0 0 15W/2 * *", "day of month: '15W' in '15W/2' is not a value"),
        ("0 0 1-L * *", "day of month: 'L' in '1-L' is not a value"),
        ("0 0 5L * *", "day of month: '5L' is not a value"),
        ("0 0 * L *", "month: 'L' is not a value; use 1-12 or JAN-DEC"),
        ("0 0 * * L", "day of week: 'L' says no weekday; use 5L or FRIL"),
        ("0 0 * * L5", "day of week: 'L5' is not a value; write 5L"),
        ("0 0 * * 8L", "day of week: '8' in '8L' is out of range; use 0-7 or SUN-SAT"),
        ("0 0 * * FOOL", "day of week: 'FOO' in 'FOOL' is not a value; use 0-7 or SUN-SAT"),
        ("0 0 * * 15W", "day of week: '15W' is not a value; use 0-7 or SUN-SAT"),
        ("0 0 * * FRI#6", "day of week: the week '6' in 'FRI#6' is out of range; use 1-5"),
        ("0 0 * * FRI#0", "day of week: the week '0' in 'FRI#0' is out of range; use 1-5"),
        ("0 0 * * FRI#L", "the week 'L' in 'FRI#L' is out of range; use 1-5, or FRIL for the last"),
        ("0 0 * * FRI#", "day of week: the week '' in 'FRI#' is out of range"),
        ("0 0 * * 8#1", "day of week: '8' in '8#1' is out of range; use 0-7"),
        ("0 0 * * MON-FRI#1", "day of week: 'MON-FRI' in 'MON-FRI#1' is not a value"),
        ("0 0 1#1 * *", "day of month: '1#1' is not a value"),
    ],
)
def test_a_bad_day_is_refused_with_the_fix(expression, words):
    [error] = refusal(kind="cron", cron_expression=expression).errors
    assert (error.field, error.code) == ("cron_expression", "invalid_cron")
    assert words in error.detail


@pytest.mark.parametrize("expression", ["0 0 L-30 2 *", "0 0 31W 4 *", "0 0 L-29W 2 *"])
def test_moving_days_that_never_come_are_refused(expression):
    [error] = refusal(kind="cron", cron_expression=expression).errors
    assert (error.field, error.code) == ("cron_expression", "never_fires")
