"""Running under an expired lease: the worker died or froze. Decide, then settle for it."""

import json
import logging
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from core.sql import Row, load
from executions.outcomes import HandedBack, Outcome, TimedOut, WorkerLost
from executions.retry import RetryPolicy
from executions.settlement import Decision, decide, settle
from executions.states import Reason

logger = logging.getLogger(__name__)

LOCK_EXPIRED = load(__file__, "lock_expired_leases")
MOST_PER_RESCUE = 100


@transaction.atomic
def rescue(*, now: datetime | None = None) -> int:
    """Settle the executions whose lease has run out, by their jobs' retry policy; return how many.

    The fence grows, so a worker that only slept finds nothing of its own when it wakes.
    """
    expired = LOCK_EXPIRED.rows(now=now, limit=MOST_PER_RESCUE)
    for row in expired:
        try:
            with transaction.atomic():
                _rescue_one(row)
        except Exception:
            logger.exception("execution %s cannot be rescued", row["id"])
    return len(expired)


def _rescue_one(row: Row) -> None:
    settle(
        execution_id=row["id"],
        fence=row["fence"],
        decision=replace(_decide(row), fence_step=1),
        lines=[],
        actor="rescuer",
    )


def _decide(row: Row) -> Decision:
    """One more attempt or the end, by the job's policy; no attempt is counted without a handler."""
    snapshot = json.loads(row["snapshot"])
    outcome = HandedBack() if row["was_looking"] else _outcome(row, snapshot["timeout_seconds"])
    policy = RetryPolicy.of(snapshot)
    decision = decide(outcome, attempt=row["attempt"], policy=policy)
    return replace(decision, reason=Reason.WORKER_LOST) if row["was_looking"] else decision


def _outcome(row: Row, timeout: float) -> Outcome:
    """A lost worker; a timeout only if it was alive when the timeout passed and then died of it."""
    return TimedOut(timeout) if row["was_past_timeout"] else WorkerLost(row["worker"])
