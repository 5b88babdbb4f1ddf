"""A worker or a beat is asked to stop, as every deployment does."""

import signal
from typing import Any

import pytest

from executions.models import JobExecution, Worker
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    calls,
    messages,
    moves,
    open_many,
    open_one,
    somebody_waits_for_a_lock,
    wait_for,
    wait_until_called,
)
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_a_stopping_worker_ends_what_is_short_and_hands_back_what_is_long(
    platform: Platform,
) -> None:
    stopping, _ = platform.start(concurrency=4)
    long = [open_one("slow_once"), open_one("slow_once", is_deaf=True)]
    wait_until_called(platform, *long)
    short = open_many(2, "sleep", seconds=0.5)
    wait_until_called(platform, *short)
    fences = [execution.fence for execution in long]
    waiting = open_many(5, "noop")

    stopping.send(signal.SIGTERM)
    # Drain and grace are 2.5 s; the rest is for a slow machine.
    assert stopping.wait(within=10) == 0
    wait_for("succeeded", *short, attempt=1)
    handed_back = [moves(execution, "scheduled")[-1] for execution in long]
    assert [(m.reason, m.from_status) for m in handed_back] == [("drain", "running")] * 2
    assert [m.fence for m in handed_back] == [fence + 1 for fence in fences]
    platform.start_worker(concurrency=4)

    assert_kept(platform)
    wait_for("succeeded", *long, *waiting, attempt=1)
    assert [len(calls(platform, execution)) for execution in long] == [2, 2]


def test_what_is_claimed_at_the_end_of_the_drain_is_handed_back(
    platform: Platform, other_connection: Any
) -> None:
    platform.start_beat()
    execution = open_one("noop")
    wait_for("queued", execution)
    lock_row(execution, other_connection)
    stopping = platform.start_worker(concurrency=1)
    until(lambda: somebody_waits_for_a_lock("worker"), within=30, what="the claim waits")

    stopping.send(signal.SIGTERM)
    until(lambda: stopping.says("drain deadline"), within=30, what="the drain is over")
    other_connection.rollback()

    assert stopping.wait(within=10) == 0
    assert [move.reason for move in moves(execution, "scheduled")[1:]] == ["drain"]
    assert calls(platform, execution) == []
    platform.start_worker()
    assert_kept(platform)
    wait_for("succeeded", execution, attempt=1)


def lock_row(execution: JobExecution, other_connection: Any) -> None:
    """Let whoever claims the execution wait until this transaction is rolled back."""
    other_connection.set_autocommit(False)
    with other_connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM executions_jobexecution WHERE id = %s FOR UPDATE", [execution.pk]
        )


def test_a_stopping_beat_ends_within_three_seconds_and_cleanly(platform: Platform) -> None:
    beat = platform.start_beat()
    open_many(50, "noop")

    beat.send(signal.SIGTERM)
    assert beat.wait(within=3) == 0
    platform.start()

    assert_kept(platform)
    until(lambda: messages() == 0, what="every message is taken")


def test_what_is_stopped_says_goodbye_also_while_it_works(platform: Platform) -> None:
    worker, beat = platform.start()
    busy = open_one("slow_once")
    wait_until_called(platform, busy)

    for process in (worker, beat):
        process.send(signal.SIGTERM)
    for process in (worker, beat):
        assert process.wait(within=10) == 0

    gone = Worker.objects.filter(pid__in=[worker.pid, beat.pid])
    assert sorted(gone.values_list("kind", flat=True)) == ["beat", "worker"]
    assert [process.name for process in gone if process.stopped_at is None] == []
