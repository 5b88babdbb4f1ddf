"""Jobs whose upstreams hang on different roots: a run of their own joins those of the roots.

At most one join per job waits. Each of its edges keeps the newest execution that met it; when all
are met, it runs, and what it has used up meets no later join. A failure leaves its edge open.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from core.ids import uuid7
from core.sql import Row, load
from executions.models import JobExecution, Origin
from executions.opening import open_runs
from executions.states import ExecutionStatus
from jobs.concurrency_keys import concurrency_key
from jobs.models import JobDefinition

FIND_MEETINGS = load(__file__, "find_meetings")
OPEN_JOIN = load(__file__, "open_join")
MEET_JOIN = load(__file__, "meet_join")

_MOST_LOOKED_AT = 100


def feed_joins(execution_ids: Sequence[UUID], *, now: datetime | None = None) -> list[Row]:
    """Let these ended executions meet the edges of joins; return the joins that were let go."""
    found = FIND_MEETINGS.rows(ids=list(execution_ids))
    fed = [_feed(job, list(rows), now) for job, rows in groupby(found, lambda row: row["job_id"])]
    return [row for row in fed if row is not None]


def _feed(job_id: UUID, meetings: list[Row], now: datetime | None) -> Row | None:
    return MEET_JOIN.row(
        id=_lock_join(job_id, now),
        dependencies=[row["dependency_id"] for row in meetings],
        executions=[row["execution_id"] for row in meetings],
        now=now,
    )


def _lock_join(job_id: UUID, now: datetime | None) -> UUID:
    """Return the key of the job's waiting join, locked; open one, and its run, if there is none."""
    joins = JobExecution.objects.filter(job=job_id, origin=Origin.JOIN)
    waiting = joins.filter(status=ExecutionStatus.WAITING).select_for_update(of=("self",))
    while True:
        pk: UUID | None = waiting.values_list("pk", flat=True).first()
        # None again where somebody opens one at this very moment: then that is waited for.
        pk = pk or _open_join(job_id, now)
        if pk is not None:
            return pk


def _open_join(job_id: UUID, now: datetime | None) -> UUID | None:
    template = JobDefinition.objects.values_list("concurrency_key", flat=True).get(pk=job_id)
    row = OPEN_JOIN.row(
        id=uuid7(),
        job=job_id,
        key=concurrency_key(template, {}),
        most_looked_at=_MOST_LOOKED_AT,
        now=now,
    )
    if row is None:
        return None
    # Nothing of it can be ready: none of its jobs waits for anything outside.
    open_runs([row["id"]])
    return UUID(str(row["id"]))
