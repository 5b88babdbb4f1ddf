"""A queue is paused under a worker's hands: what runs goes on, what waits comes back."""

import pytest

from executions.models import JobExecution
from executions.queues import change_queue
from jobs.models import Queue
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    calls,
    messages,
    moves,
    open_many,
    open_one,
    reload,
    wait_for,
    wait_until_called,
)
from tests.factories import TESTER
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def set_paused(is_paused: bool) -> None:
    queue = Queue.objects.get(name="default")
    change_queue(actor=TESTER, queue=queue, fields={}, is_paused=is_paused)


def test_a_paused_queue_finishes_what_runs_and_keeps_the_rest_until_it_is_resumed(
    platform: Platform,
) -> None:
    platform.start(concurrency=1)
    running = open_one("talk", lines=1)
    wait_until_called(platform, running)
    waiting = open_many(5, "noop")
    wait_for("queued", *waiting)
    until(lambda: messages() == 5, what="all messages are out")

    set_paused(True)

    wait_for("scheduled", *waiting, within=5)
    (platform.evidence / "go").touch()
    wait_for("succeeded", running)
    until(lambda: messages() == 0, what="the free worker has taken the old messages")
    late = open_one("noop")
    reload(*waiting, late)
    assert {execution.status for execution in (*waiting, late)} == {"scheduled"}
    assert not any(calls(platform, execution) for execution in (*waiting, late))

    set_paused(False)

    wait_for("succeeded", *waiting, late)
    assert_kept(platform)
    for execution in waiting:
        assert [move.reason for move in moves(execution, "scheduled")] == [None, "on_hold"]
        assert len(calls(platform, execution)) == 1


def test_pausing_and_resuming_under_load_runs_everything_exactly_once(platform: Platform) -> None:
    platform.start(concurrency=2)
    executions = open_many(80, "sleep", seconds=0.03)
    succeeded = JobExecution.objects.filter(status="succeeded")
    for enough in range(10, 80, 10):
        until(lambda enough=enough: succeeded.count() >= enough, what=f"{enough} are done")
        set_paused(True)
        set_paused(False)

    wait_for("succeeded", *executions)

    assert_kept(platform)
    assert all(len(calls(platform, execution)) == 1 for execution in executions)
    assert any(moves(execution, "scheduled")[1:] for execution in executions)
