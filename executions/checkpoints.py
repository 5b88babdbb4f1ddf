"""Keeping how far an attempt is, so that the next one may go on from there."""

import time
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from core.sql import load
from core.text import NotStorable, strict_json
from executions.authoring import InvalidCheckpoint
from executions.claim import Claim, LeaseLost

KEEP_CHECKPOINT = load(__file__, "keep_checkpoint")

_PATIENCE_SECONDS = 10.0


def keep_checkpoint(claim: Claim, state: Any) -> None:
    """Keep ``state`` as the execution's checkpoint, at once; tries for 10 s to reach the database.

    Raise ``InvalidCheckpoint`` for what cannot be kept, and inside a transaction: until that is
    over it would lock the execution, and no lease could be renewed. Raise ``LeaseLost`` when the
    execution is this attempt's no more.
    """
    if connection.in_atomic_block:
        raise InvalidCheckpoint(
            "context.checkpoint() was called inside transaction.atomic(), which could undo it;"
            " call it once the transaction is over"
        )
    text, give_up_at = write_state(state), time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            store(claim, text)
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)
        else:
            return


def write_state(state: Any) -> str:
    """Return ``state`` as it is stored; raise ``InvalidCheckpoint`` for what cannot be."""
    try:
        return strict_json(state, what="The checkpoint")
    except NotStorable as error:
        raise InvalidCheckpoint(str(error)) from None


def store(claim: Claim, text: str, *, now: datetime | None = None) -> None:
    """Write strict JSON as the checkpoint, in one try; raise ``LeaseLost`` if it is not ours."""
    row = KEEP_CHECKPOINT.row(id=claim.execution_id, fence=claim.fence, checkpoint=text, now=now)
    if row is None:
        raise LeaseLost
