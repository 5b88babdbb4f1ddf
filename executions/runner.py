"""One attempt, told as a pipeline: claim, watch, call the handler, settle."""

import logging
import os
import time
import traceback
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from core.sql import leave_no_transaction
from executions import outcomes
from executions.authoring import JobContext, StopJob
from executions.broker import offer_soon
from executions.capture import LogBuffer, LogLine, captured
from executions.checkpoints import keep_checkpoint
from executions.claim import Claim, LeaseLost, claim, disarm_kernel_timer
from executions.conditions import judge_condition, record_look
from executions.handlers import MODES
from executions.handlers.in_process import message_of
from executions.locking import Locks
from executions.models import JobExecution
from executions.outcomes import Outcome
from executions.process import child
from executions.retry import RetryPolicy
from executions.settlement import Decision, decide, settle
from executions.upstream import upstream_of
from executions.watchdog import Guard, die

logger = logging.getLogger(__name__)
handler_logger = logging.getLogger("jobs.handler")


def run(*, execution_id: UUID, fence: int, worker: str) -> None:
    """Carry out the execution that a message hints at, if it is still to be claimed."""
    if child.is_draining:
        offer_soon([execution_id])
        return
    try:
        claimed = claim(execution_id=execution_id, fence=fence, worker=worker, pid=os.getpid())
        if claimed is None:
            logger.debug("stale hint: execution %s, fence %s", execution_id, fence)
            return
        _attempt(claimed)
    finally:
        disarm_kernel_timer()


def _attempt(claimed: Claim) -> None:
    lines = LogBuffer(
        started_at=claimed.started_at, most_lines=settings.SCHEDULER_LOG_LINES_PER_ATTEMPT
    )
    context = JobContext(
        execution_id=claimed.execution_id,
        attempt=claimed.attempt,
        scheduled_for=claimed.scheduled_for,
        business_date=claimed.business_date,
        previous_business_date=claimed.previous_business_date,
        next_business_date=claimed.next_business_date,
        deadline=claimed.deadline,
        log=handler_logger,
        last_checkpoint=claimed.checkpoint,
        _keep_checkpoint=lambda state: _keep_checkpoint(claimed, state),
        _load_upstream=lambda: upstream_of(claimed.execution_id) if claimed.has_upstream else {},
    )
    guard = Guard(claimed, context, lines)
    locks = Locks(
        execution_id=claimed.execution_id,
        fence=claimed.fence,
        job_name=claimed.snapshot.get("name", ""),
        on_lost=guard.lose_lock,
    )
    context._take_lock = locks.take
    child.begin(guard)
    try:
        outcome = guard.finish(outcomes.without_secrets(_call(guard), lines.mask))
        leave_no_transaction()
        _settle(guard, outcome)
    finally:
        locks.close()
        child.end()


def _keep_checkpoint(claimed: Claim, state: Any) -> None:
    """Keep it; when somebody else owns the execution, end this process as the watchdog would."""
    try:
        keep_checkpoint(claimed, state)
    except LeaseLost:
        logger.error("lease of %s lost: ending this process", claimed.execution_id)
        die()


def _call(guard: Guard) -> Outcome:
    """Call the handler so that a stop can reach it, and nothing but an outcome comes back."""
    try:
        mode = MODES[guard.claim.snapshot["execution_mode"]]
        with captured(guard.lines):
            try:
                guard.is_armed = True
                guard.raise_stop()  # one that was decided before the handler could hear it
                return judge_condition(guard.claim) or mode(guard)
            finally:
                guard.is_armed = False
    except StopJob as stop:
        guard.is_armed = False
        trace = "".join(traceback.format_exception(stop))
        if guard.stop is None and not guard.context.cancelled:
            return outcomes.Failed("StopJob", "Raised without anybody asking to stop.", trace)
        return outcomes.Cancelled(trace)
    # Left to itself, a MemoryError would leave the row running until its lease is over.
    except BaseException as failure:
        trace = "".join(traceback.format_exception(failure))
        return outcomes.Failed(type(failure).__name__, message_of(failure), trace)


def _settle(guard: Guard, outcome: Outcome) -> None:
    """Record the outcome; without a database, try until the kernel timer ends this process."""
    claimed = guard.claim
    decision = decide(outcome, attempt=claimed.attempt, policy=RetryPolicy.of(claimed.snapshot))
    lines = guard.lines.take()
    look = getattr(outcome, "look", None)
    while True:
        try:
            status = _write(guard, decision, lines, look)
        except (OperationalError, InterfaceError) as error:
            logger.warning("execution %s not settled yet: %s", claimed.execution_id, error)
            connection.close()
            time.sleep(0.2)
        except DatabaseError as error:
            if isinstance(outcome, outcomes.Failed) and outcome.error_type == "NotRecordable":
                raise
            message = f"PostgreSQL refused what the attempt left behind: {error}"
            _settle(guard, outcomes.Failed("NotRecordable", message))
            return
        else:
            if status is None:
                _explain_unsettled(claimed)
            return


def _write(
    guard: Guard, decision: Decision, lines: list[LogLine], look: outcomes.Look | None
) -> str | None:
    """Settle, together with the look at the condition that has led to it, if one has."""
    claimed = guard.claim

    def settle_it() -> str | None:
        return settle(
            execution_id=claimed.execution_id,
            fence=claimed.fence,
            decision=decision,
            lines=lines,
            progress=guard.context._progress,
            has_dependents=claimed.has_dependents,
        )

    if look is None:
        return settle_it()
    with transaction.atomic():
        status = settle_it()
        if status is not None:
            record_look(claimed, look)
        return status


def _explain_unsettled(claimed: Claim) -> None:
    """Say why no row was changed: an earlier try had been committed, or the lease was lost."""
    row = JobExecution.objects.filter(pk=claimed.execution_id).values("fence", "status").first()
    if row and row["fence"] == claimed.fence and row["status"] != "running":
        return
    logger.error(
        "execution %s: the outcome of attempt %s came too late, the lease was lost",
        claimed.execution_id,
        claimed.attempt,
    )
