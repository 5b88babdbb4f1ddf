"""What a container keeps for its next attempt: a file, read when the container has ended."""

import json

from django.db import DatabaseError, InterfaceError, connection

from core.secret_references import Mask
from core.text import NotStorable
from executions.checkpoints import store
from executions.claim import LeaseLost
from executions.handlers.container.engine import EngineAway, EngineRefused
from executions.handlers.container.exchange import get_checkpoint
from executions.watchdog import Guard


def keep_what_it_left(container: str, guard: Guard, mask: Mask) -> None:
    """Store the checkpoint that the container has left, or say in the log why it is not kept.

    Secrets in it are hidden by ``mask``.
    """
    try:
        text = get_checkpoint(container)
        if text is None:
            return
        hidden = mask.hide_in_json(text)
        if json.loads(hidden) != guard.claim.checkpoint:
            store(guard.claim, hidden)
    except (NotStorable, EngineAway, EngineRefused) as problem:
        _say(guard, str(problem))
    except LeaseLost:
        _say(guard, "The lease was lost")
    except (DatabaseError, InterfaceError):
        connection.close()
        _say(guard, "The database did not answer")


def _say(guard: Guard, problem: str) -> None:
    message = f"The checkpoint was not kept. {problem}."
    guard.lines.add(level="WARNING", stream="platform", message=message)
