"""The moves people make, and the rule that nothing finished moves again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core.clock import database_now
from executions.models import ExecutionTransition, JobExecution
from executions.states import FINAL, UNFINISHED
from executions.transitions import cancel_unclaimed, request_cancel, take_back
from jobs.models import Hold
from tests.factories import make_execution, make_queue

pytestmark = pytest.mark.django_db


def everything(execution: JobExecution) -> dict[str, Any]:
    return JobExecution.objects.values().get(pk=execution.pk)


@pytest.mark.parametrize("status", ["scheduled", "retrying", "queued"])
def test_what_no_worker_has_claimed_ends_at_once_under_a_new_fence(status: str) -> None:
    now = database_now()
    execution = make_execution(status=status, fence=4)

    assert cancel_unclaimed(execution.pk, actor="alice")

    execution.refresh_from_db()
    assert (execution.status, execution.reason, execution.fence) == ("cancelled", "cancelled", 5)
    assert (execution.completed_at, execution.cancel_requested_at) == (now, now)
    assert (execution.cancel_requested_by, execution.publish_again_at) == ("alice", None)
    transition = ExecutionTransition.objects.get()
    assert (transition.from_status, transition.to_status) == (status, "cancelled")
    assert (transition.reason, transition.actor) == ("cancelled", "alice")
    assert (transition.fence, transition.attempt) == (5, execution.attempt)


@pytest.mark.parametrize("status", ["running", *FINAL])
def test_what_is_claimed_or_over_is_not_cancelled_at_once(status: str) -> None:
    execution = make_execution(status=status)
    before = everything(execution)

    assert not cancel_unclaimed(execution.pk, actor="alice")
    assert everything(execution) == before
    assert not ExecutionTransition.objects.exists()


def test_a_running_execution_is_asked_to_stop_and_its_first_asker_is_kept() -> None:
    now = database_now()
    execution = make_execution(status="running")

    assert request_cancel(execution.pk, actor="alice")
    JobExecution.objects.update(cancel_requested_at=now - timedelta(seconds=5))
    assert request_cancel(execution.pk, actor="bob")

    execution.refresh_from_db()
    assert (execution.status, execution.fence) == ("running", 1)
    assert execution.cancel_requested_by == "alice"
    assert execution.cancel_requested_at == now - timedelta(seconds=5)
    assert not ExecutionTransition.objects.exists()


@pytest.mark.parametrize("status", ["scheduled", "queued", "retrying", *FINAL])
def test_only_a_running_execution_is_asked(status: str) -> None:
    execution = make_execution(status=status)
    before = everything(execution)

    assert not request_cancel(execution.pk, actor="alice")
    assert everything(execution) == before


# --- Taking back


@pytest.fixture
def paused() -> str:
    """The name of a paused queue."""
    return make_queue("paused", is_paused=True).name


@pytest.mark.parametrize(("attempt", "status"), [(0, "scheduled"), (1, "retrying")])
def test_what_no_worker_has_claimed_is_taken_back_under_a_new_fence(
    paused: str, attempt: int, status: str
) -> None:
    due_at = database_now() - timedelta(minutes=5)
    execution = make_execution(
        status="queued", queue=paused, attempt=attempt, fence=4, publish_count=3, due_at=due_at
    )

    assert take_back(actor="alice") == 1

    execution.refresh_from_db()
    assert (execution.status, execution.reason, execution.fence) == (status, None, 5)
    assert (execution.attempt, execution.due_at) == (attempt, due_at)
    assert (execution.queue, execution.queued_at) == (None, None)
    assert (execution.publish_again_at, execution.publish_count) == (None, 0)
    transition = ExecutionTransition.objects.get()
    assert (transition.from_status, transition.to_status) == ("queued", status)
    assert (transition.reason, transition.actor) == ("on_hold", "alice")
    assert (transition.fence, transition.attempt) == (5, attempt)
    assert transition.data == {"queue": "paused", "hold": str(Hold.objects.get().pk)}


@pytest.mark.parametrize("status", ["scheduled", "retrying", "running", *FINAL])
def test_only_what_is_out_unclaimed_is_taken_back(paused: str, status: str) -> None:
    execution = make_execution(status=status, queue=paused)
    before = everything(execution)

    assert take_back() == 0
    assert everything(execution) == before


def test_every_paused_queue_is_emptied_and_no_other(paused: str) -> None:
    make_queue("also", is_paused=True)
    here, there = (make_execution(status="queued", queue=name) for name in (paused, "also"))
    elsewhere = make_execution(status="queued", queue="default")

    assert take_back() == 2

    statuses = dict(JobExecution.objects.values_list("pk", "status"))
    assert statuses == {here.pk: "scheduled", there.pk: "scheduled", elsewhere.pk: "queued"}


# --- Final is final


@pytest.mark.parametrize("before", FINAL)
@pytest.mark.parametrize("after", [*FINAL, *UNFINISHED])
def test_the_database_refuses_every_move_of_a_finished_execution(before: str, after: str) -> None:
    execution = make_execution(status=before)
    change: dict[str, Any] = {"status": after}
    if after in UNFINISHED:
        change["completed_at"] = None
    if before == after:
        JobExecution.objects.filter(pk=execution.pk).update(**change)
        return

    with pytest.raises(IntegrityError, match="stays so"), transaction.atomic():
        JobExecution.objects.filter(pk=execution.pk).update(**change)


@pytest.mark.parametrize("status", FINAL)
def test_the_database_refuses_to_date_an_end_anew(status: str) -> None:
    make_execution(status=status)

    with pytest.raises(IntegrityError, match="stays so"), transaction.atomic():
        JobExecution.objects.update(completed_at=database_now())


def test_the_database_refuses_raw_sql_as_well() -> None:
    make_execution(status="succeeded")

    with (
        pytest.raises(IntegrityError, match="stays so"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE executions_jobexecution SET status = 'failed'")


# --- What a row may never say


@pytest.mark.parametrize(
    ("status", "change", "constraint"),
    [
        ("scheduled", {"status": "lost"}, "execution_status_known"),
        ("running", {"status": "succeeded"}, "final_has_completed_at"),
        ("running", {"completed_at": "now"}, "final_has_completed_at"),
        ("running", {"lease_until": None}, "running_has_lease_and_worker"),
        ("running", {"worker": None}, "running_has_lease_and_worker"),
        ("running", {"started_at": None}, "running_has_lease_and_worker"),
        ("queued", {"queue": None}, "queued_will_be_published_again"),
        ("queued", {"publish_again_at": None}, "queued_will_be_published_again"),
        ("scheduled", {"origin": "schedule"}, "slot_has_schedule"),
    ],
    ids=lambda value: str(value),
)
def test_the_database_refuses_rows_that_contradict_themselves(
    status: str, change: dict[str, Any], constraint: str
) -> None:
    make_execution(status=status)
    now: Callable[[], Any] = database_now
    change = {name: now() if value == "now" else value for name, value in change.items()}

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        JobExecution.objects.update(**change)
