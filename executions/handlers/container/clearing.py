"""Removing containers that no attempt owns any more."""

import time
from typing import Any

from executions.claim import Claim
from executions.handlers.container.engine import EngineRefused, inspect, remove
from executions.handlers.container.naming import EXECUTION, FENCE, INSTANCE, instance, name_of

_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.1


class NameTaken(Exception):
    """The name of this attempt's container is not free; the message says who has it."""


def remove_earlier(claim: Claim) -> bool:
    """Remove what an earlier attempt of this execution has left; return whether there was any.

    Returns only when its container is gone. Raise :class:`NameTaken` when it is not an earlier
    one's, or cannot be ended.
    """
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    found = inspect(name_of(claim))
    if found is None:
        return False
    _refuse_unless_earlier(claim, found)
    while inspect(found["Id"]) is not None:
        if time.monotonic() > give_up_at:
            raise NameTaken(
                f"The container {name_of(claim)} of an earlier attempt cannot be removed; look at"
                " it on the Docker host."
            )
        try:
            remove(found["Id"])
        except EngineRefused as error:
            raise NameTaken(
                f"The container {name_of(claim)} of an earlier attempt cannot be removed: {error}"
            ) from None
        time.sleep(_LOOK_SECONDS)
    return True


def _refuse_unless_earlier(claim: Claim, found: dict[str, Any]) -> None:
    labels = found["Config"].get("Labels") or {}
    if (labels.get(INSTANCE), labels.get(EXECUTION)) != (instance(), str(claim.execution_id)):
        raise NameTaken(
            f"There is a container {name_of(claim)} on the Docker host that is not this platform's."
            " Remove it."
        )
    if int(labels.get(FENCE, 0)) > claim.fence:
        raise NameTaken("A later attempt of this execution runs already; this one is out of date.")
