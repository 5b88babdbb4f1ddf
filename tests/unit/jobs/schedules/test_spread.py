"""Spreading fires that share an instant."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules.spread import spread_delay
from tests.unit.jobs.schedules.asking import utc

SLOT = utc("2026-05-04T02:00")


def seconds(key, *, slot=SLOT, following=None, spread=3600):
    return spread_delay(key, slot, following, spread).total_seconds()


def test_one_key_and_slot_always_wait_the_same():
    # Fixed for ever: a change would move every schedule that is spread.
    assert [seconds(key) for key in ("a", "b", "c")] == [2895, 1839, 2713]


def test_keys_and_slots_wait_differently():
    assert len({seconds(f"schedule {n}") for n in range(100)}) > 90
    slots = [SLOT + timedelta(days=n) for n in range(100)]
    assert len({seconds("one", slot=slot) for slot in slots}) > 90


def test_the_zone_of_the_slot_does_not_matter():
    local = SLOT.astimezone(ZoneInfo("Asia/Tokyo"))
    assert seconds("a", slot=local) == seconds("a")


def test_delays_are_whole_seconds_below_the_spread_and_use_all_of_it():
    delays = [seconds(str(n), spread=10) for n in range(500)]
    assert set(delays) == set(range(10))


def test_five_hundred_schedules_spread_evenly_over_an_hour():
    sixths = [0] * 6
    for n in range(500):
        sixths[int(seconds(f"schedule {n}") // 600)] += 1
    assert min(sixths) > 60
    assert max(sixths) < 110


@pytest.mark.parametrize("gap", [1, 7, 59])
def test_no_delay_reaches_the_slot_that_follows(gap):
    following = SLOT + timedelta(seconds=gap)
    delays = {seconds(str(n), following=following) for n in range(1000)}
    assert delays == set(range(gap))


def test_a_slot_that_follows_later_than_the_spread_changes_nothing():
    following = SLOT + timedelta(days=1)
    assert seconds("a", following=following) == seconds("a")


def test_without_a_spread_nothing_waits():
    assert spread_delay("a", SLOT, None, 0) == timedelta(0)
