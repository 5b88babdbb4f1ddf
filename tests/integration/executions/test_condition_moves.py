"""What follows from a look at a condition: run, skip, wait or fail, and what is kept of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from core.clock import database_now
from executions.conditions import judge_condition
from executions.models import ConditionCheck, ExecutionTransition, JobExecution
from executions.outcomes import HandedBack, RetryAsked
from executions.rescuer import rescue
from executions.retry import RetryPolicy
from executions.runner import run
from executions.waits import explain_wait
from jobs.models import JobSchedule
from tests.factories import make_execution, make_job
from tests.integration.executions.conditions import (
    claim_it,
    judge,
    make_conditional,
    open_slot,
    settle_it,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_no_kernel_timer")]

RETRIES = RetryPolicy(strategy="linear", max_retries=1, base_delay=1, max_delay=1)
HERE, ELSEWHERE = {"environment": ["DEV"]}, {"environment": ["PROD"]}
BROKEN = {"sql": {"database": "nobody", "query": "SELECT 1"}}


def claim_again(execution: JobExecution) -> Any:
    """Dispatch and claim what went back to waiting."""
    execution.refresh_from_db()
    JobExecution.objects.filter(pk=execution.pk).update(
        status="queued", fence=execution.fence + 1, publish_again_at=execution.due_at
    )
    execution.refresh_from_db()
    return claim_it(execution)


# --- Who is judged


def test_a_slot_without_a_condition_brings_none() -> None:
    assert claim_it(open_slot(make_conditional())).condition is None


def test_what_people_trigger_or_run_again_is_not_judged() -> None:
    schedule = make_conditional(conditions=ELSEWHERE)
    again = make_execution(schedule.job, status="queued", schedule=schedule, origin="manual")

    assert claim_it(again).condition is None
    assert judge_condition(claim_it(make_execution(schedule.job, status="queued"))) is None


def test_a_handler_that_was_called_once_is_tried_again_without_another_look() -> None:
    execution = open_slot(make_conditional(conditions=HERE))
    claimed = claim_it(execution)
    assert judge_condition(claimed) is None
    settle_it(claimed, HandedBack())

    assert claim_again(execution).condition is None
    assert ConditionCheck.objects.count() == 1


def test_so_is_one_that_ran_although_its_condition_was_broken() -> None:
    execution = open_slot(make_conditional(conditions=BROKEN, on_error="run"))
    claimed = claim_it(execution)
    assert judge_condition(claimed) is None
    assert ConditionCheck.objects.get().result == "error"
    settle_it(claimed, HandedBack())

    assert claim_again(execution).condition is None


def test_an_attempt_that_ended_before_the_look_did_is_followed_by_a_look() -> None:
    execution = open_slot(make_conditional(conditions=HERE))
    settle_it(claim_it(execution), HandedBack())

    assert claim_again(execution).condition is not None


def test_the_condition_is_the_schedules_as_it_is_now() -> None:
    schedule = make_conditional(conditions=ELSEWHERE)
    execution = open_slot(schedule)
    JobSchedule.objects.filter(pk=schedule.pk).update(conditions=HERE)

    assert judge_condition(claim_it(execution)) is None


# --- What follows


def test_a_look_that_lets_it_run_is_on_record_before_the_handler_is_called() -> None:
    outcome, look = judge(make_conditional(conditions={"all": [HERE, {"not": ELSEWHERE}]}))

    assert outcome is None
    assert look is not None
    assert (look.result, look.worker) == ("true", "worker1@test")
    assert look.message == "The condition holds."
    assert [term["path"] for term in look.terms] == ["all[0].environment", "all[1].not.environment"]
    assert look.terms[1] == {
        "path": "all[1].not.environment",
        "what": "the environment is PROD",
        "result": "false",
        "why": "the environment is DEV",
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("fields", "status", "reason", "message"),
    [
        ({"conditions": ELSEWHERE}, "skipped", "condition", "The condition does not hold: "),
        ({"conditions": BROKEN, "on_error": "skip"}, "skipped", "condition_error", "could not be"),
        ({"conditions": BROKEN}, "failed", "condition_error", "SCHEDULER_CONDITION_DATABASES"),
        ({"conditions": BROKEN, "on_error": "run"}, "failed", "permanent", "No handler"),
        ({"conditions": HERE}, "failed", "permanent", "No handler"),
    ],
    ids=["false", "error-skip", "error-fail", "error-run", "true"],
)
def test_the_runner_ends_it_as_the_schedule_says(
    fields: dict[str, Any], status: str, reason: str, message: str
) -> None:
    job = make_job(execution_type_name="nobody knows this handler", max_retries=3)
    execution = open_slot(make_conditional(job, **fields))

    run(execution_id=execution.pk, fence=1, worker="w@test")

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == (status, reason)
    assert message in str(execution.error_message)
    look = ConditionCheck.objects.get(execution=execution)
    assert look.worker == "w@test"
    assert ExecutionTransition.objects.filter(execution=execution).last().to_status == status  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_what_waits_goes_back_uncounted_and_is_looked_at_until_its_time_is_over() -> None:
    job = make_job(execution_type_name="nobody knows this handler")
    schedule = make_conditional(
        job, conditions=ELSEWHERE, on_false="wait", poll_seconds=60, wait_seconds=90
    )
    now = database_now()
    execution = open_slot(schedule, scheduled_for=now, due_at=now)

    run(execution_id=execution.pk, fence=1, worker="w@test")

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("scheduled", "condition")
    assert (execution.attempt, execution.fence) == (0, 2)
    assert 59 < (execution.due_at - now).total_seconds() < 65
    move = ExecutionTransition.objects.get(to_status="scheduled")
    until = datetime.fromisoformat(move.data["waits_until"])
    assert until == now + timedelta(seconds=90)
    wait = explain_wait(execution)
    assert wait is not None
    assert wait.startswith("Waits for its condition: looked at once, last at ")
    assert "again at" in wait
    assert "environment.environment" not in wait

    JobSchedule.objects.filter(pk=schedule.pk).update(wait_seconds=100_000)
    ExecutionTransition.objects.filter(pk=move.pk).update(
        data={**move.data, "waits_until": (now - timedelta(seconds=1)).isoformat()}
    )
    claimed = claim_again(execution)
    outcome = judge_condition(claimed)
    assert outcome is not None
    assert settle_it(claimed, outcome) == "skipped"
    execution.refresh_from_db()
    assert execution.reason == "condition"
    assert "did not hold until" in str(execution.error_message)


def test_the_last_look_is_when_the_wait_is_over() -> None:
    now = database_now()
    schedule = make_conditional(
        conditions=ELSEWHERE, on_false="wait", poll_seconds=60, wait_seconds=70
    )
    slot = now - timedelta(seconds=30)

    outcome, _ = judge(schedule, scheduled_for=slot, due_at=slot)

    assert outcome.delay == pytest.approx(40, abs=5)  # type: ignore[union-attr]


def test_a_deferred_slot_waits_from_the_instant_it_was_deferred_to() -> None:
    now = database_now()
    schedule = make_conditional(conditions=ELSEWHERE, on_false="wait", wait_seconds=600)

    outcome, _ = judge(schedule, scheduled_for=now - timedelta(hours=3), due_at=now)
    assert outcome.waits_until == now + timedelta(seconds=600)  # type: ignore[union-attr]

    late = now - timedelta(hours=4)
    outcome, _ = judge(schedule, scheduled_for=late, due_at=late)
    assert outcome.delay is None  # type: ignore[union-attr]


def test_a_condition_that_comes_true_while_it_waits_lets_it_run() -> None:
    schedule = make_conditional(conditions=ELSEWHERE, on_false="wait")
    execution = open_slot(schedule)
    claimed = claim_it(execution)
    outcome = judge_condition(claimed)
    assert outcome is not None
    settle_it(claimed, outcome)
    JobSchedule.objects.filter(pk=schedule.pk).update(conditions=HERE)

    claimed = claim_again(execution)
    assert judge_condition(claimed) is None
    assert claimed.attempt == 1


def test_a_cancel_request_wins_over_a_wait() -> None:
    execution = open_slot(make_conditional(conditions=ELSEWHERE, on_false="wait"))
    claimed = claim_it(execution)
    JobExecution.objects.filter(pk=execution.pk).update(cancel_requested_at=database_now())
    outcome = judge_condition(claimed)
    assert outcome is not None

    assert settle_it(claimed, outcome) == "cancelled"


# --- Who dies meanwhile


def lose(execution: JobExecution) -> None:
    """Let the lease of what was just claimed be over."""
    past = database_now() - timedelta(seconds=1)
    JobExecution.objects.filter(pk=execution.pk).update(lease_until=past)


def test_a_worker_that_dies_while_it_looks_costs_no_attempt() -> None:
    execution = open_slot(make_conditional(conditions=HERE))
    claim_it(execution)
    lose(execution)

    assert rescue() == 1

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("scheduled", "worker_lost")
    assert (execution.attempt, execution.fence) == (0, 2)
    assert claim_again(execution).condition is not None


@pytest.mark.django_db(transaction=True)
def test_without_the_platforms_database_the_condition_is_not_judged(other_connection: Any) -> None:
    schedule = make_conditional(conditions={"previous": {"outcome": ["none"]}}, on_error="skip")
    claimed = claim_it(open_slot(schedule))
    pid = connection.connection.info.backend_pid
    with other_connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    with pytest.raises(OperationalError):
        judge_condition(claimed)

    connection.close()
    assert not ConditionCheck.objects.exists()


def test_a_worker_that_dies_after_the_look_costs_the_attempt() -> None:
    execution = open_slot(make_conditional(conditions=HERE))
    judge_condition(claim_it(execution))
    lose(execution)

    rescue()

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("failed", "worker_lost")


def test_looks_that_kill_their_worker_end_when_the_wait_would() -> None:
    now = database_now()
    schedule = make_conditional(conditions=HERE, wait_seconds=60)
    execution = open_slot(schedule, scheduled_for=now - timedelta(seconds=61))
    claim_it(execution)
    lose(execution)

    rescue()

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("failed", "worker_lost")


def test_a_look_of_a_worker_that_lost_its_lease_is_not_kept() -> None:
    execution = open_slot(make_conditional(conditions=ELSEWHERE))
    claimed = claim_it(execution)
    outcome = judge_condition(claimed)
    assert outcome is not None
    lose(execution)
    rescue()

    assert settle_it(claimed, outcome) is None
    assert not ConditionCheck.objects.exists()


def test_a_failure_of_the_handler_is_retried_without_another_look() -> None:
    execution = open_slot(make_conditional(conditions=HERE))
    claimed = claim_it(execution)
    judge_condition(claimed)
    settle_it(claimed, RetryAsked("busy"), policy=RETRIES)

    again = claim_again(execution)
    assert (again.attempt, again.condition) == (2, None)
