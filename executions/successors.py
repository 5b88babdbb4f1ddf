"""What follows the end of an execution: released, skipped or cancelled, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from core.sql import load
from executions.joins import feed_joins
from executions.mapping import map_outputs
from executions.wake import poke_after_commit

LOCK_DEPENDENTS = load(__file__, "lock_dependents")
RELEASE_DEPENDENTS = load(__file__, "release_dependents")
END_RUNS = load(__file__, "end_runs")


def follow(execution_ids: Sequence[UUID], *, now: datetime | None = None) -> None:
    """Do to the rest of their runs what the end of these executions means for it.

    Whoever ends an execution calls this in the same transaction. Nothing is done twice: an edge is
    met or dead once.
    """
    ended = list(execution_ids)
    while ended:
        ended = _follow(ended, now)


def _follow(ended: list[UUID], now: datetime | None) -> list[UUID]:
    """Follow these; return what has ended by that and is still to be followed."""
    released, cancelled = [], []
    if locked := LOCK_DEPENDENTS.rows(ids=ended):
        changed = RELEASE_DEPENDENTS.rows(ids=ended, now=now)
        cancelled = END_RUNS.rows(ids=ended, now=now) if locked[0]["ends_run"] else []
        released = [row for row in changed if row["status"] == "scheduled"]
        ended = [*ended, *(row["id"] for row in changed if row["status"] == "skipped")]
    released += feed_joins(ended, now=now)
    if any(row["is_due"] for row in released):
        poke_after_commit()
    taking = [row["id"] for row in released if row["takes_outputs"]]
    unmapped = map_outputs(taking, now=now) if taking else []
    return [*(row["id"] for row in cancelled), *unmapped]
