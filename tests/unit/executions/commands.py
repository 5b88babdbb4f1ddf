"""One attempt of a command, as its worker child would carry it out, and the processes it leaves."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psutil

from executions.authoring import JobContext
from executions.capture import LogBuffer
from executions.claim import Claim
from executions.handlers import MODES
from executions.outcomes import Outcome
from executions.watchdog import Guard
from jobs.models import ExecutionMode
from tests.platform import is_gone, until

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MARK = "PARAM_MARK"


class Attempt:
    """A command under guard; what it logged stays in ``lines`` until it is taken."""

    def __init__(self, command: str, parameters: dict[str, Any] | None = None) -> None:
        self.claim = Claim(
            execution_id=UUID(int=1),
            fence=1,
            attempt=2,
            scheduled_for=NOON,
            started_at=NOON,
            correlation_id=UUID(int=2),
            parameters=parameters or {},
            snapshot={
                "execution_mode": ExecutionMode.OUT_OF_PROCESS,
                "execution_command": command,
                "timeout_seconds": 30,
            },
        )
        self.lines = LogBuffer(started_at=NOON, most_lines=1_000)
        context = JobContext(UUID(int=1), 2, NOON, NOON, logging.getLogger("test"))
        self.guard = Guard(self.claim, context, self.lines)
        self.guard.is_armed = True
        self._said: list[str] = []

    def run(self) -> Outcome:
        """Carry the attempt out in the main thread of this process."""
        return self.guard.finish(MODES[ExecutionMode.OUT_OF_PROCESS](self.guard))

    def said(self, stream: str | None = None) -> list[str]:
        """Return all that it logged so far."""
        self._said += [line.message for line in self.lines.take() if stream in (None, line.stream)]
        return self._said

    @contextmanager
    def meanwhile(self, act: Callable[[], object], *, once: str = "ready") -> Iterator[None]:
        """Do something in a thread of its own as soon as the command has said ``once``."""

        def wait_and_act() -> None:
            until(lambda: once in self.said(), what=f"the command says {once}")
            act()

        thread = threading.Thread(target=wait_and_act)
        thread.start()
        yield
        thread.join()


def marked(mark: str) -> list[psutil.Process]:
    """Return the living processes with this mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and not is_gone(process):
                found.append(process)
        except psutil.Error:
            continue
    return found


def assert_none_left(mark: str, *, within: float = 5.0) -> None:
    """Wait until no process with this mark is left; end those that are, and fail."""
    try:
        until(lambda: not marked(mark), within=within, what="nothing of the command is left")
    except AssertionError:
        for process in marked(mark):
            process.kill()
        raise


def launchers() -> list[psutil.Process]:
    """Return the launchers below this process."""
    return [
        child
        for child in psutil.Process().children()
        if not is_gone(child) and any("launcher.py" in word for word in child.cmdline())
    ]


def far_ahead(_: Guard) -> float:
    """Stand in for the kernel timer, which would end this very process."""
    return time.monotonic() + 60


def kill_self() -> str:
    return f"kill -{signal.SIGKILL.value} $$"


def own_folders(folder: str) -> list[str]:
    """Return what attempts have left in the folder for temporary files."""
    return [name for name in os.listdir(folder) if name.startswith("scheduler-attempt-")]
