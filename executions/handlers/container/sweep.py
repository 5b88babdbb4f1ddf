"""Finding containers whose attempt is over: their worker child and their keeper were both killed.

Each worker that may run containers looks when it starts, and then once per lease. It looks from a
process of its own, forked for one look: an engine that does not answer must not hold up the event
loop, and a thread has no place in a process that forks.
"""

import logging
import os
import signal
from typing import Any
from uuid import UUID

from celery import bootsteps
from django.conf import settings
from django.db import connection

from executions.handlers.container.engine import (
    EngineAway,
    EngineRefused,
    connect,
    remove,
    translated,
)
from executions.handlers.container.naming import EXECUTION, FENCE, INSTANCE, instance
from executions.models import JobExecution
from executions.states import ExecutionStatus

_MOST_SECONDS = 60  # for one look; then the kernel ends it

logger = logging.getLogger(__name__)


def sweep() -> list[UUID]:
    """Remove the containers that no running attempt owns; return their executions.

    The containers are read before the rows: an attempt is running in the database before its
    container exists, so none that begins meanwhile is mistaken for one that is over.
    """
    with translated():
        found = connect().containers(all=True, filters={"label": f"{INSTANCE}={instance()}"})
    owners = {
        container["Id"]: (UUID(labels[EXECUTION]), int(labels[FENCE]))
        for container in found
        if {EXECUTION, FENCE} <= (labels := container["Labels"]).keys()
    }
    running = JobExecution.objects.filter(
        pk__in={execution for execution, _ in owners.values()}, status=ExecutionStatus.RUNNING
    )
    owned = set(running.values_list("pk", "fence"))
    orphans = {container: owner for container, owner in owners.items() if owner not in owned}
    return [
        execution for container, (execution, _) in orphans.items() if _remove(container, execution)
    ]


def _remove(container: str, execution: UUID) -> bool:
    """Remove one orphan; one that the engine cannot remove must not keep the others."""
    try:
        remove(container)
    except EngineRefused as error:
        logger.warning("the container that execution %s has left stays: %s", execution, error)
        return False
    logger.warning("removed the container that execution %s has left", execution)
    return True


class SweepContainers(bootsteps.StartStopStep):
    """Has containers swept, where the worker may run any."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._pid: int | None = None

    def include_if(self, worker: Any) -> bool:
        return bool(settings.SCHEDULER_ALLOWED_IMAGES)

    def start(self, worker: Any) -> None:
        self._begin()
        worker.timer.call_repeatedly(settings.SCHEDULER_LEASE_SECONDS, self._begin)

    def _begin(self) -> None:
        """Begin a look, unless the last one goes on."""
        if self._pid is not None and os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            return
        self._pid = os.fork()
        if self._pid == 0:
            _look()


def _look() -> None:
    """Sweep once in this forked process, and end it; nothing of the worker's may run here."""
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_MOST_SECONDS)
        connection.connection = None  # the worker's own, if it has one, is not for two
        sweep()
    except (EngineAway, EngineRefused) as error:
        logger.warning("containers not swept: %s", error)
    except BaseException:
        logger.exception("containers not swept")
    finally:
        os._exit(0)
