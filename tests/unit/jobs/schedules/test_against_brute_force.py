"""Rules against a walk over every second or minute, with the definitions taken literally."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import InvalidRule
from tests.unit.jobs.schedules.asking import cron
from tests.unit.jobs.schedules.scanning import CHANGES, MINUTE, SECOND, ask, scan
from tests.unit.jobs.schedules.writing import seeded, write


def compiled(written, zone="UTC"):
    """The rule, or None when its dates can never come."""
    try:
        return cron(written.expression, zone)
    except InvalidRule as invalid:
        if [error.code for error in invalid.errors] != ["never_fires"]:
            raise
        return None


@pytest.mark.parametrize("fixed_time", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_every_minute_of_some_days_in_utc(seed, fixed_time):
    random = seeded(seed)
    for _ in range(10):
        written = write(random, fixed_time=fixed_time)
        start = datetime(2027, 12, 28, tzinfo=UTC) + timedelta(days=random.randint(0, 70))
        stop = start + timedelta(days=3)
        rule = compiled(written)
        expected = scan(written, UTC, start, stop, MINUTE)
        assert (ask(rule, start, stop) if rule else []) == expected, written.expression


@pytest.mark.parametrize("seed", range(4))
def test_every_second_of_some_minutes_in_utc(seed):
    random = seeded(seed)
    for _ in range(10):
        written = write(random, seconds=True)
        start = datetime(2026, 2, 28, 23, 50, tzinfo=UTC) + timedelta(hours=random.randint(0, 99))
        stop = start + timedelta(minutes=40)
        rule = compiled(written)
        expected = scan(written, UTC, start, stop, SECOND)
        assert (ask(rule, start, stop) if rule else []) == expected, written.expression


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_every_minute_around_a_change_of_the_clock(zone, day):
    random = seeded(f"{zone} {day}")
    middle = datetime.fromisoformat(day).replace(tzinfo=UTC)
    start, stop = middle - timedelta(hours=22), middle + timedelta(hours=34)
    for number in range(8):
        written = write(random, fixed_time=number % 2 == 0)
        if number < 6:  # the others keep their dates, and so fire seldom
            written.texts[3:], written.meaning[3:] = ["*", "*", "*"], [None, None, None]
        rule = compiled(written, zone)
        expected = scan(written, ZoneInfo(zone), start, stop, MINUTE)
        assert (ask(rule, start, stop) if rule else []) == expected, written.expression


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_asking_from_any_instant_gives_the_next_of_all_fires(zone, day):
    random = seeded(f"{day} {zone}")
    middle = datetime.fromisoformat(day).replace(tzinfo=UTC)
    start, stop = middle - timedelta(hours=22), middle + timedelta(hours=34)
    for expression in ("*/7 * * * *", "0,25,50 0-23 * * *", "10 2 * * *", "*/20 0-3,22,23 * * *"):
        rule = cron(expression, zone)
        fires = ask(rule, start, stop)
        for _ in range(60):
            after = start + timedelta(seconds=random.randint(0, 53 * 3600))
            later = [fire for fire in fires if fire > after]
            if later:
                assert rule.next(after) == later[0], (expression, after)
