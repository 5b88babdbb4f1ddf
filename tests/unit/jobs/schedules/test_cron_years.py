import pytest

from tests.unit.jobs.schedules.asking import cron, fires, refusal

NEW_YEAR = "2026-01-01T00:00:30"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 0 1 1 * 2027", ["2027-01-01T00:00", None]),
        ("0 0 0 1 1 * 2027,2029", ["2027-01-01T00:00", "2029-01-01T00:00", None]),
        ("0 0 0 1 1 * 2027-2028", ["2027-01-01T00:00", "2028-01-01T00:00", None]),
        ("0 0 0 1 1 * 2096/2", ["2096-01-01T00:00", "2098-01-01T00:00", None]),
        ("30 0 6 1 6 ? *", ["2026-06-01T06:00:30", "2027-06-01T06:00:30"]),
        ("0 0 0 31 12 * 2099", ["2099-12-31T00:00", None]),
        ("0 0 0 L 2 * 2027-2029", ["2027-02-28T00:00", "2028-02-29T00:00", "2029-02-28T00:00"]),
        ("0 0 0 * * 1L 2026", ["2026-01-26T00:00", "2026-02-23T00:00"]),
        ("59 59 23 * * * 2026", ["2026-01-01T23:59:59", "2026-01-02T23:59:59"]),
        # Past the last of its years there is nothing, however close.
        ("0 0 0 1 1 * 2025", [None]),
        ("0 0 0 1 1 * 1970", [None]),
    ],
)
def test_seven_fields_have_the_year_last(expression, expected):
    assert fires(cron(expression), NEW_YEAR, len(expected)) == expected


def test_the_last_second_of_a_year_is_followed_by_the_next_of_its_years():
    rule = cron("* * * * * * 2026,2030")
    assert fires(rule, "2026-12-31T23:59:58", 2) == ["2026-12-31T23:59:59", "2030-01-01T00:00"]


@pytest.mark.parametrize("expression", ["0 0 0 29 2 * 2027", "0 0 0 31 4 * 2027-2099"])
def test_years_without_the_day_are_refused(expression):
    [error] = refusal(kind="cron", cron_expression=expression).errors
    assert (error.field, error.code) == ("cron_expression", "never_fires")
    assert "no such day in these months and years" in error.detail


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 0 1 1 * 1969", "year: '1969' is out of range; use 1970-2099"),
        ("0 0 0 1 1 * 2100", "year: '2100' is out of range; use 1970-2099"),
        ("0 0 0 1 1 * 27", "year: '27' is out of range; use 1970-2099"),
        ("0 0 0 1 1 * 2030-2027", "year: '2030-2027' runs backwards; write 2027-2030"),
        ("0 0 0 1 1 * ?", "year: '?' is not a value; use 1970-2099"),
        ("0 0 0 1 1 * H", "year: 'H' is not a value; use 1970-2099"),
        ("0 0 0 1 1 * 2026/0", "year: the step in '2026/0' must be a whole number from 1"),
    ],
)
def test_a_bad_year_is_refused(expression, words):
    [error] = refusal(kind="cron", cron_expression=expression).errors
    assert (error.field, error.code) == ("cron_expression", "invalid_cron")
    assert words in error.detail
