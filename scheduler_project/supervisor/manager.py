"""honcho's manager, with the few things it lacks."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import honcho.manager
import honcho.process
from honcho.printer import Message, Printer

from scheduler_project.embedded.servers import RunningServers
from scheduler_project.supervisor.orphans import die_with_parent

KILL_WAIT_SECONDS = 10

honcho.manager.KILL_WAIT = KILL_WAIT_SECONDS
# Forked, so that the manager itself is the parent whose death they notice.
multiprocessing.set_start_method("fork", force=True)


class Process(honcho.process.Process):  # type: ignore[misc] # honcho has no types
    """One process and the small one that reads its output; both end when the manager does."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._child_ctor = partial(
            honcho.process.Popen, shell=False, preexec_fn=partial(die_with_parent, signal.SIGTERM)
        )

    def run(self, *arguments: Any, **options: Any) -> None:
        """Start the process and pass on what it prints."""
        die_with_parent(signal.SIGKILL)
        super().run(*arguments, **options)


class Manager(honcho.manager.Manager):  # type: ignore[misc] # honcho has no types
    """Runs all processes until one ends or a signal comes, then ends the others."""

    def __init__(self, servers: RunningServers | None, after_start: Callable[[], None]) -> None:
        super().__init__(Printer(sys.stdout, colour="NO_COLOR" not in os.environ))
        self._process_ctor = Process
        self._after_start = after_start
        self._servers = servers
        self._is_stopping = False
        self.died: str | None = None

    def terminate(self) -> None:
        """End all processes, also when not all of them have started yet.

        honcho calls this from its signal handler, and when ``_any_stopped`` says so.
        """
        if not self._is_stopping:
            self._is_stopping = True
            self.died = self._find_dead()
            if self._servers:
                threading.Thread(target=self._servers.hasten_stop, daemon=True).start()
        if self._all_started():
            super().terminate()

    def say(self, line: str) -> None:
        """Print a line of our own into the common log, from any thread."""
        now = self._clock.now()
        name = honcho.manager.SYSTEM_PRINTER_NAME
        self.events.put(Message(type="line", data=line, time=now, name=name, colour=None))

    def _start(self) -> None:
        super()._start()
        self._after_start()  # threads come after the forks

    def _any_stopped(self) -> bool:
        """Return whether it is time to end: honcho asks all the time.

        The time until kill -9 runs from here, so an asked end counts, not only an obeyed one.
        """
        return self._is_stopping or self._find_dead() is not None

    def _find_dead(self) -> str | None:
        """Return the process or embedded server that ended on its own."""
        ended = (name for name, process in self._processes.items() if "returncode" in process)
        return next(ended, None) or (self._servers.find_dead() if self._servers else None)
