"""Cancelling a whole run at once."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit.trail import Actor, record
from core.errors import Conflict
from core.sql import load
from executions.runs.reading import Run, executions_of_run, read_run
from executions.states import ExecutionStatus
from executions.successors import follow
from executions.wake import poke_after_commit

CANCEL_RUN = load(__file__, "cancel_run")


@transaction.atomic
def cancel_run(*, actor: Actor, correlation_id: UUID, reason: str = "") -> Run:
    """End all of a run that no worker has claimed, and ask the workers of the rest to stop.

    Nothing is released in between. Return the run as it then stands; raise ``Conflict`` when it is
    over already, ``NotFound`` when there is none.
    """
    ids = lock_unfinished(correlation_id)
    run = read_run(correlation_id)
    if not ids:
        raise Conflict("run_finished", f"The run is {run.status}; nothing of it can be cancelled.")
    rows = CANCEL_RUN.rows(ids=ids, actor=actor.name)
    cancelled = [row["id"] for row in rows if row["status"] == ExecutionStatus.CANCELLED]
    follow(cancelled)
    record(
        actor=actor,
        action="RunCancelled",
        object_type="run",
        object_id=correlation_id,
        object_label=run.label,
        after={"cancelled": len(cancelled), "asked_to_stop": len(rows) - len(cancelled)},
        reason=reason or None,
    )
    poke_after_commit()
    return read_run(correlation_id)


def lock_unfinished(correlation_id: UUID) -> list[UUID]:
    """Lock what of a run is not over, and return its keys.

    What runs comes first: a worker that settles holds its own row, and then asks for what waits.
    """
    rows = executions_of_run(correlation_id).unfinished().select_for_update()  # type: ignore[attr-defined]
    running, locked = Q(status=ExecutionStatus.RUNNING), set()
    for wanted in (running, ~running, Q()):
        locked |= set(rows.filter(wanted).values_list("pk", flat=True))
    return sorted(locked)
