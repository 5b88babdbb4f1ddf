"""Invariant 5: state, transition, log and audit are written together or not at all.

Each test takes away the table one part of a step is written to, by a constraint that no row meets,
and looks that the other parts are not there either. A step that had no transaction of its own would
leave the test's in ruins.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import JobAudit
from core.clock import database_now
from executions.capture import LogLine
from executions.claim import CLAIM
from executions.dispatcher import choose
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog
from executions.outcomes import Failed, Succeeded
from executions.planner import plan
from executions.queues import change_queue
from executions.rescuer import rescue
from executions.retry import RetryPolicy
from executions.services import cancel, rerun, trigger
from executions.settlement import decide, settle
from jobs.definitions import change_job, create_job, set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus, JobVersion, Queue
from jobs.scheduling import archive_schedule, change_schedule, create_schedule
from tests.factories import TESTER, make_execution, make_job, make_schedule

pytestmark = pytest.mark.django_db

POLICY = RetryPolicy(strategy="linear", max_retries=3, base_delay=1, max_delay=1)
TABLES = (
    JobDefinition,
    JobVersion,
    JobSchedule,
    Queue,
    JobExecution,
    ExecutionTransition,
    JobExecutionLog,
    JobAudit,
)


def refuse_rows_of(model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            f"ALTER TABLE {model._meta.db_table} ADD CONSTRAINT broken CHECK (false) NOT VALID"
        )


def everything() -> dict[str, list[dict[str, Any]]]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in TABLES}


def assert_all_or_nothing(step: Callable[[], Any], *, without: Any) -> None:
    refuse_rows_of(without)
    before = everything()

    with pytest.raises(IntegrityError, match="broken"):
        step()

    assert everything() == before


@transaction.atomic
def run_alone(statement: Callable[[], Any]) -> None:
    """One statement is one transaction outside of tests; ``test_round_trips.py`` counts them."""
    statement()


def settle_it(execution: JobExecution, outcome: Any) -> Callable[[], Any]:
    return lambda: run_alone(
        lambda: settle(
            execution_id=execution.id,
            fence=execution.fence,
            decision=decide(outcome, attempt=1, policy=POLICY),
            lines=[LogLine(1, datetime.now(UTC), "INFO", "log", "last words")],
        )
    )


def make_plan() -> Callable[[], Any]:
    make_schedule(next_fire_at=database_now() - timedelta(minutes=2))
    return plan


def make_dispatch() -> Callable[[], Any]:
    make_execution()
    return choose


def make_skipping_dispatch() -> Callable[[], Any]:
    set_job_status(actor=TESTER, job=make_execution().job, status=JobStatus.DISABLED)
    return choose


def make_claim() -> Callable[[], Any]:
    execution = make_execution(status="queued")
    given = {"id": execution.id, "fence": 1, "worker": "w", "pid": 1, "token": uuid4()}
    return lambda: run_alone(lambda: CLAIM.row(**given, lease=60, now=None))


def make_success() -> Callable[[], Any]:
    return settle_it(make_execution(status="running"), Succeeded("1"))


def make_retry() -> Callable[[], Any]:
    return settle_it(make_execution(status="running"), Failed("E", "bad"))


def make_rescue() -> Callable[[], Any]:
    for _ in range(2):
        make_execution(status="running", lease_until=database_now() - timedelta(seconds=1))
    return rescue


def make_trigger() -> Callable[[], Any]:
    job = make_job()
    return lambda: trigger(actor=TESTER, job=job)


def make_rerun() -> Callable[[], Any]:
    execution = make_execution(status="failed")
    return lambda: rerun(actor=TESTER, execution=execution)


def make_pause() -> Callable[[], Any]:
    make_execution(status="queued")
    queue = Queue.objects.get(name="default")
    return lambda: change_queue(actor=TESTER, queue=queue, fields={}, is_paused=True)


def make_cancel() -> Callable[[], Any]:
    execution = make_execution(status="queued")
    return lambda: cancel(actor=TESTER, execution=execution)


def make_cancel_request() -> Callable[[], Any]:
    execution = make_execution(status="running")
    return lambda: cancel(actor=TESTER, execution=execution)


MOVES = [
    make_plan,
    make_dispatch,
    make_skipping_dispatch,
    make_claim,
    make_success,
    make_retry,
    make_trigger,
    make_rerun,
    make_pause,
    make_cancel,
]


@pytest.mark.parametrize("make_step", MOVES, ids=lambda make: make.__name__)
def test_no_state_changes_without_its_transition(make_step: Callable[[], Any]) -> None:
    assert_all_or_nothing(make_step(), without=ExecutionTransition)


def test_a_rescue_that_cannot_be_recorded_rescues_nothing() -> None:
    rescue_both = make_rescue()
    refuse_rows_of(ExecutionTransition)
    before = everything()

    with suppress(IntegrityError):
        rescue_both()

    assert everything() == before


@pytest.mark.parametrize("make_step", [make_success, make_retry], ids=lambda make: make.__name__)
def test_no_attempt_ends_without_its_last_lines(make_step: Callable[[], Any]) -> None:
    assert_all_or_nothing(make_step(), without=JobExecutionLog)


def make_job_change() -> Callable[[], Any]:
    job = make_job()
    return lambda: change_job(actor=TESTER, job=job, fields={"priority": 9})


def make_job_creation() -> Callable[[], Any]:
    return lambda: create_job(actor=TESTER, fields={"name": "new", "execution_type_name": "x"})


def make_job_archive() -> Callable[[], Any]:
    job = make_schedule().job
    return lambda: set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)


def make_schedule_creation() -> Callable[[], Any]:
    fields = {"job": make_job(), "schedule_type": "interval", "interval_seconds": 10}
    return lambda: create_schedule(actor=TESTER, fields=fields)


def make_schedule_change() -> Callable[[], Any]:
    schedule = make_schedule()
    return lambda: change_schedule(actor=TESTER, schedule=schedule, fields={"interval_seconds": 99})


def make_schedule_archive() -> Callable[[], Any]:
    schedule = make_schedule()
    return lambda: archive_schedule(actor=TESTER, schedule=schedule)


ACTS = [
    make_trigger,
    make_rerun,
    make_pause,
    make_cancel,
    make_cancel_request,
    make_job_creation,
    make_job_change,
    make_job_archive,
    make_schedule_creation,
    make_schedule_change,
    make_schedule_archive,
]


@pytest.mark.parametrize("make_step", ACTS, ids=lambda make: make.__name__)
def test_nobody_changes_anything_without_its_audit_entry(make_step: Callable[[], Any]) -> None:
    assert_all_or_nothing(make_step(), without=JobAudit)


@pytest.mark.parametrize(
    "make_step", [make_job_creation, make_job_change], ids=lambda make: make.__name__
)
def test_no_job_changes_without_its_version(make_step: Callable[[], Any]) -> None:
    assert_all_or_nothing(make_step(), without=JobVersion)


def test_a_schedule_does_not_advance_without_its_execution() -> None:
    assert_all_or_nothing(make_plan(), without=JobExecution)
