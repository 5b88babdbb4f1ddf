"""Taking a lock away from whoever holds it."""

from django.db import transaction

from audit.trail import Actor, record
from core.errors import FieldProblem, InvalidInput, NotFound
from executions.locking import store
from executions.locking.listing import no_redis


@transaction.atomic
def break_lock(*, actor: Actor, name: str, reason: str) -> None:
    """Take the lock from its holder, whose job is stopped within seconds and retried by policy.

    Until then it may go on beside the next holder. Raise ``NotFound`` when nobody holds it,
    ``Unavailable`` without Redis.
    """
    if not reason.strip():
        detail = "Say why: whoever reads the audit trail wants to know."
        raise InvalidInput([FieldProblem("reason", "required", detail)])
    try:
        lock = next(store.read_locks([name]), None)
        if lock is not None:
            record(
                actor=actor,
                action="LockBroken",
                object_type="lock",
                object_id=name,
                object_label=name,
                before={
                    "execution": str(lock.holder.execution_id),
                    "job": lock.holder.job_name,
                    "since": lock.holder.since.isoformat(),
                },
                reason=reason,
            )
        if lock is None or not store.take_away(lock):
            raise NotFound(f"Nobody holds a lock {name!r}; see which are held in the list.")
    except store.UNREACHABLE as error:
        raise no_redis(error) from None
