"""The moves that people make; those of the hot path are in ``sql/``. Nothing else writes state."""

from uuid import UUID

from django.db import connection

from core.sql import load

TAKE_BACK = load(__file__, "take_back")


def cancel_unclaimed(execution_id: UUID, *, actor: str) -> bool:
    """End an execution that no worker has claimed; return whether there was one to end.

    The fence grows, so that its message, if it is on the way, finds nothing.
    """
    return _run(
        """
        WITH moved AS (
            UPDATE executions_jobexecution
            SET status = 'cancelled', reason = 'cancelled', fence = fence + 1,
                completed_at = now(), cancel_requested_at = now(), cancel_requested_by = %(actor)s,
                publish_again_at = NULL
            WHERE id = %(id)s AND status IN ('waiting', 'scheduled', 'retrying', 'queued')
            RETURNING id, old.status AS from_status, attempt, fence
        )
        INSERT INTO executions_executiontransition
            (execution_id, from_status, to_status, attempt, fence, reason, actor)
        SELECT id, from_status, 'cancelled', attempt, fence, 'cancelled', %(actor)s FROM moved
        """,
        execution_id,
        actor,
    )


def request_cancel(execution_id: UUID, *, actor: str) -> bool:
    """Ask the worker of a running execution to stop it; return whether it runs."""
    return _run(
        """
        UPDATE executions_jobexecution
        SET cancel_requested_at = coalesce(cancel_requested_at, now()),
            cancel_requested_by = coalesce(cancel_requested_by, %(actor)s)
        WHERE id = %(id)s AND status = 'running'
        """,
        execution_id,
        actor,
    )


def take_back(*, actor: str | None = None) -> int:
    """Take what no worker has claimed of what is held back; return how many.

    The fence grows, so that the messages that are out find nothing.
    """
    row = TAKE_BACK.row(actor=actor)
    return int(row["taken"]) if row else 0


def _run(statement: str, execution_id: UUID, actor: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": execution_id, "actor": actor})
        return bool(cursor.rowcount > 0)
