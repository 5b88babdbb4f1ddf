"""Calling a backfill off."""

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict
from core.sql import load
from executions.backfills.progress import progress_of
from executions.models import Backfill
from executions.successors import follow
from executions.wake import poke_after_commit

CANCEL_BACKFILL = load(__file__, "cancel_backfill")


@transaction.atomic
def cancel_backfill(
    *,
    actor: Actor,
    backfill: Backfill,
    stops_running: bool = False,
    reason: str | None = None,
) -> Backfill:
    """Cancel what no worker has claimed of it; with ``stops_running`` also ask what runs to stop.

    Raise ``Conflict`` when nothing of it is left to cancel.
    """
    # Beat holds this lock while it lets executions go.
    backfill = Backfill.objects.select_for_update(of=("self",), no_key=True).get(pk=backfill.pk)
    progress = progress_of([backfill])[backfill.pk]
    if progress.is_over:
        raise Conflict("backfill_over", f"The backfill is {progress.state}; nothing of it is left.")
    rows = CANCEL_BACKFILL.rows(backfill=backfill.pk, actor=actor.name, stops_running=stops_running)
    over = [row["id"] for row in rows if row["is_over"]]
    if over:
        follow(over)
    if backfill.cancelled_at is None:
        backfill.cancelled_at, backfill.cancelled_by = database_now(), actor.name
        backfill.save(update_fields=["cancelled_at", "cancelled_by"])
    after = {"cancelled": len(over), "asked_to_stop": len(rows) - len(over)}
    record(
        actor=actor,
        action="BackfillCancelled",
        object_type="backfill",
        object_id=backfill.pk,
        object_label=backfill.job.name,
        after=after,
        reason=reason,
    )
    poke_after_commit()
    return backfill
