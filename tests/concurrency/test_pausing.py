"""A queue is paused while dispatchers hand out and workers claim: each execution has one way."""

from itertools import pairwise

import pytest
from django.db import connection, transaction

from executions.broker import offer_soon
from executions.claim import claim, disarm_kernel_timer
from executions.dispatcher import choose
from executions.models import ExecutionTransition, JobExecution
from executions.queues import change_queue
from executions.sweeper import sweep
from executions.transitions import TAKE_BACK, take_back
from jobs.models import Queue
from tests.concurrency.racing import race
from tests.factories import TESTER, make_execution, make_job

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_kernel_timer():
    """Call off the timer that guards worker children: here it would end the tests."""
    yield
    disarm_kernel_timer()


@pytest.fixture
def lane():
    return Queue.objects.create(name="lane")


def set_paused(queue, is_paused):
    change_queue(actor=TESTER, queue=queue, fields={}, is_paused=is_paused)


def try_claim(execution):
    return claim(execution_id=execution.pk, fence=execution.fence, worker="w", pid=1)


def look_again():
    """Sweep as beat does; the broker holds everything."""
    sweep(count=lambda queue: 1_000_000)


def assert_histories_are_paths():
    for execution in JobExecution.objects.all():
        moves = list(
            ExecutionTransition.objects.filter(execution=execution)
            .order_by("id")
            .values_list("from_status", "to_status", "fence")
        )
        for (_, reached, fence), (begun, _, next_fence) in pairwise(moves):
            assert begun == reached
            assert next_fence >= fence
        assert execution.status == (moves[-1][1] if moves else "scheduled")


def test_a_claim_that_races_a_pause_runs_or_finds_nothing(lane):
    job = make_job(queue=lane, max_concurrent_executions=100)
    for _ in range(10):
        set_paused(lane, False)
        executions = [make_execution(job, status="queued", queue="lane") for _ in range(6)]
        *claims, _ = race(
            *[lambda e=e: try_claim(e) for e in executions], lambda: set_paused(lane, True)
        )
        take_back()  # what was locked by a claim that came too late
        for execution, mine in zip(executions, claims, strict=True):
            execution.refresh_from_db()
            assert execution.status == ("running" if mine else "scheduled")
            assert execution.fence == (1 if mine else 2)
    assert_histories_are_paths()


def test_after_a_pause_and_one_sweep_nothing_is_out_however_dispatch_raced_it(lane):
    job = make_job(queue=lane, max_concurrent_executions=1_000)
    for _ in range(10):
        set_paused(lane, False)
        for _ in range(20):
            make_execution(job)
        race(choose, lambda: set_paused(lane, True), choose)
        look_again()
        assert not JobExecution.objects.filter(status="queued").exists()
        assert choose().hints == []
    assert_histories_are_paths()


def test_a_dispatch_that_read_before_the_pause_and_commits_after_it_is_taken_back(lane):
    execution = make_execution(make_job(queue=lane))
    other = connection.copy()
    with transaction.atomic():
        assert len(choose().hints) == 1
        try:
            pause_elsewhere(other)
        finally:
            other.close()
    execution.refresh_from_db()
    assert execution.status == "queued"

    look_again()

    execution.refresh_from_db()
    assert (execution.status, execution.fence) == ("scheduled", 2)


_HOLD_LANE = """
    INSERT INTO jobs_hold (id, scope, team_name, queue_id, reason, held_by, held_at)
    VALUES (uuidv7(), 'queue', '', 'lane', 'test', 'tester', now())
"""


def pause_elsewhere(other):
    """Do what ``change_queue`` does, on another connection, without waiting for the dispatcher."""
    with other.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
        cursor.execute(_HOLD_LANE)
    assert TAKE_BACK.row(using=other, actor=None) == {"taken": 0}


def test_what_somebody_has_locked_holds_no_pause_up_and_follows_with_the_sweep(
    lane, other_connection
):
    job = make_job(queue=lane)
    locked, free = (make_execution(job, status="queued", queue="lane") for _ in range(2))
    other_connection.set_autocommit(False)
    with other_connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM executions_jobexecution WHERE id = %s FOR UPDATE", [locked.pk]
        )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        set_paused(lane, True)
    other_connection.rollback()
    statuses = dict(JobExecution.objects.values_list("pk", "status"))
    assert statuses == {locked.pk: "queued", free.pk: "scheduled"}

    look_again()

    locked.refresh_from_db()
    assert locked.status == "scheduled"


def test_pauses_resumes_dispatches_sweeps_and_failed_publications_never_deadlock(lane):
    job = make_job(queue=lane, max_concurrent_executions=1_000)
    ids = [make_execution(job).pk for _ in range(60)]
    for number in range(15):
        race(
            choose,
            lambda number=number: set_paused(lane, number % 2 == 0),
            look_again,
            lambda: offer_soon(ids),
            lambda: claim_two(lane),
        )
    set_paused(lane, True)
    look_again()
    statuses = set(JobExecution.objects.values_list("status", flat=True))
    assert statuses <= {"scheduled", "running"}
    assert_histories_are_paths()


def claim_two(queue):
    for execution in JobExecution.objects.filter(status="queued", queue=queue.name)[:2]:
        try_claim(execution)
