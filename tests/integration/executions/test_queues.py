"""Pausing a queue takes back what waits in it; loads say what is in it and who serves it."""

from datetime import timedelta
from typing import Any

import pytest

from audit.models import JobAudit
from core.clock import database_now
from core.errors import InvalidInput
from executions.dispatcher import choose
from executions.models import ExecutionTransition, JobExecution, Worker
from executions.outcomes import HandedBack
from executions.queues import QueueLoad, change_queue, queue_loads
from executions.retry import RetryPolicy
from executions.settlement import decide, settle
from executions.states import FINAL
from jobs.models import Queue
from tests.factories import TESTER, make_execution, make_job, make_queue

pytestmark = pytest.mark.django_db

NEVER = RetryPolicy(strategy="none", max_retries=0, base_delay=30, max_delay=60)


@pytest.fixture
def lane() -> Queue:
    return Queue.objects.create(name="lane")


def pause(queue: Queue, **kw: Any) -> Queue:
    return change_queue(actor=TESTER, queue=queue, fields={}, is_paused=True, **kw)


def resume(queue: Queue) -> Queue:
    return change_queue(actor=TESTER, queue=queue, fields={}, is_paused=False)


def status_of(execution: JobExecution) -> str:
    execution.refresh_from_db()
    return execution.status


# --- Pause and resume


def test_a_paused_queue_takes_back_what_no_worker_has_claimed(lane: Queue) -> None:
    job = make_job(queue=lane)
    running = make_execution(job, status="running", queue="lane")
    fresh = make_execution(job, status="queued", queue="lane")
    tried = make_execution(job, status="queued", queue="lane", attempt=2)
    elsewhere = make_execution(status="queued")

    pause(lane)

    statuses = [status_of(execution) for execution in (running, fresh, tried, elsewhere)]
    assert statuses == ["running", "scheduled", "retrying", "queued"]
    moves = ExecutionTransition.objects.values_list("execution", "reason", "actor")
    assert set(moves) == {(e.pk, "on_hold", "tester") for e in (fresh, tried)}


@pytest.mark.parametrize(("attempt", "status"), [(1, "scheduled"), (2, "retrying")])
def test_an_attempt_that_was_handed_back_does_not_count_as_failed(
    lane: Queue, attempt: int, status: str
) -> None:
    execution = make_execution(make_job(queue=lane), status="running", attempt=attempt)
    decision = decide(HandedBack(), attempt=attempt, policy=NEVER)
    assert settle(execution_id=execution.pk, fence=1, decision=decision, lines=[]) == "scheduled"
    assert len(choose().hints) == 1

    pause(lane)

    assert status_of(execution) == status
    assert execution.attempt == attempt - 1


def test_what_was_taken_back_goes_out_again_once_the_queue_is_resumed(lane: Queue) -> None:
    execution = make_execution(make_job(queue=lane))
    assert len(choose().hints) == 1
    pause(lane)
    assert choose().hints == []

    resume(lane)

    (hint,) = choose().hints
    assert (hint.id, hint.fence, hint.queue) == (execution.pk, 3, "lane")


def test_pausing_is_one_audit_entry_with_its_reason(lane: Queue) -> None:
    make_execution(status="queued", queue="lane")

    pause(lane, reason="database maintenance")

    entry = JobAudit.objects.get(action="HoldOpened")
    assert (entry.object_type, entry.object_id) == ("queue", "lane")
    assert entry.reason == "database maintenance"


def test_pausing_once_more_empties_the_queue_again_and_records_nothing(lane: Queue) -> None:
    pause(lane)
    execution = make_execution(status="queued", queue="lane")

    pause(lane)

    assert status_of(execution) == "scheduled"
    assert JobAudit.objects.filter(action="HoldOpened").count() == 1


