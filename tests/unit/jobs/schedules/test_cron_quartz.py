import pytest

from jobs.schedules.quartz import quartz_to_standard
from tests.unit.jobs.schedules.asking import cron, fires, refusal

NEW_YEAR = "2026-01-01T00:00:30"


@pytest.mark.parametrize(
    ("quartz", "standard"),
    [
        ("0 0 12 * * ?", "0 0 12 * * ?"),
        ("0 15 10 ? * 2-6", "0 15 10 ? * MON-FRI"),
        ("0 15 10 ? * MON-FRI", "0 15 10 ? * MON-FRI"),
        ("0 15 10 ? * 1,7", "0 15 10 ? * SUN,SAT"),
        ("0 15 10 ? * 6#3", "0 15 10 ? * FRI#3"),
        ("0 15 10 ? * 6L", "0 15 10 ? * FRIL"),
        ("0 15 10 ? * 6L 2026-2030", "0 15 10 ? * FRIL 2026-2030"),
        ("0 15 10 ? * L", "0 15 10 ? * SAT"),
        ("0 15 10 ? * 2/2", "0 15 10 ? * MON/2"),
        ("0 15 10 ? * */2", "0 15 10 ? * */2"),
        ("0 15 10 ? * 7-2/2", "0 15 10 ? * SAT-MON/2"),
        ("0 /5 14,18 * * ?", "0 */5 14,18 * * ?"),
        ("0 15 10 L-3W * ?", "0 15 10 L-3W * ?"),
        ("0 0 0 ? 1-3 mon#1", "0 0 0 ? 1-3 MON#1"),
        (" 0 0 0 ? *\t2 ", "0 0 0 ? * MON"),
        ("@daily", "@daily"),
    ],
)
def test_an_expression_is_put_into_the_standard_dialect(quartz, standard):
    assert quartz_to_standard(quartz) == standard
    if not quartz.startswith("@"):
        asked = cron(quartz, cron_dialect="quartz")
        assert fires(asked, NEW_YEAR, 20) == fires(cron(standard), NEW_YEAR, 20)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 9 ? * 1", ["2026-01-04T09:00"]),
        ("0 0 9 ? * 2", ["2026-01-05T09:00"]),
        ("0 0 9 ? * 7", ["2026-01-03T09:00"]),
        ("0 0 9 ? * 6#3", ["2026-01-16T09:00"]),
        ("0 0 9 ? * 6L", ["2026-01-30T09:00"]),
        ("0 0 9 ? * L", ["2026-01-03T09:00"]),
        ("0 0 9 LW * ?", ["2026-01-30T09:00"]),
        ("0 0 9 ? * *", ["2026-01-01T09:00"]),
        ("@weekly", ["2026-01-04T00:00"]),
    ],
)
def test_weekdays_are_numbered_from_sunday_1(expression, expected):
    assert fires(cron(expression, cron_dialect="quartz"), NEW_YEAR, 1) == expected


def test_the_same_numbers_mean_other_days_in_the_standard_dialect():
    assert fires(cron("0 0 9 ? * 1"), NEW_YEAR, 1) == ["2026-01-05T09:00"]
    assert fires(cron("0 0 9 ? * 1", cron_dialect="standard"), NEW_YEAR, 1) == ["2026-01-05T09:00"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 * * ?", "5 fields; the Quartz dialect has six, seconds first, or seven"),
        ("0 0 0 * * ? * *", "8 fields; the Quartz dialect has six"),
        ("0 0 0 * * *", "one of day of month and day of week, and not both, must be ?"),
        ("0 0 0 ? * ?", "one of day of month and day of week, and not both, must be ?"),
        ("0 0 0 1 * 2", "one of day of month and day of week, and not both, must be ?"),
        ("0 0 0 ? * 0", "day of week: '0' is out of range; use 1-7 (1 is Sunday"),
        ("0 0 0 ? * 8", "day of week: '8' is out of range; use 1-7 (1 is Sunday"),
        ("0 0 0 ? * 2-8", "day of week: '8' in '2-8' is out of range; use 1-7"),
        ("0 0 0 ? * 0#1", "day of week: '0' in '0#1' is out of range; use 1-7"),
        ("0 0 0 ? * 2#6", "day of week: the week '6' in 'MON#6' is out of range; use 1-5"),
        ("? 0 0 1 * ?", "second: '?' is not a value; use 0-59"),
        ("@reboot", "@reboot is not supported"),
    ],
)
def test_what_quartz_does_not_take_is_refused(expression, words):
    [error] = refusal(kind="cron", cron_expression=expression, cron_dialect="quartz").errors
    assert error.field == "cron_expression"
    assert words in error.detail
