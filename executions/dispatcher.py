"""Which ready executions go to the broker now, and which may not run at all."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from core.sql import load
from executions.broker import Hint, publish
from executions.states import ExecutionStatus
from executions.successors import follow

DISPATCH = load(__file__, "dispatch")
_LOCK = 0x5C4ED001  # one dispatcher at a time, over all beats of this database


@dataclass(frozen=True)
class Dispatched:
    """What one dispatch did; ``is_capped`` when more is due than may be out unclaimed at once."""

    hints: list[Hint]
    is_capped: bool = False
    decided_at: datetime | None = None  # None: another dispatcher was at work


def dispatch(*, now: datetime | None = None) -> Dispatched:
    """Move what may run from ready to queued, commit, then publish it.

    A crash between commit and publishing loses nothing: the sweeper publishes what nobody claims.
    """
    dispatched = choose(now=now)
    publish(dispatched.hints)
    return dispatched


@transaction.atomic
def choose(*, now: datetime | None = None) -> Dispatched:
    """Move what may run from ready to queued; nothing when another dispatcher is at work.

    What may not run is skipped, with what follows from that for the rest of its run.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return Dispatched(hints=[])
    rows = DISPATCH.rows(
        now=now,
        environment=settings.ENVIRONMENT_BITS[settings.SCHEDULER_ENVIRONMENT],
        publish_again=settings.SCHEDULER_PUBLISH_AGAIN_SECONDS,
        worker_alive=3 * settings.SCHEDULER_HEARTBEAT_SECONDS,
    )
    skipped = [row["id"] for row in rows if row["status"] == ExecutionStatus.SKIPPED]
    if skipped:
        follow(skipped, now=now)
    return Dispatched(
        hints=[
            Hint(id=row["id"], fence=row["fence"], queue=row["queue"], job_name=row["job_name"])
            for row in rows
            if row["status"] == ExecutionStatus.QUEUED
        ],
        is_capped=rows[0]["is_capped"],
        decided_at=rows[0]["now"],
    )
