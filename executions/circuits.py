"""Circuit breakers of jobs: what opens them, lets one trial through, and closes them.

A closed breaker has no row. Beat moves them (:class:`Circuits`) just before it dispatches, people
do by hand; one advisory lock keeps them apart. Dispatch reads the rows and names the trial.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.trail import PLATFORM, Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem, InvalidInput
from core.sql import Row, load
from executions.models import Circuit, CircuitClosing, CircuitState
from executions.wake import poke_after_commit
from jobs.models import JobDefinition, JobStatus

FIND_CIRCUITS = load(__file__, "find_circuits")
CLOSED = "closed"
_LOCK = 0x5C4ED004
# A failure may be recorded in a transaction that ends later than the look after its beginning.
_OVERLAP = timedelta(seconds=30)
_HAS = {"failed": "failed", "timed_out": "timed out"}


@dataclass(frozen=True)
class Breaker:
    """How the circuit breaker of a job stands; all but the state is empty while it is closed."""

    state: str
    since: datetime | None = None
    by: str | None = None
    reason: str | None = None
    half_open_at: datetime | None = None
    """From then on one trial may run; empty if open until somebody closes it."""
    trial_id: UUID | None = None

    @property
    def is_closed(self) -> bool:
        return self.state == CLOSED


def breaker_of(job: JobDefinition) -> Breaker:
    """Return how the breaker of the job stands."""
    row = Circuit.objects.filter(job=job).first()
    if row is None:
        return Breaker(CLOSED)
    return Breaker(
        row.state, row.opened_at, row.opened_by, row.reason, row.half_open_at, row.trial_id
    )


@transaction.atomic
def open_breaker(*, actor: Actor, job: JobDefinition, reason: str) -> Breaker:
    """Open the breaker of a job until somebody closes it; slots are skipped meanwhile.

    Raise ``InvalidInput`` without a reason, ``Conflict`` when the job is archived.
    """
    if not reason.strip():
        raise InvalidInput([FieldProblem("reason", "required", "Say why it is opened.")])
    job = _lock(job)
    if job.status == JobStatus.ARCHIVED:
        raise Conflict("job_archived", f"Job {job.name} is archived; nothing of it runs.")
    _open(actor, job, reason=reason, now=database_now(), half_open_at=None)
    return breaker_of(job)


@transaction.atomic
def close_breaker(*, actor: Actor, job: JobDefinition, reason: str | None = None) -> Breaker:
    """Close the breaker of a job: what is due runs, and failures are counted from now on.

    Raise ``Conflict`` when it is closed.
    """
    job = _lock(job)
    if breaker_of(job).is_closed:
        raise Conflict("breaker_closed", f"The circuit breaker of job {job.name} is closed.")
    _close(actor, job, now=database_now(), reason=reason)
    poke_after_commit()
    return breaker_of(job)


class Circuits:
    """Moves the breakers by what ended since it last looked; the first time, by all there is."""

    def __init__(self) -> None:
        self._since: datetime | None = None

    def tend(self, *, now: datetime | None = None) -> int:
        """Open, half-open and close the breakers whose time has come; return how many moved."""
        rows = FIND_CIRCUITS.rows(since=self._since, now=now)
        moved = self._move(now) if rows[0]["move"] else 0
        if moved is None:  # somebody else is at it: this look does not count
            return 0
        self._since = rows[0]["now"] - _OVERLAP
        return moved

    @transaction.atomic
    def _move(self, now: datetime | None) -> int | None:
        """Look again under the lock and move them; None when somebody else is at it."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return None
        rows = [row for row in FIND_CIRCUITS.rows(since=self._since, now=now) if row["move"]]
        jobs = JobDefinition.objects.in_bulk([row["job_id"] for row in rows])
        for row in rows:
            _apply(row, jobs[row["job_id"]])
        return len(rows)


def _apply(row: Row, job: JobDefinition) -> None:
    now, trial = row["now"], row["trial_id"]
    match row["move"]:
        case "opens":
            half_open_at = now + timedelta(seconds=row["breaker_seconds"])
            _open(PLATFORM, job, reason=_why_open(row), now=now, half_open_at=half_open_at)
        case "half_opens":
            Circuit.objects.filter(job=job).update(state=CircuitState.HALF_OPEN, trial=None)
            _record(PLATFORM, "BreakerHalfOpened", job)
        case "closes":
            reason = f"Its trial {trial} has succeeded." if trial else "The job has no breaker now."
            _close(PLATFORM, job, now=now, reason=reason)
        case "frees":
            Circuit.objects.filter(job=job).update(trial=None)


def _why_open(row: Row) -> str:
    if row["trial_id"] is not None:
        return f"Its trial {row['trial_id']} has {_HAS[row['outcome']]}."
    count = row["breaker_failures"]
    return "Its last execution failed." if count == 1 else f"Its last {count} executions failed."


def _open(
    actor: Actor, job: JobDefinition, *, reason: str, now: datetime, half_open_at: datetime | None
) -> None:
    fields = {
        "state": CircuitState.OPEN,
        "opened_at": now,
        "opened_by": actor.name,
        "reason": reason,
        "half_open_at": half_open_at,
        "trial": None,
    }
    Circuit.objects.update_or_create(job=job, defaults=fields)
    after = {"half_open_at": half_open_at and half_open_at.isoformat()}
    _record(actor, "BreakerOpened", job, after=after, reason=reason)


def _close(actor: Actor, job: JobDefinition, *, now: datetime, reason: str | None) -> None:
    Circuit.objects.filter(job=job).delete()
    CircuitClosing.objects.update_or_create(job=job, defaults={"closed_at": now})
    _record(actor, "BreakerClosed", job, reason=reason)


def _lock(job: JobDefinition) -> JobDefinition:
    """Wait until nobody else moves breakers, and return the job as it is then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    return JobDefinition.objects.get(pk=job.pk)


def _record(
    actor: Actor,
    action: str,
    job: JobDefinition,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    record(
        actor=actor,
        action=action,
        object_type="job",
        object_id=job.id,
        object_label=job.name,
        after=after,
        reason=reason,
    )
