"""Rules against a walk over every second or minute, with the definitions taken literally."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import InvalidRule
from tests.unit.jobs.schedules.asking import cron
from tests.unit.jobs.schedules.writing import seeded, write

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)

# A zone, and an instant within a day of a change of its clock.
CHANGES = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Nuuk", "2024-03-31"),
    ("America/Nuuk", "2024-10-27"),
    ("America/Havana", "2025-03-09"),
    ("America/Havana", "2025-11-02"),
    ("America/Santiago", "2026-04-05"),
    ("America/Santiago", "2025-09-07"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Antarctica/Troll", "2026-10-25"),
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Asia/Pyongyang", "2018-05-04"),
    ("America/Caracas", "2007-12-09"),
    ("Asia/Kathmandu", "1985-12-31"),
]


def scan(written, zone, start, stop, step):
    """Every fire in [start, stop): the sort of rule decides what counts, as ``local_time`` says."""
    fires = []
    reached = (start - step).astimezone(zone).replace(tzinfo=None, fold=0)
    moment = start
    while moment < stop:
        wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        if not written.is_fixed_time:
            if written.matches(wall):
                fires.append(moment)
        elif wall > reached:
            passed = int((wall - reached) / step)
            counts = passed if wall - reached - step <= timedelta(hours=3) else 1
            if any(written.matches(wall - n * step) for n in range(counts)):
                fires.append(moment)
        reached = max(reached, wall)
        moment += step
    return fires


def ask(rule, start, stop):
    fires, fire = [], rule.next(start - SECOND)
    while fire is not None and fire < stop:
        fires.append(fire)
        fire = rule.next(fire)
    return fires


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
