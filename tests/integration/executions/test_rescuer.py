"""Executions whose worker died or froze: found by their lease, settled by their policy."""

from datetime import datetime, timedelta

import pytest

from core.clock import database_now
from executions.models import ExecutionTransition, JobExecution
from executions.rescuer import MOST_PER_RESCUE, rescue
from jobs.definitions import change_job
from jobs.models import JobDefinition
from tests.factories import TESTER, make_execution, make_job

pytestmark = pytest.mark.django_db

RETRIES = {"retry_strategy": "linear", "max_retries": 1, "base_delay_seconds": 30}


def make_lost(job: JobDefinition | None = None, **fields: object) -> JobExecution:
    """A running execution whose lease ran out a moment ago."""
    now = database_now()
    values = {"lease_until": now - timedelta(seconds=1), "renewed_at": now - timedelta(seconds=5)}
    return make_execution(job, status="running", **{**values, **fields})


@pytest.mark.parametrize(
    ("offset", "rescued"),
    [(timedelta(microseconds=-1), 1), (timedelta(0), 0), (timedelta(seconds=1), 0)],
    ids=["just-over", "ends-now", "alive"],
)
def test_only_a_lease_that_is_over_is_rescued(offset: timedelta, rescued: int) -> None:
    now = database_now()
    execution = make_execution(status="running", lease_until=now + offset)
    before = JobExecution.objects.values().get()

    assert rescue(now=now) == rescued

    execution.refresh_from_db()
    assert execution.status == ("failed" if rescued else "running")
    if not rescued:
        assert JobExecution.objects.values().get() == before


def test_a_lost_worker_is_a_failed_attempt_that_is_retried_by_the_policy() -> None:
    now = database_now()
    execution = make_lost(make_job(**RETRIES))

    rescue()

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("retrying", "worker_lost")
    assert execution.due_at == now + timedelta(seconds=30)
    assert "worker1@test died or froze" in str(execution.error_message)


def test_after_the_last_retry_a_lost_worker_ends_the_execution() -> None:
    execution = make_lost(make_job(**RETRIES), attempt=2)

    rescue()

    execution.refresh_from_db()
    assert (execution.status, execution.error_type) == ("failed", "WorkerLost")


def test_a_rescue_moves_the_fence_and_says_who_did_it() -> None:
    execution = make_lost(fence=7)

    rescue()

    execution.refresh_from_db()
    assert execution.fence == 8
    transition = ExecutionTransition.objects.get()
    assert (transition.fence, transition.actor) == (8, "rescuer")
    assert (transition.to_status, transition.reason) == ("failed", "worker_lost")


@pytest.mark.parametrize(
    ("renewed_after", "reason"),
    [(9.999999, "worker_lost"), (10.0, "worker_lost"), (10.000001, "timeout")],
)
def test_it_timed_out_only_if_its_worker_was_alive_after_the_timeout(
    renewed_after: float, reason: str
) -> None:
    started = database_now() - timedelta(seconds=100)
    execution = make_lost(
        make_job(timeout_seconds=10),
        started_at=started,
        renewed_at=started + timedelta(seconds=renewed_after),
    )

    rescue()

    execution.refresh_from_db()
    assert execution.reason == reason
    assert execution.status == ("timed_out" if reason == "timeout" else "failed")


def test_policy_and_timeout_are_those_of_the_pinned_version() -> None:
    job = make_job(timeout_seconds=10, **RETRIES)
    started = database_now() - timedelta(seconds=100)
    execution = make_lost(job, started_at=started, renewed_at=started + timedelta(seconds=11))
    change_job(actor=TESTER, job=job, fields={"timeout_seconds": 1_000, "retry_strategy": "none"})

    rescue()

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("retrying", "timeout")


def test_a_cancel_request_outlives_its_worker() -> None:
    execution = make_lost(make_job(**RETRIES), cancel_requested_at=database_now())

    rescue()

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("cancelled", "cancelled")


@pytest.mark.parametrize("status", ["scheduled", "queued", "retrying", "succeeded", "cancelled"])
def test_what_does_not_run_has_nothing_to_be_rescued_from(status: str) -> None:
    long_ago = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    make_execution(status=status, lease_until=long_ago)

    assert rescue() == 0


def test_one_pass_is_bounded_and_takes_the_longest_lost_first() -> None:
    now = database_now()
    job = make_job()
    executions = [
        make_lost(job, lease_until=now - timedelta(seconds=number + 1))
        for number in range(MOST_PER_RESCUE + 1)
    ]

    assert rescue() == MOST_PER_RESCUE
    assert JobExecution.objects.running().get() == executions[0]
    assert rescue() == 1
    assert rescue() == 0
