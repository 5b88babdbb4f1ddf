"""Claims and renewals: who may, what they get, and what a stale one changes (nothing)."""

import signal
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.clock import database_now
from executions.claim import CLAIM, CancelRequest, LeaseLost, claim, renew
from executions.models import ExecutionTransition, JobExecution
from jobs.definitions import change_job, set_job_status
from jobs.models import JobStatus
from tests.factories import TESTER, make_execution, make_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_no_kernel_timer")]


def claim_it(execution: JobExecution, **given: Any) -> Any:
    values = {"execution_id": execution.id, "fence": execution.fence, "worker": "w@h", "pid": 42}
    return claim(**(values | given))


def everything(execution: JobExecution) -> dict[str, Any]:
    return JobExecution.objects.values().get(pk=execution.pk)


def test_a_claim_makes_the_execution_this_workers_under_a_lease() -> None:
    now = database_now()
    execution = make_execution(status="queued", reason="drain", progress_fraction=0.5)

    claimed = claim_it(execution)

    execution.refresh_from_db()
    assert (execution.status, execution.fence, execution.attempt) == ("running", 1, 1)
    assert (execution.worker, execution.worker_pid) == ("w@h", 42)
    assert (execution.started_at, execution.renewed_at) == (now, now)
    assert execution.lease_until == now + timedelta(seconds=60)
    assert execution.publish_again_at is None
    assert (execution.reason, execution.progress_fraction) == (None, None)
    assert (claimed.execution_id, claimed.fence, claimed.attempt) == (execution.id, 1, 1)


def test_a_claim_brings_all_that_the_attempt_needs() -> None:
    job = make_job(timeout_seconds=90)
    execution = make_execution(job, status="queued", attempt=2, input={"region": "é", "n": [1]})

    claimed = claim_it(execution)

    assert claimed.parameters == {"region": "é", "n": [1]}
    assert claimed.snapshot == job.snapshot()
    assert claimed.attempt == 3
    assert claimed.timeout == 90.0
    assert claimed.deadline == claimed.started_at + timedelta(seconds=90)
    assert claimed.scheduled_for == execution.scheduled_for
    assert claimed.correlation_id == execution.correlation_id


def test_a_claim_leaves_one_transition_that_names_the_worker() -> None:
    execution = make_execution(status="queued")

    claim_it(execution)

    transition = ExecutionTransition.objects.get()
    assert (transition.from_status, transition.to_status) == ("queued", "running")
    assert (transition.fence, transition.attempt) == (1, 1)
    assert transition.data == {"worker": "w@h", "pid": 42}


@pytest.mark.parametrize("fence", [0, 2, 99])
def test_another_fence_claims_nothing(fence: int) -> None:
    execution = make_execution(status="queued")
    before = everything(execution)

    assert claim_it(execution, fence=fence) is None
    assert everything(execution) == before
    assert not ExecutionTransition.objects.exists()


@pytest.mark.parametrize(
    "status",
    [
        "scheduled",
        "running",
        "retrying",
        "succeeded",
        "failed",
        "timed_out",
        "cancelled",
        "skipped",
    ],
)
def test_what_is_not_queued_cannot_be_claimed(status: str) -> None:
    execution = make_execution(status=status)
    before = everything(execution)

    assert claim_it(execution) is None
    assert everything(execution) == before


def test_an_unknown_execution_cannot_be_claimed() -> None:
    assert claim(execution_id=uuid4(), fence=1, worker="w@h", pid=1) is None


def test_a_message_that_comes_ten_times_is_claimed_once() -> None:
    execution = make_execution(status="queued")

    claims = [claim_it(execution) for _ in range(10)]

    assert [claimed is not None for claimed in claims] == [True, *[False] * 9]
    execution.refresh_from_db()
    assert execution.attempt == 1


def test_a_claim_whose_answer_was_lost_is_answered_again() -> None:
    execution = make_execution(status="queued")
    given = {"id": execution.id, "fence": 1, "worker": "w@h", "pid": 42, "token": uuid4()}

    first, second = (CLAIM.row(**given, lease=60, now=None) for _ in range(2))
    other = CLAIM.row(**{**given, "token": uuid4()}, lease=60, now=None)

    assert first is not None
    assert second is not None
    assert {**first, "from_status": ""} == {**second, "from_status": ""}
    assert other is None
    assert ExecutionTransition.objects.count() == 1
    execution.refresh_from_db()
    assert execution.attempt == 1


def test_the_version_is_that_of_the_opening_although_the_job_has_changed() -> None:
    job = make_job(timeout_seconds=90)
    execution = make_execution(job, status="queued")
    change_job(
        actor=TESTER, job=job, fields={"timeout_seconds": 5, "execution_type_name": "tests.other"}
    )

    snapshot = claim_it(execution).snapshot

    assert (snapshot["timeout_seconds"], snapshot["execution_type_name"]) == (90, "tests.noop")


def test_what_was_dispatched_runs_even_if_its_job_was_disabled_since() -> None:
    execution = make_execution(status="queued")
    set_job_status(actor=TESTER, job=execution.job, status=JobStatus.DISABLED)

    assert claim_it(execution) is not None


def test_a_claim_arms_the_kernel_timer_for_the_lease_less_its_margin(settings) -> None:
    settings.SCHEDULER_LEASE_SECONDS, settings.SCHEDULER_LEASE_MARGIN_SECONDS = 500.0, 100.0

    claim_it(make_execution(status="queued"))

    left, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 390 < left <= 400


def test_renewing_extends_the_lease_from_now() -> None:
    now = database_now()
    execution = make_execution(status="queued")
    claimed = claim_it(execution)
    JobExecution.objects.update(
        lease_until=now + timedelta(seconds=1), renewed_at=now - timedelta(seconds=59)
    )

    assert renew(claimed) is None

    execution.refresh_from_db()
    assert (execution.renewed_at, execution.lease_until) == (now, now + timedelta(seconds=60))


def test_renewing_does_not_touch_when_the_attempt_started() -> None:
    execution = make_execution(status="queued")
    claimed = claim_it(execution)
    before = everything(execution)

    renew(claimed)

    after = everything(execution)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"lease_until", "renewed_at"}


def test_renewing_tells_of_a_cancel_request() -> None:
    claimed = claim_it(make_execution(status="queued"))
    JobExecution.objects.update(cancel_requested_at=database_now())

    assert renew(claimed) == CancelRequest()


@pytest.mark.parametrize(
    "change",
    [
        {"fence": 2},
        {"status": "scheduled"},
        {"status": "retrying"},
        {"status": "succeeded"},
        {"status": "cancelled"},
    ],
    ids=lambda change: str(change),
)
def test_renewing_what_is_no_longer_ours_loses_the_lease_and_writes_nothing(
    change: dict[str, Any],
) -> None:
    execution = make_execution(status="queued")
    claimed = claim_it(execution)
    if change.get("status") in ("succeeded", "cancelled"):
        change = {**change, "completed_at": database_now()}
    JobExecution.objects.update(**change)
    before = everything(execution)

    with pytest.raises(LeaseLost):
        renew(claimed)
    assert everything(execution) == before


def test_a_claim_tells_the_business_dates_of_its_slot() -> None:
    days = {
        "business_date": date(2026, 12, 25),
        "previous_business_date": date(2026, 12, 24),
        "next_business_date": date(2026, 12, 29),
    }
    execution = make_execution(status="queued", **days)

    claimed = claim(execution_id=execution.pk, fence=1, worker="w", pid=1)

    assert {name: getattr(claimed, name) for name in days} == days
