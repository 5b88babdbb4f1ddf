"""Rules against cronsim, on what both mean alike (``peers`` says what that leaves out)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError

from tests.unit.jobs.schedules.asking import cron, cron_if_ever
from tests.unit.jobs.schedules.peers import write_for_cronsim, write_for_cronsim_in_a_zone
from tests.unit.jobs.schedules.writing import seeded

EXPRESSIONS, FIRES = 2_000, 3

# Changes by whole hours: when its clock changes by less, cronsim loses the fires before the next
# full hour. In a gap of a whole day it fires once, where we fire nothing.
CHANGES = [
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("America/St_Johns", "2026-03-08"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Europe/London", "2027-10-31"),
    ("Australia/Sydney", "2026-04-05"),
    ("Australia/Sydney", "2026-10-04"),
    ("America/Nuuk", "2024-03-31"),
    ("America/Nuuk", "2024-10-27"),
    ("America/Havana", "2025-03-09"),
    ("America/Havana", "2025-11-02"),
    ("America/Santiago", "2025-09-07"),
    ("Antarctica/Troll", "2026-03-29"),
    ("Antarctica/Troll", "2026-10-25"),
]


def peer_of(expression, after):
    """cronsim, or None when it finds that there are no such dates."""
    try:
        return CronSim(expression, after)
    except CronSimError:
        return None


@pytest.mark.parametrize("seed", range(6))
def test_the_next_fires_are_those_of_cronsim(seed):
    random, refused = seeded(seed), 0
    for _ in range(EXPRESSIONS):
        expression, needs_both = write_for_cronsim(random)
        after = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randint(0, 10**9))
        peer = peer_of(expression, after)
        rule = cron_if_ever(expression, day_match="and" if needs_both else "or")
        if rule is None:
            assert peer is None or next(peer, None) is None, expression
            refused += 1
            continue
        ours = after
        for _ in range(FIRES):
            ours = rule.next(ours)
            assert ours == next(peer), (expression, after)
    assert refused < EXPRESSIONS / 20


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_the_fires_around_a_change_of_the_clock_are_those_of_cronsim(zone, day):
    random = seeded(f"{zone} {day}")
    middle = datetime.fromisoformat(day).replace(tzinfo=UTC)
    for _ in range(150):
        expression = write_for_cronsim_in_a_zone(random)
        ours = middle + timedelta(seconds=random.randint(-90_000, 20_000))
        local = ours.astimezone(ZoneInfo(zone))
        if local.fold:  # cronsim forgets that its start is the second of two
            continue
        rule, peer = cron(expression, zone), CronSim(expression, local)
        for _ in range(6):
            ours = rule.next(ours)
            assert ours == next(peer).astimezone(UTC), expression
