"""One bad row, one frozen client, one careless handler: all others go on."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from core.clock import database_now
from executions.authoring import job_handler
from executions.dispatcher import choose
from executions.models import JobExecution
from executions.planner import MOST_SLOTS, plan
from executions.runner import run
from jobs.models import JobSchedule, Queue
from jobs.scheduling import archive_schedule, change_schedule
from tests.factories import TESTER, break_rule, make_execution, make_job, make_schedule

pytestmark = pytest.mark.django_db

YEARLY = {"schedule_type": "cron", "cron_expression": "0 0 1 1 *"}


def test_a_schedule_that_cannot_be_compiled_leaves_the_others_alone() -> None:
    due = database_now() - timedelta(seconds=1)
    bad = make_schedule(**YEARLY, next_fire_at=due - timedelta(seconds=5))
    break_rule(bad)
    good = make_schedule(**YEARLY, next_fire_at=due)

    planned = plan()

    assert (planned.opened, planned.is_full) == (1, False)
    assert JobExecution.objects.get().schedule == good
    bad.refresh_from_db()
    assert bad.next_fire_at is not None


def test_a_long_backlog_is_opened_in_passes_of_bounded_size() -> None:
    now = database_now()
    for _ in range(8):
        make_schedule(interval_seconds=60, next_fire_at=now - timedelta(minutes=400))

    first = plan(now=now)
    total = first.opened
    while (planned := plan(now=now)).opened:
        total += planned.opened

    assert first.opened < MOST_SLOTS + 500
    assert first.is_full
    assert total == JobExecution.objects.count() >= 8 * 400


@pytest.mark.django_db(transaction=True)
def test_a_row_that_a_frozen_client_has_locked_is_passed_over(other_connection: Any) -> None:
    held, free = make_execution(), make_execution()
    other_connection.set_autocommit(False)
    with other_connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM executions_jobexecution WHERE id = %s FOR UPDATE", [held.pk])

        assert [hint.id for hint in choose().hints] == [free.pk]

        other_connection.rollback()
    assert [hint.id for hint in choose().hints] == [held.pk]


@pytest.mark.parametrize(
    "stop",
    [
        lambda schedule: change_schedule(
            actor=TESTER, schedule=schedule, fields={"is_active": False}
        ),
        lambda schedule: archive_schedule(actor=TESTER, schedule=schedule),
    ],
    ids=["disabled", "archived"],
)
def test_a_slot_that_was_due_when_its_schedule_was_stopped_is_still_opened(
    stop: Callable[[JobSchedule], Any],
) -> None:
    due = database_now() - timedelta(seconds=30)
    schedule = make_schedule(interval_seconds=3600, next_fire_at=due)

    stop(schedule)
    plan()
    plan(now=database_now() + timedelta(hours=3))

    assert [execution.scheduled_for for execution in JobExecution.objects.all()][:1] == [due]
    assert not JobExecution.objects.filter(scheduled_for__gt=database_now()).exists()
    schedule.refresh_from_db()
    assert schedule.next_fire_at is None


@job_handler("tests.leaves_a_transaction")
def leave_a_transaction() -> str:
    connection.set_autocommit(False)
    JobExecution.objects.exists()
    return "careless"


@pytest.fixture
def _no_kernel_timer() -> Iterator[None]:
    yield
    from executions.claim import disarm_kernel_timer

    disarm_kernel_timer()


@pytest.mark.usefixtures("_no_kernel_timer")
@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_a_handler_left_open_does_not_swallow_the_outcome(
    other_connection: Any,
) -> None:
    execution = make_execution(
        make_job(execution_type_name="tests.leaves_a_transaction"), status="queued"
    )

    run(execution_id=execution.pk, fence=1, worker="w")

    with other_connection.cursor() as cursor:
        cursor.execute("SELECT status FROM executions_jobexecution WHERE id = %s", [execution.pk])
        assert cursor.fetchone() == ("succeeded",)
    assert connection.get_autocommit()


@pytest.mark.parametrize("name", ["unacked", "unacked_index", "unacked_mutex"])
def test_a_queue_cannot_take_a_name_that_the_broker_needs(name: str) -> None:
    with pytest.raises(Exception, match="lower-case"), transaction.atomic():
        Queue(name=name).full_clean()
