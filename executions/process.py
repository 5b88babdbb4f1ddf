"""What a worker child process is to the platform: its watchdog, its stop signal, its drain."""

import logging
import os
import signal
from importlib import import_module
from types import FrameType
from typing import Any

from celery import signals
from django.conf import settings

from core.startup import refuse_bad_settings
from executions.authoring import known_handlers
from executions.capture import install_collector
from executions.launcher import hide_memory
from executions.watchdog import GO_ON_SIGNAL, STOP_SIGNAL, Guard, Stop, Watchdog

logger = logging.getLogger(__name__)


class Child:
    """This process, when it is a worker child: at most one attempt at a time."""

    def __init__(self) -> None:
        self.is_draining = False
        self._guard: Guard | None = None
        self._watchdog = Watchdog()

    def begin(self, guard: Guard) -> None:
        self._guard = guard
        if self.is_draining:  # the signal came while this attempt was being claimed
            guard.begin_stop(Stop.DRAIN)
        self._watchdog.watch(guard)

    def end(self) -> None:
        self._watchdog.release()
        self._guard = None

    def hear_stop(self, _signal: int, _frame: FrameType | None) -> None:
        """The stop signal: the watchdog's when a stop is decided, else a draining worker's."""
        guard = self._guard
        if guard is None or guard.stop is None:
            self.is_draining = True
        if guard is not None:
            guard.begin_stop(Stop.DRAIN)
            guard.raise_stop()

    def hear_go_on(self, _signal: int, _frame: FrameType | None) -> None:
        """The worker drains no longer: what is claimed from now on is carried out."""
        self.is_draining = False


child = Child()


@signals.worker_init.connect
def hide_secrets(**_: Any) -> None:
    """Let no command read, as the same user, what the worker and its children know."""
    hide_memory()


@signals.worker_init.connect
def load_handlers(**_: Any) -> None:
    """Import the modules that hold the handlers, before the pool forks; refuse to start without."""
    refuse_bad_settings()
    for module in (*settings.SYSTEM_JOB_MODULES, *settings.JOB_MODULES):
        try:
            import_module(module)
        except Exception as error:
            logger.exception("JOB_MODULES: module %r cannot be imported", module)
            raise SystemExit(
                f"JOB_MODULES: module {module!r} cannot be imported: {error}"
            ) from error
    logger.info("handlers: %s", ", ".join(known_handlers()) or "none")


@signals.worker_process_init.connect
def prepare_child(**_: Any) -> None:
    """Give the child a process group of its own, and the signals that stop and end it."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(STOP_SIGNAL, child.hear_stop)
    signal.signal(GO_ON_SIGNAL, child.hear_go_on)
    install_collector()
