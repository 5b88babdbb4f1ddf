"""Limits are counted from rows, so no race may exceed them."""

import pytest

from executions.claim import claim, disarm_kernel_timer
from executions.dispatcher import choose
from executions.models import JobExecution
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
