"""Running a finished execution again: what the new one takes over, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from audit.models import JobAudit
from audit.trail import Actor
from core.clock import database_now
from core.errors import Conflict, InvalidInput
from executions.dispatcher import choose
from executions.models import ExecutionTransition, JobExecution
from executions.services import rerun
from executions.states import FINAL, UNFINISHED
from jobs.definitions import change_job, set_job_status
from jobs.models import JobStatus
from tests.factories import TESTER, make_execution, make_job, make_schedule

pytestmark = pytest.mark.django_db

ALICE = Actor(name="alice", id="7")


@pytest.mark.parametrize("status", FINAL)
def test_a_finished_execution_is_run_again_as_a_new_row(status: str) -> None:
    now = database_now()
    old = make_execution(make_job(priority=8), status=status, input={"region": "EU"})
    before = JobExecution.objects.values().get(pk=old.pk)

    again = rerun(actor=ALICE, execution=old)

    again.refresh_from_db()
    assert (again.rerun_of_id, again.job_id) == (old.pk, old.job_id)
    assert (again.status, again.origin, again.due_at) == ("scheduled", "manual", now)
    assert (again.attempt, again.fence, again.priority) == (0, 0, 8)
    assert (again.input, again.triggered_by) == ({"region": "EU"}, "alice")
    assert JobExecution.objects.values().get(pk=old.pk) == before


def test_it_stands_for_the_same_slot_and_no_schedule_holds_it_back() -> None:
    schedule, yesterday = make_schedule(), database_now() - timedelta(days=1)
    slot = {"schedule": schedule, "origin": "schedule"}
    old = make_execution(schedule.job, status="failed", scheduled_for=yesterday, **slot)
    make_execution(
        schedule.job, status="running", scheduled_for=yesterday - timedelta(days=1), **slot
    )

    again = rerun(actor=ALICE, execution=old)

    assert (again.scheduled_for, again.schedule) == (yesterday, None)
    assert again.correlation_id == old.correlation_id
    assert [hint.id for hint in choose().hints] == [again.pk]


def test_it_runs_the_job_as_it_is_defined_today() -> None:
    old = make_execution(status="failed")
    change_job(actor=TESTER, job=old.job, fields={"timeout_seconds": 5, "priority": 9})

    again = rerun(actor=ALICE, execution=old)

    assert (old.version.number, again.version.number, again.priority) == (1, 2, 9)


@pytest.mark.parametrize("parameters", [{"region": "US"}, {}])
def test_other_parameters_replace_the_first_ones(parameters: dict[str, Any]) -> None:
    old = make_execution(status="failed", input={"region": "EU", "day": 1})

    assert rerun(actor=ALICE, execution=old, parameters=parameters).input == parameters


def test_a_rerun_may_be_run_again_and_so_may_the_first() -> None:
    first = make_execution(status="failed")
    second = rerun(actor=ALICE, execution=first)
    JobExecution.objects.filter(pk=second.pk).update(
        status="succeeded", completed_at=database_now()
    )

    assert rerun(actor=ALICE, execution=second).rerun_of == second
    assert rerun(actor=ALICE, execution=first).rerun_of == first


def test_it_leaves_a_transition_and_an_audit_entry_without_values() -> None:
    old = make_execution(status="failed", input={"secret": "hush", "a": 1})

    again = rerun(actor=ALICE, execution=old)

    transition = ExecutionTransition.objects.get()
    assert (transition.execution_id, transition.actor) == (again.pk, "alice")
    assert (transition.from_status, transition.to_status) == (None, "scheduled")
    entry = JobAudit.objects.get(action="ExecutionRerun")
    assert (entry.object_type, entry.object_id) == ("execution", str(again.pk))
    assert (entry.actor, entry.object_label) == ("alice", old.job.name)
    assert entry.after == {"rerun_of": str(old.pk), "parameters": ["a", "secret"]}


def test_it_wakes_beat_after_commit(django_capture_on_commit_callbacks: Any) -> None:
    old = make_execution(status="failed")

    with django_capture_on_commit_callbacks() as callbacks:
        rerun(actor=ALICE, execution=old)

    assert len(callbacks) == 1


@pytest.mark.parametrize("status", UNFINISHED)
def test_what_is_not_over_cannot_be_run_again_and_says_what_to_do(status: str) -> None:
    execution = make_execution(status=status)

    with pytest.raises(Conflict, match=f"is {status}; .* Wait for its end, or cancel") as refusal:
        rerun(actor=ALICE, execution=execution)

    assert refusal.value.code == "execution_not_finished"
    assert JobExecution.objects.count() == 1


def test_the_rows_state_counts_and_not_the_callers_copy() -> None:
    execution = make_execution(status="running")
    JobExecution.objects.update(status="succeeded", completed_at=database_now())

    assert rerun(actor=ALICE, execution=execution).rerun_of == execution


@pytest.mark.parametrize(
    ("status", "fields", "code"),
    [
        ("disabled", {}, "job_not_active"),
        ("draft", {}, "job_not_active"),
        ("archived", {}, "job_not_active"),
        ("active", {"allow_manual_trigger": False}, "manual_trigger_forbidden"),
        ("active", {"allowed_environments": 6}, "environment_not_allowed"),
    ],
    ids=lambda value: str(value),
)
def test_a_job_that_may_not_run_may_not_run_again(
    status: str, fields: dict[str, Any], code: str
) -> None:
    old = make_execution(make_job(**fields), status="failed")
    set_job_status(actor=TESTER, job=old.job, status=JobStatus(status))

    with pytest.raises(Conflict) as refusal:
        rerun(actor=ALICE, execution=old)

    assert refusal.value.code == code
    assert JobExecution.objects.count() == 1
    assert not JobAudit.objects.filter(action="ExecutionRerun").exists()


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ([1], "not_an_object"),
        ("text", "not_an_object"),
        ({"value": float("nan")}, "not_storable"),
        ({"value": "a\x00b"}, "not_storable"),
        ({"value": "x" * 2_000_000}, "not_storable"),
    ],
    ids=["list", "text", "nan", "nul", "2-MB"],
)
def test_parameters_that_cannot_be_kept_are_refused_by_name(parameters: Any, code: str) -> None:
    old = make_execution(status="failed")

    with pytest.raises(InvalidInput) as refusal:
        rerun(actor=ALICE, execution=old, parameters=parameters)

    assert [(p.field, p.code) for p in refusal.value.problems] == [("parameters", code)]
    assert JobExecution.objects.count() == 1
