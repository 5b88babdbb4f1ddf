"""Making one execution this process's own, under a lease."""

import json
import logging
import signal
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from core.sql import Row, load

CLAIM = load(__file__, "claim")
RENEW = load(__file__, "renew")
_PATIENCE_SECONDS = 10.0

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The execution is no longer this process's own: rescued, or settled by somebody else."""


@dataclass(frozen=True)
class CancelRequest:
    """Somebody wants a running execution to stop: with notice and grace, or killed at once."""

    is_at_once: bool = False

    @classmethod
    def of(cls, row: Row) -> Self | None:
        """The request in a row of ``look`` or ``renew``."""
        return cls(bool(row["cancel_at_once"])) if row["is_cancel_requested"] else None


@dataclass(frozen=True)
class Claim:
    """One attempt that this process may carry out."""

    execution_id: UUID
    fence: int
    attempt: int
    scheduled_for: datetime
    started_at: datetime
    correlation_id: UUID
    parameters: dict[str, Any]
    snapshot: dict[str, Any]
    business_date: date | None = None
    previous_business_date: date | None = None
    next_business_date: date | None = None
    has_dependents: bool = False
    """Whether others of its run wait for it: their release commits together with its end."""
    has_upstream: bool = False
    """Whether executions that it waited for may have outputs for it."""
    checkpoint: Any = None
    """What an earlier attempt kept last, to go on from."""
    condition: dict[str, Any] | None = None
    """What has to hold before the handler is called, with what judging it needs; usually None."""

    @property
    def timeout(self) -> float:
        """Seconds the attempt may take."""
        return float(self.snapshot["timeout_seconds"])

    @property
    def deadline(self) -> datetime:
        return self.started_at + timedelta(seconds=self.timeout)


def claim(*, execution_id: UUID, fence: int, worker: str, pid: int) -> Claim | None:
    """Claim the execution, or return None when the hint is stale (doubled, late, cancelled).

    While the database cannot be reached this tries again for 10 s, then gives the hint up: the
    sweeper sends another. All tries carry the same token, so one whose answer was lost counts.
    """
    token, give_up_at = uuid4(), time.monotonic() + _PATIENCE_SECONDS
    while True:
        arm_kernel_timer()
        try:
            row = CLAIM.row(
                id=execution_id,
                fence=fence,
                worker=worker,
                pid=pid,
                token=token,
                lease=settings.SCHEDULER_LEASE_SECONDS,
                now=None,
            )
        except (OperationalError, InterfaceError) as error:
            connection.close()
            if time.monotonic() > give_up_at:
                logger.warning("execution %s not claimed, no database: %s", execution_id, error)
                return None
            time.sleep(0.2)
        else:
            return None if row is None else _as_claim(row)


def renew(claim: Claim) -> CancelRequest | None:
    """Extend the lease; return the request to stop if there is one, or raise :class:`LeaseLost`.

    The kernel timer is the caller's to arm, once this has returned and counted from before the
    call: a renewal that fails must not put off the end.
    """
    row = RENEW.row(
        id=claim.execution_id,
        fence=claim.fence,
        lease=settings.SCHEDULER_LEASE_SECONDS,
        now=None,
    )
    if row is None:
        raise LeaseLost
    return CancelRequest.of(row)


def arm_kernel_timer(*, since: float | None = None) -> None:
    """Have the kernel end this process before a lease taken at ``since`` (monotonic) can run out.

    SIGALRM stays at its default action, so neither a frozen watchdog, nor a handler that holds the
    interpreter lock, nor a process that was stopped for long outlives its lease.
    """
    seconds = settings.SCHEDULER_LEASE_SECONDS - settings.SCHEDULER_LEASE_MARGIN_SECONDS
    if since is not None:
        seconds -= time.monotonic() - since
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))  # 0 would call it off


def disarm_kernel_timer() -> None:
    """Call the kernel off: nothing is claimed any more."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _as_claim(row: Row) -> Claim:
    return Claim(
        execution_id=row["id"],
        fence=row["fence"],
        attempt=row["attempt"],
        scheduled_for=row["scheduled_for"],
        started_at=row["started_at"],
        correlation_id=row["correlation_id"],
        parameters=json.loads(row["input"]),
        snapshot=json.loads(row["snapshot"]),
        business_date=row["business_date"],
        previous_business_date=row["previous_business_date"],
        next_business_date=row["next_business_date"],
        has_upstream=row["has_upstream"],
        has_dependents=row["has_dependents"],
        checkpoint=None if row["checkpoint"] is None else json.loads(row["checkpoint"]),
        condition=None if row["condition"] is None else json.loads(row["condition"]),
    )
