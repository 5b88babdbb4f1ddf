"""A worker, or one of its processes, is killed, frozen or cut off while executions run."""

import signal
from collections.abc import Iterator

import psutil
import pytest

from executions.models import JobExecution
from tests.chaos.faults import Relay
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    RETRIED,
    grandchild_of,
    moves,
    open_many,
    open_one,
    reasons,
    wait_for,
    wait_until_called,
    wait_until_gone,
)
from tests.platform import Platform, is_gone, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_what_a_killed_worker_ran_is_run_by_another(platform: Platform) -> None:
    doomed, _ = platform.start(concurrency=3)
    retried = open_many(2, "slow_once", job=RETRIED)
    single = open_one("slow_once")
    wait_until_called(platform, *retried, single)
    fences = {execution.pk: execution.fence for execution in retried}
    children = doomed.children()

    doomed.send(signal.SIGKILL)
    doomed.wait()
    wait_until_gone(*children, within=1)
    platform.start_worker()

    assert_kept(platform)
    wait_for("succeeded", *retried, attempt=2)
    for execution in retried:
        assert reasons(execution) == ["worker_lost"]
        rescued = moves(execution, "retrying")[0]
        assert (rescued.actor, rescued.fence) == ("rescuer", fences[execution.pk] + 1)
    wait_for("failed", single, attempt=1)
    assert single.error_type == "WorkerLost"


def test_a_killed_child_costs_only_its_own_execution(platform: Platform) -> None:
    worker, _ = platform.start(concurrency=3)
    others = open_many(2, "sleep", seconds=3)
    victim = open_one("grandchild", job=RETRIED)
    wait_until_called(platform, victim, *others)
    grandchild = grandchild_of(platform, victim)
    child = psutil.Process(victim.worker_pid)

    child.kill()

    wait_until_gone(child, grandchild)
    wait_for("succeeded", *others, attempt=1)
    until(lambda: len(worker.children()) == 3, what="the pool is full again")
    assert_kept(platform)
    wait_for("succeeded", victim, attempt=2)
    assert reasons(victim) == ["worker_lost"]


def test_a_frozen_worker_loses_its_executions_and_does_nothing_more_when_it_thaws(
    platform: Platform,
) -> None:
    frozen, _ = platform.start(concurrency=2)
    executions = open_many(2, "tick_once", job=RETRIED)
    wait_until_called(platform, *executions)
    children = frozen.children()

    frozen.send_to_all(signal.SIGSTOP)
    ticks = [count_ticks(platform, execution) for execution in executions]
    platform.start_worker()
    wait_for("succeeded", *executions, attempt=2)
    frozen.send_to_all(signal.SIGCONT)

    wait_until_gone(*children)
    assert [count_ticks(platform, execution) for execution in executions] == ticks
    until(lambda: len(frozen.children()) == 2, within=30, what="the pool is full again")
    assert_kept(platform)
    assert [reasons(execution) for execution in executions] == [["worker_lost"]] * 2


def test_workers_cut_off_from_the_database_end_their_attempts_before_others_begin(
    platform: Platform, relays: list[Relay]
) -> None:
    cut_off = [platform.start_worker(concurrency=1, DATABASE_URL=relay.url) for relay in relays]
    platform.start_beat()
    executions = open_many(2, "slow_once", job=RETRIED)
    wait_until_called(platform, *executions)
    children = [child for worker in cut_off for child in worker.children()]

    relays[0].lose_all()
    relays[1].refuse_all()
    platform.start_worker()

    assert_kept(platform)
    assert all(map(is_gone, children))
    wait_for("succeeded", *executions, attempt=2)
    assert [reasons(execution) for execution in executions] == [["worker_lost"]] * 2


@pytest.fixture
def relays(platform: Platform) -> Iterator[list[Relay]]:
    """Two ways to PostgreSQL that can be cut."""
    relays = [Relay(platform.environment["DATABASE_URL"]) for _ in range(2)]
    yield relays
    for relay in relays:
        relay.refuse_all()


def count_ticks(platform: Platform, execution: JobExecution) -> int:
    path = platform.evidence / f"{execution.pk}.ticks"
    return len(path.read_text().splitlines()) if path.exists() else 0
