"""What the platform adds to Celery's worker main process: heartbeat to PostgreSQL, and draining."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

from celery import bootsteps, signals
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from core.sql import load
from executions.register import report
from executions.watchdog import GO_ON_SIGNAL, STOP_SIGNAL

LOOK_AT_DRAIN = load(__file__, "look_at_drain")
_REFILL_SECONDS = 0.1
_LOOKS_PER_HEARTBEAT = 4

logger = logging.getLogger(__name__)


class Heartbeat(bootsteps.StartStopStep):
    """Reports the worker on the event loop's timer, and looks whether it is asked to drain.

    No thread and no lasting connection in the process that forks: each report opens its own, which
    costs some milliseconds every few seconds. While the broker is away the loop stands still and so
    do the reports: such a worker takes no work, and that is what its row says.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        self._queues = list(worker.app.amqp.queues.consume_from)
        self._is_known = False  # reported since it started
        self._drain = RequestedDrain(worker, self._queues)
        self._report(worker)
        beat = settings.SCHEDULER_HEARTBEAT_SECONDS
        reports = worker.timer.call_repeatedly(beat, self._report, (worker,))
        looks = worker.timer.call_repeatedly(beat / _LOOKS_PER_HEARTBEAT, self._look, (worker,))

        def say_goodbye(**_: Any) -> None:
            reports.cancel()
            looks.cancel()
            self._report(worker, is_stopping=True)

        # At the very end: Celery fires the timers on while the pool ends its work, and the worker
        # is there as long as that.
        signals.worker_shutdown.connect(say_goodbye, weak=False)

    def _report(self, worker: Any, is_stopping: bool = False) -> None:
        with _short_link("worker not reported") as link:
            report(
                name=worker.hostname,
                kind="worker",
                queues=self._queues,
                concurrency=worker.concurrency,
                is_starting=not self._is_known,
                is_stopping=is_stopping,
                using=link,
            )
            self._is_known = True

    def _look(self, worker: Any) -> None:
        if not self._is_known:  # what is asked was asked of another of its name
            return
        row = None
        with _short_link("worker did not look whether to drain") as link:
            row = LOOK_AT_DRAIN.row(using=link, name=worker.hostname)
        if row is not None:
            self._drain.obey(is_asked=row["is_asked"], seconds_left=row["seconds_left"])


@contextlib.contextmanager
def _short_link(failure: str) -> Iterator[BaseDatabaseWrapper]:
    """Give a connection of its own, and say so if the database is away."""
    link = connection.copy()
    link.settings_dict["OPTIONS"]["connect_timeout"] = 2
    try:
        yield link
    except (DatabaseError, InterfaceError) as error:
        logger.warning("%s: %s", failure, error)
    finally:
        link.close()


class RequestedDrain:
    """Obeys what people ask of a running worker: take no more work, or take it again."""

    def __init__(self, worker: Any, queues: list[str]) -> None:
        self._worker = worker
        self._queues = queues
        self._is_draining = False
        self._is_over = False  # what ran has been handed back

    def obey(self, *, is_asked: bool, seconds_left: float | None) -> None:
        """Do what has to be done about the request as it now stands; called again and again."""
        consumer = self._worker.consumer
        if consumer is None or getattr(consumer, "task_consumer", None) is None:
            return  # it is not connected, and takes nothing
        if is_asked and not self._is_draining:
            logger.warning("asked to drain: taking no more work")
            for queue in self._queues:
                consumer.cancel_task_queue(queue)
            self._is_draining = True
        elif self._is_draining and not is_asked:
            logger.warning("no longer asked to drain: taking work")
            if self._is_over:
                _tell_children(self._worker, GO_ON_SIGNAL)
            for queue in self._queues:
                consumer.add_task_queue(queue)
            self._is_draining = self._is_over = False
        is_late = seconds_left is not None and seconds_left <= 0
        if self._is_draining and is_late and not self._is_over:
            _stop_children(self._worker)
            self._is_over = True


class Refill(bootsteps.StartStopStep):
    """Replaces a child that has ended, soon.

    Celery hears of the end a moment before the kernel lets it reap the child, finds nothing to do,
    and looks again only after 5 s. Until then a slot is missing, and a message that was on its way
    into that child waits.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        worker.timer.call_repeatedly(_REFILL_SECONDS, worker.pool.maintain_pool)


class Drain(bootsteps.StartStopStep):
    """On SIGTERM, Celery waits for running tasks for ever; here a deadline ends the waiting.

    Then each child gets the stop signal: its handler is stopped and the execution handed back.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        signals.worker_shutting_down.connect(lambda **_: self._begin(worker), weak=False)

    def _begin(self, worker: Any) -> None:
        timer = threading.Timer(settings.SCHEDULER_DRAIN_SECONDS, _stop_children, (worker,))
        timer.daemon = True
        timer.start()


def _stop_children(worker: Any) -> None:
    logger.warning("drain deadline: handing running executions back")
    _tell_children(worker, STOP_SIGNAL)


def _tell_children(worker: Any, number: signal.Signals) -> None:
    for process in list(worker.pool._pool._pool):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


@signals.celeryd_after_setup.connect
def consume_without_ack(instance: Any, **_: Any) -> None:
    """Take hints without acknowledging them.

    Redis would keep each in a table of its own until then, for two round trips; here PostgreSQL
    knows what is unclaimed, and the sweeper sends again what got lost.
    """
    for queue in instance.app.amqp.queues.consume_from.values():
        queue.no_ack = True
