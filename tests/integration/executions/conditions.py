"""Slots of schedules with a condition, claimed as a worker does."""

import os
from datetime import timedelta
from itertools import count
from typing import Any

from core.clock import database_now
from executions.claim import Claim, claim
from executions.conditions import judge_condition
from executions.models import ConditionCheck, JobExecution
from executions.outcomes import Outcome
from executions.retry import RetryPolicy
from executions.settlement import decide, settle
from jobs.models import JobDefinition, JobSchedule
from tests.factories import make_execution, make_job, make_schedule

_slots = count()
NO_RETRIES = RetryPolicy(strategy="none", max_retries=0, base_delay=1, max_delay=1)


def make_conditional(job: JobDefinition | None = None, **fields: Any) -> JobSchedule:
    """A schedule with a condition, every hour; its slots are opened by ``open_slot``."""
    return make_schedule(job, **{"schedule_type": "interval", "interval_seconds": 3_600, **fields})


def open_slot(schedule: JobSchedule, **fields: Any) -> JobExecution:
    """An execution of the schedule that is queued, so that it can be claimed."""
    values: dict[str, Any] = {"origin": "schedule", "schedule": schedule, "status": "queued"}
    # Each slot of a schedule is another instant.
    slot = database_now() - timedelta(seconds=10, microseconds=next(_slots))
    values |= {"scheduled_for": slot, "due_at": slot}
    return make_execution(schedule.job, **{**values, **fields})


def claim_it(execution: JobExecution) -> Claim:
    claimed = claim(
        execution_id=execution.pk, fence=execution.fence, worker="worker1@test", pid=os.getpid()
    )
    assert claimed is not None
    return claimed


def judge(schedule: JobSchedule, **fields: Any) -> tuple[Outcome | None, ConditionCheck | None]:
    """Look once at the condition of a slot; return what follows, and what is on record already."""
    execution = open_slot(schedule, **fields)
    outcome = judge_condition(claim_it(execution))
    return outcome, ConditionCheck.objects.filter(execution=execution).first()


def holds(conditions: Any = None, *, expression: str | None = None, **fields: Any) -> bool:
    """Whether the condition lets a slot of a new schedule run; an error fails the test."""
    job = fields.pop("job", None) or make_job()
    names = ("calendar", "timezone")
    own = {name: fields.pop(name) for name in names if name in fields}
    schedule = make_conditional(
        job, conditions=conditions, conditional_expression=expression, **own
    )
    return let_run(schedule, **fields)


def let_run(schedule: JobSchedule, **fields: Any) -> bool:
    outcome, look = judge(schedule, **fields)
    if outcome is None:
        assert look is not None
        assert look.result == "true", look.terms
        return True
    assert outcome.look.result == "false", outcome  # type: ignore[union-attr]
    assert look is None
    return False


def error_of(conditions: Any = None, *, expression: str | None = None, **fields: Any) -> str:
    """What the look says that could not be made."""
    schedule = make_conditional(conditions=conditions, conditional_expression=expression)
    outcome, _ = judge(schedule, **fields)
    look = outcome.look  # type: ignore[union-attr]
    assert look.result == "error", look
    return str(look.message)


def end_slot(schedule: JobSchedule, status: str, **fields: Any) -> JobExecution:
    """A finished run of the schedule, an hour ago."""
    ago = database_now() - timedelta(hours=1)
    return open_slot(schedule, **{"status": status, "now": ago, **fields})


def settle_it(claimed: Claim, outcome: Outcome, *, policy: RetryPolicy = NO_RETRIES) -> str | None:
    decision = decide(outcome, attempt=claimed.attempt, policy=policy)
    return settle(
        execution_id=claimed.execution_id, fence=claimed.fence, decision=decision, lines=[]
    )
