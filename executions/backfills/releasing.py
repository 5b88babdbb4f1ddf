"""Letting go what waits in backfills, up to the limit of each. Any number of beats may do it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.sql import Row, load
from executions.backfills.range import runs_of_slots
from executions.opening import open_runs, run_sizes
from executions.successors import follow
from executions.wake import poke_after_commit

LOCK_BACKFILLS = load(__file__, "lock_backfills")
FIND_NEXT = load(__file__, "find_next")
RELEASE = load(__file__, "release")

_MOST_ROWS = 20_000


@transaction.atomic
def release_backfills(*, now: datetime | None = None) -> int:
    """Make what may go ready, with the runs that begin with it; return how many were let go.

    A slot that has run by now, because somebody ran its execution again, is skipped. The locks on
    the backfills come first, so that what is counted after them is not what another beat saw.
    """
    locked = LOCK_BACKFILLS.rows()
    if not locked:
        return 0
    rows = FIND_NEXT.rows(backfills=[row["id"] for row in locked])
    if not rows:
        return 0
    rows = _as_many_as_fit(rows)
    moved = RELEASE.rows(ids=[row["id"] for row in rows], ran=_ran(rows), now=now)
    released = [row["id"] for row in moved if row["status"] == "scheduled"]
    skipped = [row["id"] for row in moved if row["status"] == "skipped"]
    if released:
        skipped += open_runs(released)
    if skipped:
        follow(skipped)
    poke_after_commit()
    return len(released)


def _as_many_as_fit(rows: list[Row]) -> list[Row]:
    """The first of these, whose runs beat can open in the time of one transaction."""
    sizes = run_sizes(row["job_id"] for row in rows)
    left = _MOST_ROWS
    fitting: list[Row] = []
    for row in rows:
        left -= 1 + sizes[row["job_id"]]
        if fitting and left < 0:
            break
        fitting.append(row)
    return fitting


def _ran(rows: Sequence[Row]) -> list[UUID]:
    """Those whose slot has succeeded, or is under way, outside of their backfill."""
    by_backfill: defaultdict[tuple[UUID, UUID], list[Row]] = defaultdict(list)
    for row in rows:
        by_backfill[row["backfill_id"], row["schedule_id"]].append(row)
    ran = []
    for (backfill, schedule), own in by_backfill.items():
        slots = [row["scheduled_for"] for row in own]
        runs = runs_of_slots(schedule, first=min(slots), last=max(slots), besides=backfill)
        for row in own:
            run = runs.get(row["scheduled_for"])
            if run is not None and (run["has_succeeded"] or run["is_unfinished"]):
                ran.append(row["id"])
    return ran
