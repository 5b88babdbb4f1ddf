"""A beat is killed or frozen at each point of its work, with and without another beside it."""

import signal
from typing import Any

import pytest

from core.clock import database_now
from executions.models import JobExecution, Worker
from tests.chaos.faults import CLOSED_PORT, frozen_broker, own_servers_only
from tests.chaos.promise import assert_kept
from tests.chaos.stage import ending_in, moves, open_many, somebody_waits_for_a_lock, wait_for
from tests.factories import make_job, make_schedule
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_a_beat_killed_before_its_commit_leaves_the_slots_to_the_next(
    platform: Platform, other_connection: Any
) -> None:
    doomed = platform.start_beat()
    hold_plans_back(other_connection)
    make_schedule(**ending_in(3))
    until(
        lambda: somebody_waits_for_a_lock("beat"), within=30, what="beat is inside its transaction"
    )

    doomed.send(signal.SIGKILL)
    doomed.wait()
    other_connection.rollback()
    assert not JobExecution.objects.exists()
    platform.start()

    assert_kept(platform)


def test_a_beat_frozen_in_its_transaction_does_not_stop_the_others(
    platform: Platform, other_connection: Any
) -> None:
    _, frozen = platform.start()
    hold_plans_back(other_connection)
    make_schedule(**ending_in(3))
    until(
        lambda: somebody_waits_for_a_lock("beat"), within=30, what="beat is inside its transaction"
    )

    frozen.send(signal.SIGSTOP)
    other_connection.rollback()
    platform.start_beat()
    assert_kept(platform)
    frozen.send(signal.SIGCONT)

    reported = Worker.objects.filter(pid=frozen.pid, last_seen_at__gt=database_now())
    until(reported.exists, within=30, what="the thawed beat is at work again")


@own_servers_only
def test_what_a_beat_committed_and_did_not_publish_is_published_by_another(
    platform: Platform,
) -> None:
    unheard = platform.start_beat(REDIS_URL=CLOSED_PORT)
    refused = open_many(3, "noop")
    wait_for("queued", *refused)
    until(lambda: unheard.says("messages not published"), what="publishing fails")
    unheard.send(signal.SIGKILL)
    unheard.wait()

    waiting = platform.start_beat()
    with frozen_broker():
        unanswered = open_many(3, "noop")
        wait_for("queued", *unanswered)
        waiting.send(signal.SIGKILL)
        waiting.wait()
    platform.start()

    assert_kept(platform)
    wait_for("succeeded", *refused, *unanswered, attempt=1)
    assert all(len(moves(execution, "queued")) == 1 for execution in [*refused, *unanswered])


def test_two_beats_of_which_one_is_killed_open_each_slot_once(platform: Platform) -> None:
    platform.start(concurrency=4)
    doomed = platform.start_beat()
    for job in [make_job() for _ in range(5)]:
        for _ in range(10):
            make_schedule(job, **ending_in(4))
    until(lambda: JobExecution.objects.count() >= 100, within=30, what="both beats are at work")

    doomed.send(signal.SIGKILL)
    doomed.wait()

    assert_kept(platform)
    assert not JobExecution.objects.exclude(status__in=["succeeded", "skipped"]).exists()


def hold_plans_back(other_connection: Any) -> None:
    """Let a planner wait inside its transaction until this other one is rolled back."""
    other_connection.set_autocommit(False)
    with other_connection.cursor() as cursor:
        cursor.execute("LOCK TABLE executions_executiontransition IN SHARE MODE")
