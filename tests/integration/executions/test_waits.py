"""Every execution that is not over can say what it waits for."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import database_now
from executions.models import JobExecution, Worker
from executions.states import FINAL, UNFINISHED
from executions.waits import explain_wait
from jobs.definitions import change_job, set_job_status
from jobs.models import JobStatus, JobVersion, Queue
from tests.factories import TESTER, make_execution, make_job, make_schedule, pause_queue

pytestmark = pytest.mark.django_db


def make_worker(name: str = "worker1@test", **fields: Any) -> Worker:
    now = database_now()
    values = {
        "kind": "worker",
        "hostname": "test",
        "pid": 1,
        "queues": ["default"],
        "concurrency": 2,
        "started_at": now,
        "last_seen_at": now,
    }
    return Worker.objects.create(name=name, **values | fields)


def explain(execution: JobExecution) -> str:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        wait = explain_wait(execution)
    assert len(queries) <= 8
    assert wait is not None
    return wait


@pytest.mark.parametrize("status", UNFINISHED)
def test_every_unfinished_state_has_an_answer(status: str) -> None:
    assert explain(make_execution(status=status)).endswith(".")


@pytest.mark.parametrize("status", FINAL)
def test_what_is_over_waits_for_nothing(status: str) -> None:
    assert explain_wait(make_execution(status=status)) is None


def test_an_execution_of_the_future_waits_for_its_time() -> None:
    due_at = database_now() + timedelta(minutes=5)
    wait = explain(make_execution(due_at=due_at))
    assert wait.startswith(f"Due at {due_at:%Y-%m-%d %H:%M:%S} UTC, in ")


def test_a_failed_attempt_waits_for_the_next() -> None:
    due_at = database_now() + timedelta(minutes=5)
    wait = explain(make_execution(status="retrying", due_at=due_at, error_message="no route"))
    assert wait.startswith("Attempt 1 failed (no route); the next one is due at ")
    assert f"{due_at:%Y-%m-%d %H:%M:%S} UTC, in " in wait


def test_a_disabled_job_holds_its_executions_back() -> None:
    execution = make_execution()
    set_job_status(actor=TESTER, job=execution.job, status=JobStatus.DISABLED)
    assert "is disabled" in explain(execution)


def test_a_job_of_another_environment_holds_its_executions_back() -> None:
    execution = make_execution(make_job(allowed_environments=4))
    assert "may not run in DEV" in explain(execution)


def test_an_execution_waits_for_an_earlier_one_of_its_schedule() -> None:
    schedule, now = make_schedule(), database_now()
    earlier, later = (
        make_execution(
            schedule.job,
            schedule=schedule,
            origin="schedule",
            status=status,
            scheduled_for=now - timedelta(seconds=age),
        )
        for status, age in (("running", 20), ("scheduled", 10))
    )
    wait = explain(later)
    assert f"execution {earlier.pk} of the same schedule" in wait
    assert "running" in wait


def test_a_full_job_names_what_is_under_way() -> None:
    job = make_job(max_concurrent_executions=1)
    running = make_execution(job, status="running")
    wait = explain(make_execution(job))
    assert "1 of 1 under way" in wait
    assert str(running.pk) in wait


def test_a_paused_queue_is_named() -> None:
    pause_queue("default")
    assert explain(make_execution()).startswith("Queue default is paused since ")


def test_a_full_queue_is_named() -> None:
    Queue.objects.filter(name="default").update(max_concurrent_executions=1)
    make_execution(status="queued")
    assert "The limit of queue default is reached: 1 of 1" in explain(make_execution())


def make_unclaimed(count: int) -> None:
    now, job = database_now(), make_job()
    values = {
        "job": job,
        "version": JobVersion.objects.get(job=job),
        "origin": "manual",
        "triggered_by": "tester",
        "scheduled_for": now,
        "due_at": now,
        "status": "queued",
        "queue": "default",
        "publish_again_at": now,
    }
    JobExecution.objects.bulk_create(JobExecution(**values) for _ in range(count))


@pytest.mark.parametrize(
    ("unclaimed", "slots", "says"),
    [
        (199, None, "no beat is alive"),
        (200, None, "200 executions out that no worker has claimed: no worker is alive"),
        (200, 50, "200 executions out that no worker has claimed: they go first"),
        (200, 51, "no beat is alive"),
    ],
)
def test_enough_that_no_worker_has_claimed_holds_the_rest_back(
    unclaimed: int, slots: int | None, says: str
) -> None:
    make_unclaimed(unclaimed)
    if slots:
        make_worker(concurrency=slots)
    assert says in explain(make_execution())


def test_a_due_execution_without_a_beat_says_so() -> None:
    assert "no beat is alive" in explain(make_execution())


def test_a_due_execution_that_nothing_holds_back_is_about_to_go() -> None:
    make_worker("beat@test", kind="beat")
    assert "at its next look" in explain(make_execution())


def test_a_queued_execution_waits_for_a_free_worker() -> None:
    make_worker()
    make_execution(status="running")
    assert "1 running, 2 places" in explain(make_execution(status="queued"))


def test_a_queue_that_no_live_worker_serves_is_named() -> None:
    execution = make_execution(status="queued", queue="reports")
    assert "no worker is alive" in explain(execution)
    make_worker()
    make_worker("gone@test", queues=["reports"], stopped_at=database_now())
    assert "queue reports, but none of the 1 live workers serves it" in explain(execution)


def test_a_running_execution_names_its_worker() -> None:
    wait = explain(make_execution(status="running"))
    assert wait.startswith("Attempt 1 is running under worker worker1@test since ")


def test_a_cancel_request_is_told_with_who_and_when() -> None:
    now = database_now()
    execution = make_execution(
        status="running", cancel_requested_at=now, cancel_requested_by="alice"
    )
    assert f"was asked to stop it at {now:%Y-%m-%d %H:%M:%S} UTC by alice" in explain(execution)


def test_a_lease_that_ran_out_is_told() -> None:
    past = database_now() - timedelta(seconds=1)
    assert "rescuer" in explain(make_execution(status="running", lease_until=past))


def test_the_reasons_follow_the_job_as_it_is_now() -> None:
    execution = make_execution()
    change_job(actor=TESTER, job=execution.job, fields={"allowed_environments": 2})
    assert "may not run in DEV" in explain(execution)
