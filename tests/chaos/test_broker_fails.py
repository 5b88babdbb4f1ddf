"""The broker loses its messages, is restarted, stops answering, or says everything ten times."""

import pytest

from executions.broker import Hint, publish
from tests.chaos.faults import flush_broker, frozen_broker, own_servers_only, restart_broker
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    calls,
    messages,
    moves,
    open_many,
    open_one,
    wait_for,
    wait_until_called,
)
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_a_flushed_broker_loses_nothing(platform: Platform) -> None:
    platform.start(concurrency=1)
    blocking = open_one("sleep", seconds=1.5)
    wait_until_called(platform, blocking)
    waiting = open_many(10, "noop")
    wait_for("queued", *waiting)
    until(lambda: messages() == 10, what="the broker holds the messages")

    flush_broker()

    assert_kept(platform)
    wait_for("succeeded", blocking, *waiting, attempt=1)
    assert all(len(calls(platform, execution)) == 1 for execution in waiting)


@own_servers_only
def test_a_broker_that_restarts_empty_loses_nothing(platform: Platform) -> None:
    worker, beat = platform.start(concurrency=1)
    blocking = open_one("sleep", seconds=1.5)
    wait_until_called(platform, blocking)
    waiting = open_many(5, "noop")
    wait_for("queued", *waiting)

    restart_broker()

    later = open_one("noop")
    assert_kept(platform)
    wait_for("succeeded", blocking, *waiting, later, attempt=1)
    assert worker.is_running()
    assert beat.is_running()


@own_servers_only
def test_while_the_broker_is_frozen_running_executions_end_and_nothing_is_lost(
    platform: Platform,
) -> None:
    worker, beat = platform.start(concurrency=2)
    running = open_one("sleep", seconds=1)
    stopped = open_one("stubborn", job={"timeout_seconds": 1})
    wait_until_called(platform, running, stopped)

    with frozen_broker():
        waiting = open_many(3, "noop")
        wait_for("queued", *waiting)
        wait_for("succeeded", running)
        wait_for("timed_out", stopped)
        until(lambda: beat.says("messages not published"), within=60, what="publishing fails")

    assert_kept(platform)
    wait_for("succeeded", *waiting, attempt=1)
    assert worker.is_running()


def test_a_message_that_comes_ten_times_runs_its_execution_once(platform: Platform) -> None:
    platform.start_beat(SCHEDULER_SWEEP_SECONDS="60")
    execution = open_one("sleep", seconds=0.5)
    wait_for("queued", execution)
    hint = Hint(execution.pk, execution.fence, "default", "the same again")
    until(lambda: publish([hint]) or messages() >= 10, what="the broker holds ten messages")

    for _ in range(2):
        platform.start_worker(concurrency=2)

    until(lambda: messages() == 0, what="every message is taken")
    assert_kept(platform)
    assert len(calls(platform, execution)) == len(moves(execution, "running")) == 1
