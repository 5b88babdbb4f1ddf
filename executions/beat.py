"""The Celery beat scheduler: planner and dispatcher, asleep until something is due.

Any number of beats may run. They share the work by row locks and one advisory lock, and each
rescues and sweeps; none is a leader, so none has to be elected.
"""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar

from celery import signals
from celery.beat import Scheduler
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from core.sql import load
from core.startup import refuse_bad_settings
from executions.backfills import release_backfills
from executions.breaker import Breaker
from executions.circuits import Circuits
from executions.completions import follow_completions
from executions.dispatcher import dispatch
from executions.holds import end_due_holds
from executions.planner import Planned, plan
from executions.register import report
from executions.replacing import stop_replaced
from executions.rescuer import rescue
from executions.sweeper import sweep
from executions.wake import WakeUp
from jobs.pausing import resume_due

NEXT_DUE = load(__file__, "next_due")
_LONGEST_SLEEP_SECONDS = 1.0
# A slot that stays due is locked by somebody or cannot be planned: no reason to stay awake.
_OVERDUE_SECONDS = 0.5
_OVERDUE_SLEEP_SECONDS = 0.25
# Much is due, and the broker holds enough for now: sleep until a look finds room for some.
_SHORTEST_CAPPED_SLEEP_SECONDS = 0.02
_LONGEST_CAPPED_SLEEP_SECONDS = 0.2
_WORTH_A_LOOK = 50
_SCHEDULE_CHORES_SECONDS = 1.0  # what changes a schedule by itself: a pause's end, a run's end
_COALESCE_SECONDS = 0.02  # pokes closer than this are one
_LONGEST_BACKOFF_SECONDS = 5.0

T = TypeVar("T")
logger = logging.getLogger(__name__)

# Set by a signal handler. Not an Event: the main thread waits, and setting would deadlock on it.
_stopping = False


def _is_stopping() -> bool:
    return _stopping


class Chore:
    """Something beat does every now and then."""

    def __init__(self, every_seconds: float, do: Callable[[], Any]) -> None:
        self._every = every_seconds
        self._do = do
        self._next = 0.0

    def do_if_due(self) -> None:
        """Do it, and look at it again later even if it fails: it must not hold up the rest."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            self._do()


def _shield(step: Callable[[], T]) -> T | None:
    """Run one step of a look; if it fails, say so and let the others go on."""
    try:
        return step()
    except (DatabaseError, InterfaceError) as error:
        if connection.in_atomic_block or not connection.is_usable():
            raise  # the database is away: the whole look fails
        logger.warning("a step of beat failed: %s", str(error).strip())
    except Exception:
        logger.exception("a step of beat failed")
    return None


class PlatformScheduler(Scheduler):
    """Replaces Celery's schedule, which lives in memory and in a file, by ours in PostgreSQL."""

    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(app, *args, **kwargs)
        if kwargs.get("lazy"):  # built once more only for the banner
            return
        self._name = f"beat@{socket.gethostname()}.{os.getpid()}"
        self._wake = WakeUp()
        self._looked_at = 0.0
        self._backoff = 0.1
        self._has_said_goodbye = False
        self._capped_sleep = _SHORTEST_CAPPED_SLEEP_SECONDS
        self._circuits = Circuits()
        self._chores = [
            Chore(_SCHEDULE_CHORES_SECONDS, resume_due),
            Chore(_SCHEDULE_CHORES_SECONDS, end_due_holds),
            Chore(_SCHEDULE_CHORES_SECONDS, follow_completions),
            Chore(_SCHEDULE_CHORES_SECONDS, Breaker().pause_failing),
            Chore(_SCHEDULE_CHORES_SECONDS, stop_replaced),
            Chore(_SCHEDULE_CHORES_SECONDS, release_backfills),
            Chore(settings.SCHEDULER_RESCUE_SECONDS, rescue),
            Chore(settings.SCHEDULER_SWEEP_SECONDS, sweep),
            Chore(settings.SCHEDULER_HEARTBEAT_SECONDS, self._report),
        ]

    def setup_schedule(self) -> None:
        """Nothing: there is no schedule in memory."""

    @property
    def schedule(self) -> dict[str, Any]:  # type: ignore[override]
        return {}

    def sync(self) -> None:
        """Nothing: every tick leaves all it knows in PostgreSQL."""

    def close(self) -> None:
        """Say goodbye, if :func:`stop_gracefully` has ended the loop; else nothing.

        Celery's own signal handler calls this as well, where a database call may deadlock.
        """
        if _stopping and not self._has_said_goodbye:
            self._has_said_goodbye = True
            try:
                report(name=self._name, kind="beat", is_stopping=True)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("beat stops without a word to the database: %s", str(error).strip())

    def tick(self, *_: Any, **__: Any) -> float:
        """Look once and wait; return 0, so that Celery calls again without its own deaf sleep."""
        if _stopping:
            return 0
        try:
            seconds = self._look()
            self._backoff = 0.1
        except (DatabaseError, InterfaceError) as error:
            logger.warning("beat waits for the database: %s", str(error).strip())
            connection.close()
            seconds = self._backoff
            self._backoff = min(2 * self._backoff, _LONGEST_BACKOFF_SECONDS)
        except Exception:
            logger.exception("beat failed to look; it will look again")
            connection.close()
            seconds = _LONGEST_SLEEP_SECONDS
        if seconds > 0:
            self._wait(seconds)
        return 0

    def _look(self) -> float:
        """Plan, move breakers, dispatch, do what chores are due; return how long to sleep (s)."""
        self._looked_at = time.monotonic()
        planned = _shield(plan) or Planned(opened=0, is_full=False)
        _shield(self._circuits.tend)
        dispatched = dispatch()
        for chore in self._chores:
            _shield(chore.do_if_due)
        if planned.is_full:
            return 0.0
        if dispatched.is_capped:
            return self._sleep_while_capped(len(dispatched.hints))
        row = NEXT_DUE.row(since=dispatched.decided_at)
        seconds = row["seconds"] if row else None
        if seconds is None:
            return _LONGEST_SLEEP_SECONDS
        if seconds < -_OVERDUE_SECONDS:
            return _OVERDUE_SLEEP_SECONDS
        return float(min(max(seconds, 0.01), _LONGEST_SLEEP_SECONDS))

    def _sleep_while_capped(self, moved: int) -> float:
        """Return how long to sleep: doubled after a look that moved little, else halved."""
        change = 2 if moved < _WORTH_A_LOOK else 0.5
        self._capped_sleep = min(
            max(change * self._capped_sleep, _SHORTEST_CAPPED_SLEEP_SECONDS),
            _LONGEST_CAPPED_SLEEP_SECONDS,
        )
        return self._capped_sleep

    def _wait(self, seconds: float) -> None:
        self._wake.wait(seconds, is_stopping=_is_stopping)
        early = self._looked_at + _COALESCE_SECONDS - time.monotonic()
        if early > 0:
            time.sleep(early)

    def _report(self) -> None:
        report(name=self._name, kind="beat")


@signals.beat_init.connect
def stop_gracefully(sender: Any, **_: Any) -> None:
    """Let SIGTERM end beat after the present tick.

    Celery's own handler raises inside whatever is going on, which may be a transaction.
    """
    refuse_bad_settings()

    def stop(*_: Any) -> None:
        global _stopping
        _stopping = True
        sender._is_shutdown.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
