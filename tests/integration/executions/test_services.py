"""Triggering and cancelling: who may, what is written, and what is refused with which reason."""

from typing import Any
from uuid import UUID

import pytest

from audit.models import JobAudit
from audit.trail import Actor
from core.clock import database_now
from core.errors import Conflict, InvalidInput, NotFound
from executions.models import ExecutionTransition, JobExecution
from executions.services import cancel, rerun, trigger
from executions.states import FINAL
from jobs.definitions import change_job, set_job_status
from jobs.models import JobStatus
from tests.factories import TESTER, make_execution, make_job

pytestmark = pytest.mark.django_db

ALICE = Actor(name="alice", id="7", claims="Alice A.", request_id=UUID(int=9))


def audited(action: str) -> JobAudit:
    return JobAudit.objects.get(action=action)


def test_a_trigger_opens_an_execution_that_is_due_now() -> None:
    now = database_now()
    job = make_job(priority=8)

    execution = trigger(actor=ALICE, job=job, parameters={"region": "EU"})

    execution.refresh_from_db()
    assert (execution.status, execution.origin) == ("scheduled", "manual")
    assert (execution.scheduled_for, execution.due_at) == (now, now)
    assert (execution.priority, execution.input) == (8, {"region": "EU"})
    assert (execution.triggered_by, execution.schedule) == ("alice", None)
    assert (execution.fence, execution.attempt) == (0, 0)


def test_a_trigger_without_parameters_passes_none() -> None:
    assert trigger(actor=ALICE, job=make_job()).input == {}


def test_a_trigger_pins_the_present_version() -> None:
    job = make_job()
    job = change_job(actor=TESTER, job=job, fields={"timeout_seconds": 5})

    assert trigger(actor=ALICE, job=job).version.number == 2


def test_a_trigger_leaves_a_transition_and_an_audit_entry_without_values() -> None:
    execution = trigger(actor=ALICE, job=make_job(), parameters={"secret": "hush", "a": 1})

    transition = ExecutionTransition.objects.get()
    assert (transition.from_status, transition.to_status) == (None, "scheduled")
    assert (transition.execution_id, transition.actor) == (execution.id, "alice")
    entry = audited("ManualTrigger")
    assert (entry.object_type, entry.object_id) == ("execution", str(execution.id))
    assert (entry.actor, entry.actor_id, entry.claimed_actor) == ("alice", "7", "Alice A.")
    assert (entry.request_id, entry.object_label) == (UUID(int=9), execution.job.name)
    assert (entry.before, entry.after) == (None, {"parameters": ["a", "secret"]})


def test_a_trigger_wakes_beat_after_commit(django_capture_on_commit_callbacks: Any) -> None:
    job = make_job()

    with django_capture_on_commit_callbacks() as callbacks:
        trigger(actor=ALICE, job=job)

    assert len(callbacks) == 1


@pytest.mark.parametrize(
    ("status", "fields", "code", "says"),
    [
        ("disabled", {}, "job_not_active", "is disabled; enable it first"),
        ("draft", {}, "job_not_active", "is draft; enable it first"),
        ("archived", {}, "job_not_active", "is archived"),
        ("active", {"allow_manual_trigger": False}, "manual_trigger_forbidden", "by hand"),
        ("active", {"allowed_environments": 6}, "environment_not_allowed", "may not run in DEV"),
    ],
    ids=lambda value: str(value),
)
def test_a_job_that_may_not_run_is_refused_with_the_reason(
    status: str, fields: dict[str, Any], code: str, says: str
) -> None:
    job = set_job_status(actor=TESTER, job=make_job(**fields), status=JobStatus(status))

    with pytest.raises(Conflict, match=says) as refusal:
        trigger(actor=ALICE, job=job)

    assert refusal.value.code == code
    assert job.name in refusal.value.detail
    assert not JobExecution.objects.exists()
    assert not JobAudit.objects.filter(action="ManualTrigger").exists()


@pytest.mark.parametrize(
    "value",
    [float("nan"), "a\x00b", "\ud800", {1}, "x" * 2_000_000],
    ids=["nan", "nul", "surrogate", "set", "2-MB"],
)
def test_parameters_that_cannot_be_kept_are_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidInput) as refusal:
        trigger(actor=ALICE, job=make_job(), parameters={"value": value})

    assert [(p.field, p.code) for p in refusal.value.problems] == [("parameters", "not_storable")]
    assert not JobExecution.objects.exists()


@pytest.mark.parametrize("status", ["scheduled", "retrying", "queued"])
def test_cancelling_before_a_claim_ends_the_execution(status: str) -> None:
    execution = cancel(actor=ALICE, execution=make_execution(status=status))

    assert (execution.status, execution.cancel_requested_by) == ("cancelled", "alice")
    assert ExecutionTransition.objects.get().actor == "alice"


def test_cancelling_a_running_execution_asks_its_worker() -> None:
    execution = cancel(actor=ALICE, execution=make_execution(status="running"))

    assert (execution.status, execution.cancel_requested_by) == ("running", "alice")
    assert execution.cancel_requested_at is not None
    assert not ExecutionTransition.objects.exists()


@pytest.mark.parametrize("status", ["scheduled", "queued", "running"])
def test_every_cancel_is_audited_and_wakes_beat(
    status: str, django_capture_on_commit_callbacks: Any
) -> None:
    execution = make_execution(status=status)

    with django_capture_on_commit_callbacks() as callbacks:
        cancel(actor=ALICE, execution=execution)

    entry = audited("ExecutionCancelled")
    assert (entry.object_type, entry.object_id) == ("execution", str(execution.id))
    assert (entry.actor, entry.object_label) == ("alice", execution.job.name)
    assert len(callbacks) == 1


@pytest.mark.parametrize("status", FINAL)
def test_what_is_over_cannot_be_cancelled_and_says_how_it_ended(status: str) -> None:
    execution = make_execution(status=status)
    before = JobExecution.objects.values().get()

    with pytest.raises(Conflict, match=f"is {status} and cannot be cancelled") as refusal:
        cancel(actor=ALICE, execution=execution)

    assert refusal.value.code == "execution_finished"
    assert JobExecution.objects.values().get() == before
    assert not JobAudit.objects.filter(action="ExecutionCancelled").exists()


def test_the_rows_state_counts_and_not_the_callers_copy() -> None:
    execution = make_execution(status="queued")
    JobExecution.objects.update(status="succeeded", completed_at=database_now())

    with pytest.raises(Conflict, match="is succeeded"):
        cancel(actor=ALICE, execution=execution)


def test_what_retention_has_just_deleted_is_not_found() -> None:
    execution = make_execution(status="succeeded")
    JobExecution.objects.filter(pk=execution.pk).delete()

    for act in (cancel, rerun):
        with pytest.raises(NotFound, match=f"{execution.pk} is gone"):
            act(actor=TESTER, execution=execution)
    assert not JobAudit.objects.filter(object_type="execution").exists()
