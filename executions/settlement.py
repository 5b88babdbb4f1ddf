"""Recording how an attempt ended, exactly once."""

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from core.sql import Row, load
from core.text import clean
from executions import outcomes
from executions.capture import LogLine, log_parameters
from executions.outcomes import Outcome
from executions.retry import RetryPolicy
from executions.states import ExecutionStatus, Reason
from executions.successors import follow
from executions.wake import poke_after_commit

SETTLE = load(__file__, "settle")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """What follows from an outcome: the next status and, for another attempt, its delay (s)."""

    status: ExecutionStatus
    reason: Reason | None = None
    delay: float = 0.0
    output: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    stack_trace: str | None = None
    fence_step: int = 0
    waits_until: datetime | None = None


def decide(outcome: Outcome, *, attempt: int, policy: RetryPolicy) -> Decision:
    """Return what follows from ``outcome`` of attempt ``attempt``; pure but for the jitter."""
    match outcome:
        case outcomes.Succeeded(output):
            return Decision(ExecutionStatus.SUCCEEDED, output=output)
        case outcomes.Skipped(message):
            return Decision(ExecutionStatus.SKIPPED, Reason.HANDLER, error_message=message)
        case outcomes.Cancelled(stack_trace):
            return Decision(ExecutionStatus.CANCELLED, Reason.CANCELLED, stack_trace=stack_trace)
        case outcomes.HandedBack():
            return Decision(ExecutionStatus.SCHEDULED, Reason.DRAIN, fence_step=1)
        case outcomes.ConditionUnmet() | outcomes.ConditionBroken():
            return _decide_about_condition(outcome)
        case outcomes.Failed(error_type, message, stack_trace, True):
            return Decision(
                ExecutionStatus.FAILED,
                Reason.PERMANENT,
                error_type=error_type,
                error_message=message,
                stack_trace=stack_trace,
            )
    return _decide_about_another(outcome, attempt=attempt, policy=policy)


def settle(
    *,
    execution_id: UUID,
    fence: int,
    decision: Decision,
    lines: list[LogLine],
    progress: tuple[float | None, str | None] = (None, None),
    actor: str | None = None,
    is_poking: bool = True,
    has_dependents: bool = False,
) -> str | None:
    """Write the decision; return the status it led to, or None when the row was not ours to change.

    None also when an earlier try was committed but its answer lost: then the row says so, final.
    Who knows that others wait for the end says so (``has_dependents``): that saves a round trip.
    """
    parameters: dict[str, Any] = dict(
        id=execution_id,
        fence=fence,
        status=decision.status.value,
        reason=decision.reason and decision.reason.value,
        fence_step=decision.fence_step,
        delay=decision.delay,
        output=decision.output,
        error_type=decision.error_type,
        error_message=decision.error_message and clean(decision.error_message),
        stack_trace=decision.stack_trace and clean(decision.stack_trace),
        progress=progress[0],
        progress_message=progress[1] and clean(progress[1], limit=500),
        waits_until=decision.waits_until,
        actor=actor,
        now=None,
        **log_parameters(lines),
    )
    # Success only meets the edges of what waits for it, as a rule: one statement does that too.
    takes_two = has_dependents and decision.status != ExecutionStatus.SUCCEEDED
    row = None if takes_two else SETTLE.row(may_follow=False, **parameters)
    if takes_two or (row is not None and not row["is_settled"]):
        row = _settle_with_successors(execution_id, parameters)
    if row is None:
        return None
    if row["wakes_beat"] and is_poking:
        poke_after_commit()
    return str(row["status"])


@transaction.atomic
def _settle_with_successors(execution_id: UUID, parameters: Mapping[str, Any]) -> Row | None:
    row = SETTLE.row(may_follow=True, **parameters)
    if row is not None and row["has_successors"]:
        follow([execution_id])
    return row


def _decide_about_condition(
    outcome: outcomes.ConditionUnmet | outcomes.ConditionBroken,
) -> Decision:
    """Decide on an attempt whose handler was not called: it does not count while it waits."""
    if isinstance(outcome, outcomes.ConditionBroken):
        ending = ExecutionStatus.SKIPPED if outcome.is_skipped else ExecutionStatus.FAILED
        return Decision(
            ending,
            Reason.CONDITION_ERROR,
            error_type=None if outcome.is_skipped else "ConditionError",
            error_message=outcome.message,
        )
    if outcome.delay is None:
        return Decision(ExecutionStatus.SKIPPED, Reason.CONDITION, error_message=outcome.message)
    return Decision(
        ExecutionStatus.SCHEDULED,
        Reason.CONDITION,
        delay=outcome.delay,
        error_message=outcome.message,
        fence_step=1,
        waits_until=outcome.waits_until,
    )


def _decide_about_another(outcome: Outcome, *, attempt: int, policy: RetryPolicy) -> Decision:
    """Decide on a failed attempt: one more, by the policy, or the end."""
    error = _describe(outcome)
    if not policy.allows_another(attempt):
        ending = (
            ExecutionStatus.TIMED_OUT
            if isinstance(outcome, outcomes.TimedOut)
            else ExecutionStatus.FAILED
        )
        return Decision(ending, **error)
    delay = policy.delay_after(attempt, random=random.random)
    if isinstance(outcome, outcomes.RetryAsked) and outcome.delay is not None:
        delay = min(max(outcome.delay, 0.0), policy.max_delay)
    return Decision(ExecutionStatus.RETRYING, delay=delay, **error)


def _describe(outcome: Outcome) -> Mapping[str, Any]:
    match outcome:
        case outcomes.TimedOut(timeout, stack_trace):
            return {
                "reason": Reason.TIMEOUT,
                "error_type": "Timeout",
                "error_message": f"The attempt took longer than its timeout of {timeout:g} s.",
                "stack_trace": stack_trace,
            }
        case outcomes.WorkerLost(worker):
            return {
                "reason": Reason.WORKER_LOST,
                "error_type": "WorkerLost",
                "error_message": f"Worker {worker} died or froze, and its lease ran out.",
            }
        case outcomes.LockLost(name, why, stack_trace):
            return {
                "reason": Reason.LOCK_LOST,
                "error_type": "LockLost",
                "error_message": f"The attempt was stopped, it lost lock {name}: {why}.",
                "stack_trace": stack_trace,
            }
        case outcomes.RetryAsked(message):
            return {
                "reason": Reason.RETRY_LATER,
                "error_type": "RetryLater",
                "error_message": message,
            }
        case outcomes.Failed(error_type, message, stack_trace):
            return {
                "reason": Reason.ERROR,
                "error_type": error_type,
                "error_message": message,
                "stack_trace": stack_trace,
            }
    raise AssertionError(f"{outcome!r} is no failed attempt")
