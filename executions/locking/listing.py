"""The locks that are held, with who holds them and who waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.clock import database_now
from core.errors import Unavailable
from executions.locking import store
from executions.locking.store import StoredLock
from executions.models import JobExecution


@dataclass(frozen=True)
class WaiterShown:
    """An execution whose handler waits for a lock."""

    execution_id: UUID
    job_name: str
    since: datetime | None


@dataclass(frozen=True)
class LockShown:
    """One lock: who holds it since when, until when it is renewed, and who waits."""

    name: str
    execution_id: UUID
    job_name: str
    worker: str | None
    fence: int | None
    since: datetime
    expires_at: datetime
    waiters: list[WaiterShown]


def list_locks() -> list[LockShown]:
    """Return the locks that are held, by name; raise ``Unavailable`` without Redis."""
    try:
        locks = list(store.read_locks())
        waiting = store.read_waits({pk for lock in locks for pk in lock.waiters})
    except store.UNREACHABLE as error:
        raise no_redis(error) from None
    ids = {lock.holder.execution_id for lock in locks} | set(waiting)
    executions = JobExecution.objects.filter(pk__in=ids).select_related("job")
    known = executions.only("worker", "job__name").in_bulk() if ids else {}
    now = database_now()
    return [_shown(lock, known, waiting, now) for lock in locks]


def no_redis(error: Exception) -> Unavailable:
    return Unavailable(
        "redis_unavailable",
        f"Redis, which keeps the locks, does not answer ({error}). Check REDIS_URL.",
    )


def _shown(
    lock: StoredLock,
    known: dict[UUID, JobExecution],
    waiting: dict[UUID, datetime],
    now: datetime,
) -> LockShown:
    holder = known.get(lock.holder.execution_id)
    return LockShown(
        name=lock.name,
        execution_id=lock.holder.execution_id,
        job_name=lock.holder.job_name,
        worker=holder.worker if holder else None,
        fence=lock.fence,
        since=lock.holder.since,
        expires_at=now + timedelta(seconds=lock.expires_in),
        waiters=[
            WaiterShown(pk, known[pk].job.name if pk in known else "", waiting[pk])
            for pk in lock.waiters
            if pk in waiting
        ],
    )
