"""One attempt in a container, as its worker child would carry it out."""

import logging
from dataclasses import replace
from typing import Any

from executions.authoring import JobContext
from executions.capture import LogBuffer
from executions.handlers import MODES
from executions.outcomes import Outcome
from executions.watchdog import Guard
from jobs.models import ExecutionMode
from tests.docker_engine import IMAGE
from tests.unit.executions.commands import NOON, Attempt


class ContainerAttempt(Attempt):
    """A container under guard."""

    def __init__(
        self,
        command: str,
        parameters: dict[str, Any] | None = None,
        *,
        image: str = IMAGE,
        fence: int = 3,
        **options: Any,
    ) -> None:
        super().__init__(command, parameters)
        snapshot = {
            "name": "Nightly",
            "execution_mode": ExecutionMode.CONTAINER,
            "execution_command": command,
            "container_image": image,
            "execution_options": options,
            "timeout_seconds": 30,
        }
        self.claim = replace(self.claim, fence=fence, snapshot=snapshot)
        self.lines = LogBuffer(started_at=NOON, most_lines=1_000)
        identifier = self.claim.execution_id
        context = JobContext(identifier, 2, NOON, NOON, logging.getLogger("test"))
        self.guard = Guard(self.claim, context, self.lines)
        self.guard.is_armed = True

    def run(self) -> Outcome:
        """Carry the attempt out in the main thread of this process."""
        return self.guard.finish(MODES[ExecutionMode.CONTAINER](self.guard))


def script(text: str) -> str:
    """Return the command that has the image's shell run a script."""
    return "sh -c '{}'".format(text.replace("'", "'\"'\"'"))
