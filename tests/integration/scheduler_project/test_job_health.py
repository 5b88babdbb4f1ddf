"""Queues with work and no live worker, as the probe of jobs counts them."""

from datetime import timedelta

import pytest

from core.clock import database_now
from executions.models import Worker
from jobs.models import Queue
from scheduler_project.job_health import UNSERVED_SECONDS, job_checks
from tests.factories import make_execution, make_job, make_queue

pytestmark = pytest.mark.django_db


def without_worker() -> int:
    check = job_checks()["queues"]
    assert check["ok"] is (check["withoutWorker"] == 0)
    count: int = check["withoutWorker"]
    return count


def make_due(status: str, seconds: float, *, queue: str = "default") -> None:
    then = database_now() - timedelta(seconds=seconds)
    moments = {"due_at": then, "queued_at": then if status == "queued" else None}
    make_execution(make_job(queue_id=queue), status=status, queue=queue, **moments)


@pytest.mark.parametrize("status", ["scheduled", "retrying", "queued"])
@pytest.mark.parametrize(("seconds", "count"), [(UNSERVED_SECONDS, 0), (UNSERVED_SECONDS + 1, 1)])
def test_what_waits_for_more_than_a_minute_needs_a_worker(
    status: str, seconds: float, count: int
) -> None:
    make_due(status, seconds)
    assert without_worker() == count


def test_each_queue_counts_once_and_those_served_or_paused_do_not() -> None:
    now = database_now()
    make_queue("paused", is_paused=True)
    for name in ("reports", "served"):
        Queue.objects.create(name=name)
    for queue in ("default", "default", "reports", "served", "paused"):
        make_due("scheduled", 300, queue=queue)
    Worker.objects.create(
        name="w", kind="worker", pid=1, queues=["served"], started_at=now, last_seen_at=now
    )

    assert without_worker() == 2
