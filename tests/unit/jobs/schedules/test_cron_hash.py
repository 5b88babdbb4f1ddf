from collections import Counter

import pytest

from jobs.schedules.fields import DAY, HOUR, MINUTE, MONTH, SECOND, WEEKDAY
from tests.unit.jobs.schedules.asking import cron, fires, refusal

NEW_YEAR = "2026-01-01T00:00:30"
KEYS = [f"schedule-{number}" for number in range(500)]


def values(field, text, key):
    bits = field.parse(text, hash_key=key).bits
    return [number for number in range(64) if bits >> number & 1]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("", "2026-01-01T02:55"),
        ("01993f30-7c1f-7e61-a7b5-0d5a7a3b9f10", "2026-01-01T02:37"),
    ],
)
def test_the_picked_minute_is_the_same_for_ever(key, expected):
    assert fires(cron("H 2 * * *", hash_key=key), NEW_YEAR, 1) == [expected]


def test_500_schedules_are_spread_over_the_hour():
    minutes = Counter(value for key in KEYS for value in values(MINUTE, "H", key))
    assert set(minutes) == set(range(60))
    assert max(minutes.values()) < 25


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (SECOND, range(60)),
        (MINUTE, range(60)),
        (HOUR, range(24)),
        (DAY, range(1, 29)),
        (MONTH, range(1, 13)),
        (WEEKDAY, range(7)),
    ],
)
def test_a_hash_may_pick_each_value_that_always_comes(field, expected):
    picked = {value for key in KEYS for value in values(field, "H", key)}
    assert picked == set(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("H(0-29)", range(30)), ("H(50-9)", [*range(50, 60), *range(10)]), ("H(7-7)", [7])],
)
def test_a_hash_stays_in_its_brackets(text, expected):
    picked = {value for key in KEYS for value in values(MINUTE, text, key)}
    assert picked == set(expected)


def test_a_hash_with_a_step_picks_where_it_starts():
    starts = Counter(values(MINUTE, "H/15", key)[0] for key in KEYS)
    assert set(starts) == set(range(15))
    for key in KEYS[:50]:
        first, *others = values(MINUTE, "H/15", key)
        assert others == [first + 15, first + 30, first + 45]


@pytest.mark.parametrize("key", KEYS[:50])
def test_a_hash_with_a_step_stays_in_its_brackets(key):
    found = values(MINUTE, "H(10-29)/8", key)
    assert 10 <= found[0] <= 17
    assert found == list(range(found[0], 30, 8))


@pytest.mark.parametrize("key", KEYS[:50])
def test_a_step_wider_than_its_range_leaves_one_value(key):
    [value] = values(MINUTE, "H(10-19)/40", key)
    assert 10 <= value <= 19


def test_fields_are_picked_apart():
    pairs = {(*values(SECOND, "H", key), *values(MINUTE, "H", key)) for key in KEYS}
    assert len(pairs) > 450
    assert any(second != minute for second, minute in pairs)


def test_names_may_be_in_the_brackets_and_hashes_in_a_list():
    assert {value for key in KEYS for value in values(WEEKDAY, "H(MON-FRI)", key)} == {
        1,
        2,
        3,
        4,
        5,
    }
    for key in KEYS[:50]:
        first, second = values(MINUTE, "H(0-29),H(30-59)", key)
        assert second - first == 30


def test_a_hash_alone_counts_as_its_number_where_the_clock_is_set_back():
    # 01:30 and its neighbours happen twice on that day.
    rule = cron("H 1 * * *", "Europe/Berlin", hash_key="x")
    assert len({fire[:10] for fire in fires(rule, "2026-10-23T00:00:00", 5)}) == 5
    repeated = cron("H/30 2 * * *", "Europe/Berlin", hash_key="x")
    assert len([f for f in fires(repeated, "2026-10-24T22:00:00", 4) if f < "2026-10-25T12"]) == 4


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("H() * * * *", "minute: 'H()' names no range; write it as H(1-5)"),
        ("H(5) * * * *", "minute: 'H(5)' names no range; write it as H(1-5)"),
        ("H(0-60) * * * *", "minute: '60' in 'H(0-60)' is out of range; use 0-59"),
        ("H(0-29 * * * *", "minute: 'H(0' in 'H(0-29' is not a value; use 0-59"),
        ("H/0 * * * *", "minute: the step in 'H/0' must be a whole number from 1"),
        ("H5 * * * *", "minute: 'H5' is not a value; use 0-59"),
        ("H-5 * * * *", "minute: 'H' in 'H-5' is not a value; use 0-59"),
        ("0 0 H(1-31) * *", "day of month: 31 in 'H(1-31)' is out of range; H gives 1-28"),
        ("0 0 H(25-5) * *", "day of month: 31 in 'H(25-5)' is out of range; H gives 1-28"),
    ],
)
def test_a_bad_hash_is_refused(expression, words):
    [error] = refusal(kind="cron", cron_expression=expression).errors
    assert (error.field, error.code) == ("cron_expression", "invalid_cron")
    assert words in error.detail
