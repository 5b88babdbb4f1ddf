"""Limits are counted from rows, so no race may exceed them."""

from collections import Counter
from datetime import timedelta
from functools import partial
from random import Random

import pytest
from django.db.models import F

from core.clock import database_now
from executions.claim import claim, disarm_kernel_timer
from executions.dispatcher import choose
from executions.models import ExecutionTransition, JobExecution
from executions.outcomes import Succeeded
from executions.retry import RetryPolicy
from executions.settlement import decide, settle
from executions.states import ACTIVE
from jobs.models import JobDefinition, Queue
from tests.concurrency.racing import race
from tests.factories import make_execution, make_job

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def count_active(**of):
    return JobExecution.objects.filter(status__in=ACTIVE, **of).count()


def finish_one(job):
    """Claim and settle one queued execution of the job, as a worker would."""
    execution = JobExecution.objects.filter(job=job, status="queued").first()
    if execution is None:
        return
    mine = claim(execution_id=execution.pk, fence=execution.fence, worker="w", pid=1)
    disarm_kernel_timer()
    if mine is not None:
        decision = decide(Succeeded(), attempt=1, policy=RetryPolicy.of(mine.snapshot))
        settle(execution_id=execution.pk, fence=mine.fence, decision=decision, lines=[])


def test_dispatchers_under_fire_never_exceed_a_job_limit():
    job = make_job(max_concurrent_executions=3)
    for _ in range(30):
        make_execution(job)
    most = 0
    for _ in range(60):
        race(choose, choose, lambda: finish_one(job), lambda: finish_one(job))
        most = max(most, count_active(job=job))
        assert count_active(job=job) <= 3
        if not JobExecution.objects.unfinished().exists():
            break

    assert most == 3
    assert JobExecution.objects.filter(job=job, status="succeeded").count() == 30


def test_dispatchers_under_fire_never_exceed_a_queue_limit():
    Queue.objects.create(name="narrow", max_concurrent_executions=4)
    jobs = [make_job(queue_id="narrow") for _ in range(5)]
    for job in jobs:
        for _ in range(4):
            make_execution(job)
    for _ in range(60):
        race(choose, choose, choose, *[lambda job=job: finish_one(job) for job in jobs])
        assert count_active(queue="narrow") <= 4
        if not JobExecution.objects.unfinished().exists():
            break

    assert JobExecution.objects.filter(status="succeeded").count() == 20


def test_a_lowered_limit_holds_from_the_next_dispatch_on():
    job = make_job(max_concurrent_executions=5)
    for _ in range(10):
        make_execution(job)
    assert len(choose().hints) == 5

    JobDefinition.objects.filter(pk=job.pk).update(max_concurrent_executions=2)
    for _ in range(4):
        assert not choose().hints
        finish_one(job)

    assert count_active(job=job) == 1
    assert len(choose().hints) == 1


@pytest.mark.parametrize("seed", range(3))
def test_dispatchers_under_fire_never_exceed_the_limit_of_a_key(seed):
    chance = Random(seed)  # noqa: S311 - no secret
    job = make_job(
        concurrency_key="{customer}",
        max_concurrent_per_key=chance.choice([1, 2]),
        max_concurrent_executions=chance.choice([3, 7]),
    )
    for number in range(40):
        key = chance.choice("aaab") if number < 20 else f"k{number % 7}"
        make_execution(job, concurrency_key=key, priority=chance.randrange(10))
    for _ in range(120):
        race(choose, choose, choose, lambda: finish_one(job), lambda: lose_one(job, chance))
        active = JobExecution.objects.filter(status__in=ACTIVE)
        by_key = Counter(active.values_list("concurrency_key", flat=True))
        assert all(count <= job.max_concurrent_per_key for count in by_key.values())
        assert by_key.total() <= job.max_concurrent_executions
        if not JobExecution.objects.unfinished().exists():
            break

    assert JobExecution.objects.filter(status="succeeded").count() == 40


def lose_one(job, chance):
    """Now and then, let what was handed out come back under a new fence, as a rescue would."""
    lost = JobExecution.objects.filter(job=job, status="queued").order_by("?").first()
    if lost is not None and chance.random() < 0.3:
        still = JobExecution.objects.filter(pk=lost.pk, fence=lost.fence, status="queued")
        still.update(status="scheduled", fence=F("fence") + 1, queue=None, publish_again_at=None)


def test_within_no_minute_more_start_than_the_job_and_the_queue_allow():
    Queue.objects.create(name="slow", starts_per_minute=5)
    jobs = [make_job(queue_id="slow", starts_per_minute=3) for _ in range(2)]
    begin = database_now()
    for job in jobs:
        for _ in range(12):
            make_execution(job, due_at=begin)
    starts = []
    for step in range(60):
        now = begin + timedelta(seconds=7 * step)
        race(*[partial(choose, now=now)] * 3)
        # Some are claimed at once, others much later.
        for execution in JobExecution.objects.filter(status="queued").order_by("?")[: step % 3]:
            mine = claim(execution_id=execution.pk, fence=execution.fence, worker="w", pid=1)
            disarm_kernel_timer()
            moves = ExecutionTransition.objects.filter(execution=execution, to_status="running")
            moves.update(at=now)
            decision = decide(Succeeded(), attempt=1, policy=RetryPolicy.of(mine.snapshot))
            settle(execution_id=execution.pk, fence=mine.fence, decision=decision, lines=[])
            starts.append((now, execution.job_id))

    assert len(starts) == 24
    for moment, _ in starts:
        within = [job for at, job in starts if moment - timedelta(minutes=1) < at <= moment]
        assert len(within) <= 5
        assert max(Counter(within).values()) <= 3
