"""What a command keeps for its next attempt: a file, looked at as it runs and when it is over."""

import logging
import time

from django.db import DatabaseError, InterfaceError, connection

from core.text import NotStorable
from executions.capture import LogBuffer
from executions.checkpoints import store
from executions.claim import Claim, LeaseLost
from executions.handlers.out_of_process.workspace import Workspace

_EVERY_SECONDS = 1.0

logger = logging.getLogger(__name__)


class CheckpointFile:
    """Gives the command the last checkpoint, and keeps what it puts in the place of that."""

    def __init__(self, claim: Claim, workspace: Workspace, lines: LogBuffer) -> None:
        self._claim = claim
        self._workspace = workspace
        self._lines = lines
        if claim.checkpoint is not None:
            workspace.write_checkpoint(claim.checkpoint)
        self._seen = workspace.mark_checkpoint()
        self._look_at = time.monotonic() + _EVERY_SECONDS

    @property
    def variable(self) -> dict[bytes, bytes]:
        """The environment variable that names it."""
        return {b"SCHEDULER_CHECKPOINT_FILE": self._workspace.checkpoint_file.encode()}

    def look(self) -> None:
        """Keep what is new, at most once a second; what is no JSON may be half written."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _EVERY_SECONDS
            self._keep()

    def finish(self) -> None:
        """Keep what the command left, or say in the log why it cannot be kept."""
        if problem := self._keep():
            self._lines.add(level="WARNING", stream="platform", message=problem)

    def _keep(self) -> str | None:
        """Return what is wrong, if something is."""
        mark = self._workspace.mark_checkpoint()
        if mark is None or mark == self._seen:
            return None
        try:
            text = self._workspace.read_checkpoint()
            if text is not None:
                store(self._claim, text)
        except NotStorable as problem:
            return f"The checkpoint was not kept. {problem}."
        except LeaseLost:  # the watchdog hears of it too, and ends this process
            return "The checkpoint was not kept: the lease was lost."
        except (DatabaseError, InterfaceError) as error:
            connection.close()
            logger.warning("checkpoint of %s: %s", self._claim.execution_id, str(error).strip())
            return "The checkpoint was not kept: the database did not answer."
        self._seen = mark
        return None
