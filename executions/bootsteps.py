"""What the platform adds to Celery's worker main process: heartbeat to PostgreSQL, and draining."""

import contextlib
import logging
import os
import threading
from typing import Any

from celery import bootsteps, signals
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from executions.register import report
from executions.watchdog import STOP_SIGNAL

_REFILL_SECONDS = 0.1

logger = logging.getLogger(__name__)


class Heartbeat(bootsteps.StartStopStep):
    """Reports the worker on the event loop's timer.

    No thread and no lasting connection in the process that forks: each report opens its own, which
    costs some milliseconds every ten seconds. While the broker is away the loop stands still and so
    do the reports: such a worker takes no work, and that is what its row says.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        self._report(worker)
        reports = worker.timer.call_repeatedly(
            settings.SCHEDULER_HEARTBEAT_SECONDS, self._report, (worker,)
        )

        def say_goodbye(**_: Any) -> None:
            reports.cancel()
            self._report(worker, is_stopping=True)

        # At the very end: Celery fires the timers on while the pool ends its work, and the worker
        # is there as long as that.
        signals.worker_shutdown.connect(say_goodbye, weak=False)

    def _report(self, worker: Any, is_stopping: bool = False) -> None:
        link = connection.copy()
        link.settings_dict["OPTIONS"]["connect_timeout"] = 2
        try:
            report(
                name=worker.hostname,
                kind="worker",
                queues=list(worker.app.amqp.queues.consume_from),
                concurrency=worker.concurrency,
                is_stopping=is_stopping,
                using=link,
            )
        except (DatabaseError, InterfaceError) as error:
            logger.warning("worker not reported: %s", error)
        finally:
            link.close()


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
    for process in list(worker.pool._pool._pool):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, STOP_SIGNAL)


@signals.celeryd_after_setup.connect
def consume_without_ack(instance: Any, **_: Any) -> None:
    """Take hints without acknowledging them.

    Redis would keep each in a table of its own until then, for two round trips; here PostgreSQL
    knows what is unclaimed, and the sweeper sends again what got lost.
    """
    for queue in instance.app.amqp.queues.consume_from.values():
        queue.no_ack = True