def test_resuming_wakes_beat_after_commit(
    lane: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        pause(lane)
    assert callbacks == []

    with django_capture_on_commit_callbacks() as callbacks:
        resume(lane)
    assert len(callbacks) == 1


@pytest.mark.parametrize("limit", [0, -1, "many", 2**40])
def test_a_limit_that_is_refused_is_named_and_changes_nothing(lane: Queue, limit: Any) -> None:
    execution = make_execution(status="queued", queue="lane")

    with pytest.raises(InvalidInput, match=r"^max_concurrent_executions: ") as refusal:
        change_queue(
            actor=TESTER, queue=lane, fields={"max_concurrent_executions": limit}, is_paused=True
        )

    assert [p.field for p in refusal.value.problems] == ["max_concurrent_executions"]
    assert status_of(execution) == "queued"
    assert not Queue.objects.get(name="lane").is_paused


# --- Loads


def make_worker(name: str, *, seen_ago: float = 0, **fields: Any) -> None:
    seen = database_now() - timedelta(seconds=seen_ago)
    values = {"kind": "worker", "hostname": "h", "pid": 1, "queues": ["lane"], "concurrency": 4}
    Worker.objects.create(name=name, started_at=seen, last_seen_at=seen, **{**values, **fields})


def load_of(name: str) -> QueueLoad:
    (load,) = [load for load in queue_loads() if load.queue.name == name]
    return load


def counts(load: QueueLoad) -> tuple[int, int, int]:
    return load.ready, load.queued, load.running


def test_an_empty_queue_nobody_serves_is_in_the_list(lane: Queue) -> None:
    load = load_of("lane")
    assert load.queue == lane
    assert (counts(load), load.oldest_due_at) == ((0, 0, 0), None)
    assert (load.worker_names, load.slots, load.is_served) == ([], 0, False)
    assert not load.lacks_worker


def test_the_list_is_by_name_with_limit_and_pause() -> None:
    make_queue("alpha", max_concurrent_executions=3, is_paused=True)
    first, second = queue_loads()
    assert (first.queue.name, second.queue.name) == ("alpha", "default")
    assert (first.queue.max_concurrent_executions, first.is_paused) == (3, True)


def test_what_is_ready_queued_and_running_is_counted_and_history_is_not(lane: Queue) -> None:
    job, now = make_job(queue=lane), database_now()
    for status in ("scheduled", "retrying", "retrying"):
        make_execution(job, status=status)
    for _ in range(3):
        make_execution(job, status="queued", queue="lane")
    for _ in range(4):
        make_execution(job, status="running", queue="lane")
    for status in FINAL:
        make_execution(job, status=status, queue="lane")
    make_execution(job, due_at=now + timedelta(seconds=1))
    make_execution()

    assert counts(load_of("lane")) == (3, 3, 4)
    assert counts(load_of("default")) == (1, 0, 0)


@pytest.mark.parametrize(
    ("ready_for", "queued_for", "oldest"), [(50, 40, 50), (40, 50, 50), (None, 40, 40)]
)
def test_the_oldest_is_the_one_that_waits_longest(
    lane: Queue, ready_for: int | None, queued_for: int, oldest: int
) -> None:
    job, now = make_job(queue=lane), database_now()
    ages = [("queued", queued_for), *([("scheduled", ready_for)] if ready_for else [])]
    for status, age in ages:
        make_execution(job, status=status, queue="lane", due_at=now - timedelta(seconds=age))
    make_execution(job, status="running", queue="lane", due_at=now - timedelta(hours=1))

    assert load_of("lane").oldest_due_at == now - timedelta(seconds=oldest)


def test_live_workers_serve_with_their_places_together(lane: Queue) -> None:
    make_worker("w2", queues=["default", "lane"], concurrency=2)
    make_worker("w1", seen_ago=29)
    make_worker("silent", seen_ago=31)
    make_worker("stopped", stopped_at=database_now())
    make_worker("elsewhere", queues=["default"])

    load = load_of("lane")
    assert (load.worker_names, load.slots, load.is_served) == (["w1", "w2"], 6, True)


@pytest.mark.parametrize("status", ["scheduled", "queued"])
def test_work_in_a_queue_that_nobody_serves_lacks_a_worker(lane: Queue, status: str) -> None:
    make_execution(make_job(queue=lane), status=status, queue="lane")
    assert load_of("lane").lacks_worker
    make_worker("w1")
    assert not load_of("lane").lacks_worker


def test_a_paused_queue_lacks_no_worker(lane: Queue) -> None:
    make_execution(make_job(queue=lane))
    pause(lane)
    assert not load_of("lane").lacks_worker
