"""Limits hold at every instant, not only when everybody pauses."""

import threading

import pytest
from django.db import connection

from executions.claim import claim, disarm_kernel_timer
from executions.dispatcher import choose
from executions.models import JobExecution
from executions.outcomes import Succeeded
from executions.retry import RetryPolicy
from executions.settlement import decide, settle
from jobs.models import Queue
from tests.concurrency.racing import race
from tests.factories import make_execution, make_job

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

JOB_LIMITS = (1, 3, 6)
QUEUE_LIMIT = 7
COUNT_ACTIVE = """
    SELECT coalesce(job_id::text, 'queue'), count(*)
    FROM executions_jobexecution
    WHERE status IN ('queued', 'running')
    GROUP BY ROLLUP (job_id)
"""


class Fire:
    """Dispatchers, workers and an observer, each in a loop until every execution is over."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self.most: dict[str, int] = {}

    def dispatch(self) -> None:
        while not self._is_over.is_set():
            choose()

    def work(self) -> None:
        try:
            while JobExecution.objects.unfinished().exists():
                for execution in JobExecution.objects.filter(status="queued").order_by("?")[:3]:
                    run(execution)
        finally:
            self._is_over.set()

    def observe(self) -> None:
        while not self._is_over.is_set():
            with connection.cursor() as cursor:
                cursor.execute(COUNT_ACTIVE)
                for name, count in cursor.fetchall():
                    self.most[name] = max(count, self.most.get(name, 0))


def test_neither_job_nor_queue_limit_is_exceeded_at_any_instant() -> None:
    Queue.objects.create(name="narrow", max_concurrent_executions=QUEUE_LIMIT)
    jobs = [make_job(max_concurrent_executions=limit, queue_id="narrow") for limit in JOB_LIMITS]
    for job in jobs:
        for _ in range(40):
            make_execution(job)
    fire = Fire()

    race(fire.dispatch, fire.dispatch, fire.work, fire.work, fire.observe)

    assert fire.most["queue"] == QUEUE_LIMIT
    for job, limit in zip(jobs, JOB_LIMITS, strict=True):
        assert fire.most[str(job.pk)] <= limit
    assert JobExecution.objects.filter(status="succeeded", attempt=1).count() == 120


def run(execution: JobExecution) -> None:
    """Claim and settle by a hint that another worker may have as well."""
    mine = claim(execution_id=execution.pk, fence=execution.fence, worker="w", pid=1)
    disarm_kernel_timer()
    if mine is not None:
        decision = decide(Succeeded(), attempt=1, policy=RetryPolicy.of(mine.snapshot))
        assert settle(execution_id=mine.execution_id, fence=mine.fence, decision=decision, lines=[])
