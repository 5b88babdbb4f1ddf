"""Whoever holds a lock dies, freezes, or loses it: nobody waits for ever, and the job stops."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from executions.locking import break_lock, list_locks
from tests.chaos.faults import flush_broker
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    RETRIED,
    calls,
    open_one,
    reasons,
    reload,
    wait_for,
    wait_until_called,
    wait_until_gone,
)
from tests.factories import TESTER
from tests.platform import SHORT_TIMES, Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

LEASE = float(SHORT_TIMES["SCHEDULER_LEASE_SECONDS"])


def fences(platform: Platform) -> list[int]:
    """Return the numbers that the lock was held under, in that order."""
    path: Path = platform.evidence / "fences"
    lines = path.read_text().splitlines() if path.exists() else []
    return [int(line.split()[0]) for line in lines]


def wait_until_held(platform: Platform, count: int = 1) -> None:
    until(lambda: len(fences(platform)) == count, within=30, what=f"holder {count} has it")


def assert_grown(platform: Platform) -> None:
    held = fences(platform)
    assert held == sorted(set(held))


def test_a_holder_that_is_killed_keeps_it_for_a_lease_at_most(platform: Platform) -> None:
    platform.start(concurrency=3)
    holder = open_one("lock", job=RETRIED)
    wait_until_held(platform)
    waiter = open_one("lock", seconds=0)
    wait_until_called(platform, holder, waiter)

    os.kill(holder.worker_pid, signal.SIGKILL)
    killed_at = time.monotonic()
    wait_until_held(platform, 2)

    assert time.monotonic() - killed_at <= LEASE + 1
    assert_kept(platform)
    reload(holder, waiter)
    assert (holder.status, waiter.status) == ("succeeded", "succeeded")
    assert waiter.attempt == 1
    assert reasons(holder) == ["worker_lost"]
    assert_grown(platform)


def test_a_holder_that_freezes_for_longer_than_a_lease_never_goes_on(platform: Platform) -> None:
    platform.start(concurrency=3)
    holder = open_one("lock_frozen", job=RETRIED)
    wait_until_held(platform)
    frozen = psutil.Process(until(lambda: calls(platform, holder) and pid_of(platform, holder)))
    waiter = open_one("lock", seconds=0)
    wait_until_called(platform, waiter)

    frozen.suspend()
    wait_until_held(platform, 2)
    wait_for("succeeded", waiter)
    frozen.resume()
    wait_until_gone(frozen)

    assert_kept(platform)
    reload(holder)
    assert holder.status == "succeeded"
    assert "worker_lost" in reasons(holder)
    assert_grown(platform)


def pid_of(platform: Platform, execution: object) -> int:
    return int(calls(platform, execution)[0].split()[-1])  # type: ignore[arg-type]


def test_a_holder_is_stopped_when_redis_forgets_all(platform: Platform) -> None:
    platform.start(concurrency=3)
    holder = open_one("lock", job=RETRIED)
    wait_until_held(platform)
    wait_until_called(platform, holder)

    flush_broker()
    wait_until_held(platform, 2)

    assert_kept(platform)
    reload(holder)
    assert (holder.status, holder.attempt) == ("succeeded", 2)
    assert reasons(holder) == ["lock_lost"]
    assert_grown(platform)


def test_an_operator_who_breaks_a_lock_stops_its_holder(platform: Platform) -> None:
    platform.start(concurrency=3)
    holder = open_one("lock")  # not retried
    wait_until_held(platform)
    waiter = open_one("lock", seconds=0)
    wait_until_called(platform, holder, waiter)
    until(lambda: list_locks()[0].waiters, within=10, what="the waiter is listed")

    break_lock(actor=TESTER, name="chaos", reason="it hangs")

    wait_for("failed", holder, within=10)
    wait_for("succeeded", waiter)
    assert (holder.reason, holder.error_type) == ("lock_lost", "LockLost")
    assert "it lost lock chaos: it was broken, or Redis lost it" in holder.error_message
    assert holder.stack_trace
    assert_kept(platform)
    assert_grown(platform)
    assert list_locks() == []


def test_who_does_not_get_it_is_tried_again_by_its_policy(platform: Platform) -> None:
    platform.start(concurrency=3)
    holder = open_one("lock", seconds=2)
    wait_until_held(platform)
    waiter = open_one("lock", job=RETRIED, seconds=0, wait=0.2)

    assert_kept(platform)
    reload(holder, waiter)
    assert (holder.status, waiter.status) == ("succeeded", "succeeded")
    assert waiter.attempt > 1
    assert set(reasons(waiter)) == {"retry_later"}
    assert_grown(platform)
