"""The thread beside a running handler: lease, timeout, cancel, log and, at last, the kill.

Celery's own timers stop while the broker is away, so all of this lives in the child process. The
thread has its own database connection, opened when it is first needed: an attempt that ends within
the first look costs none.
"""

import logging
import os
import signal
import threading
import time
from dataclasses import replace
from enum import Enum
from typing import Protocol

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from core.sql import load
from core.text import clean
from executions import outcomes
from executions.authoring import JobContext, StopJob
from executions.capture import LogBuffer, log_parameters
from executions.claim import CancelRequest, Claim, LeaseLost, arm_kernel_timer, renew
from executions.outcomes import Outcome
from executions.retry import RetryPolicy
from executions.settlement import decide, settle

LOOK = load(__file__, "look")

STOP_SIGNAL = signal.SIGUSR2  # SIGUSR1 is Celery's
GO_ON_SIGNAL = signal.SIGURG  # ignored by whoever does not handle it
_IDLE_SECONDS = 0.5
_LINES_PER_WRITE = 1_000
_BURIAL_SECONDS = 2.0

logger = logging.getLogger(__name__)


class Stop(Enum):
    """Why an attempt is being stopped."""

    CANCEL = "cancelled"
    TIMEOUT = "timed out"
    DRAIN = "worker is shutting down"
    LOCK_LOST = "lock lost"


class Remote(Protocol):
    """What carries an attempt out elsewhere: it is told what a handler would hear as an exception.

    Both are called from any thread, and from a signal handler; neither may wait or raise.
    """

    def stop(self) -> None:
        """The attempt has to stop, within the grace."""

    def extend(self, ends_at: float) -> None:
        """The attempt may go on until then (monotonic), unless this is called again."""


class Guard:
    """One attempt under guard. Whoever is first under the lock, stop or return, decides its end."""

    def __init__(self, claim: Claim, context: JobContext, lines: LogBuffer) -> None:
        began = time.monotonic()
        self.claim = claim
        self.context = context
        self.lines = lines
        # Re-entrant: the signal handler runs in the main thread, which may hold it already.
        self.lock = threading.RLock()
        self.stop: Stop | None = None
        self.lost_lock: outcomes.LockLost | None = None
        self.is_finished = False
        self.is_armed = False
        self.remote: Remote | None = None
        self.times_out_at = began + claim.timeout
        self.renew_at = began + settings.SCHEDULER_RENEW_SECONDS
        self.look_at = began + settings.SCHEDULER_CANCEL_POLL_SECONDS
        self.stops_at: float | None = None  # when a cancel's notice is over
        self.kill_at: float | None = None

    def next_deadline(self) -> float:
        times = [self.times_out_at, self.renew_at, self.look_at, self.stops_at, self.kill_at]
        if self.stop is not None:
            times[0] = times[3] = None
        return float(min(moment for moment in times if moment is not None))

    def begin_stop(self, stop: Stop) -> bool:
        """Decide the attempt's end, unless it is decided; return whether this call did."""
        with self.lock:
            if self.is_finished or self.stop is not None:
                return False
            self.stop = stop
            self.kill_at = time.monotonic() + settings.SCHEDULER_STOP_GRACE_SECONDS
            if self.remote is not None:
                self.remote.stop()
            return True

    def lose_lock(self, name: str, why: str) -> None:
        """Stop the attempt, unless its end is decided: it has lost a lock. From any thread."""
        with self.lock:
            if self.begin_stop(Stop.LOCK_LOST):
                self.lost_lock = outcomes.LockLost(name, why)
                _interrupt_handler()

    def hand_over(self, remote: Remote) -> None:
        """Let ``remote`` hear of a stop and of each renewal, from now on."""
        with self.lock:
            self.remote = remote
            if self.stop is not None:
                remote.stop()

    def ends_at(self) -> float:
        """Return when the kernel timer ends this process (monotonic)."""
        return time.monotonic() + signal.getitimer(signal.ITIMER_REAL)[0]

    def extend_timer(self, *, since: float) -> None:
        """Arm the kernel timer for the lease taken at ``since``, unless the attempt is finished.

        Under the lock: the main thread disarms it after finishing, and then it has to stay so.
        """
        with self.lock:
            if not self.is_finished:
                arm_kernel_timer(since=since)
                if self.remote is not None:
                    self.remote.extend(self.ends_at())

    def raise_stop(self) -> None:
        """Raise ``StopJob`` in the handler, once, if a stop is decided and it still runs."""
        with self.lock:
            if self.stop is None or not self.is_armed:
                return
            self.is_armed = False
        raise StopJob(self.stop.value)

    def finish(self, outcome: Outcome) -> Outcome:
        """Return how the attempt ended: as a decided stop says, otherwise as the handler does."""
        with self.lock:
            self.is_finished = True
            trace = getattr(outcome, "stack_trace", None)
            return outcome if self.stop is None else self.stopped_outcome(trace)

    def stopped_outcome(self, stack_trace: str | None = None) -> Outcome:
        match self.stop:
            case Stop.CANCEL:
                return outcomes.Cancelled(stack_trace)
            case Stop.TIMEOUT:
                return outcomes.TimedOut(self.claim.timeout, stack_trace)
            case Stop.LOCK_LOST if self.lost_lock is not None:
                return replace(self.lost_lock, stack_trace=stack_trace)
            case _:
                return outcomes.HandedBack()


class Watchdog:
    """The thread; one per worker process, started with its first attempt."""

    def __init__(self) -> None:
        self._guard: Guard | None = None
        self._thread: threading.Thread | None = None

    def watch(self, guard: Guard) -> None:
        """Guard this attempt until :meth:`release`."""
        self._guard = guard
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
            self._thread.start()

    def release(self) -> None:
        self._guard = None

    def _run(self) -> None:
        """Look at each deadline.

        Nothing wakes the thread: no deadline is nearer than its idle wait, and an attempt that is
        over sooner never costs a switch of threads.
        """
        while True:
            guard = self._guard
            wait = _IDLE_SECONDS
            if guard is not None:
                wait = min(max(guard.next_deadline() - time.monotonic(), 0.01), _IDLE_SECONDS)
            time.sleep(wait)
            if guard is not None and guard is self._guard:
                try:
                    self._tend(guard)
                except (DatabaseError, InterfaceError) as error:
                    # The kernel timer ends this process if the database stays away.
                    logger.warning("watchdog of %s: %s", guard.claim.execution_id, error)
                    connection.close()
                except Exception:
                    logger.exception("watchdog of %s", guard.claim.execution_id)

    def _tend(self, guard: Guard) -> None:
        now = time.monotonic()
        if now >= guard.times_out_at:
            self._stop(guard, Stop.TIMEOUT)
        if guard.stops_at is not None and now >= guard.stops_at:
            self._stop(guard, Stop.CANCEL)
        if guard.kill_at is not None and now >= guard.kill_at:
            self._kill(guard)
        if guard.is_finished:
            return
        try:
            if now >= guard.renew_at:
                guard.renew_at = now + settings.SCHEDULER_RENEW_SECONDS
                request = renew(guard.claim)
                guard.extend_timer(since=now)
                self._notice_cancel(guard, request)
            if now >= guard.look_at:
                guard.look_at = now + settings.SCHEDULER_CANCEL_POLL_SECONDS
                self._notice_cancel(guard, self._look(guard))
        except LeaseLost:
            self._die_unless_finished(guard)

    def _stop(self, guard: Guard, stop: Stop) -> None:
        with guard.lock:
            if guard.begin_stop(stop):
                _interrupt_handler()

    def _notice_cancel(self, guard: Guard, request: CancelRequest | None) -> None:
        if request is None:
            return
        if request.is_at_once:
            guard.begin_stop(Stop.CANCEL)
            if guard.stop is Stop.CANCEL:  # also where a polite stop is under way
                guard.kill_at = time.monotonic()
        if not guard.context.cancelled:
            guard.context._cancelled.set()
            guard.stops_at = time.monotonic() + settings.SCHEDULER_CANCEL_NOTICE_SECONDS

    def _look(self, guard: Guard) -> CancelRequest | None:
        """Write progress and log lines, and return the request to stop if there is one."""
        fraction, message = guard.context._progress
        request = None
        lines = guard.lines.take()
        for start in range(0, max(len(lines), 1), _LINES_PER_WRITE):
            batch = lines[start : start + _LINES_PER_WRITE]
            try:
                row = LOOK.row(
                    id=guard.claim.execution_id,
                    fence=guard.claim.fence,
                    attempt=guard.claim.attempt,
                    progress=fraction,
                    progress_message=message and clean(message, limit=500),
                    **log_parameters(batch),
                )
            except BaseException:
                guard.lines.put_back(lines[start:])
                raise
            if row is None:
                raise LeaseLost
            request = CancelRequest.of(row)
        return request

    def _kill(self, guard: Guard) -> None:
        """The handler did not stop within the grace: record its end, then end this process."""
        with guard.lock:
            if guard.is_finished:
                return
            guard.is_finished = True
            try:
                decision = decide(
                    guard.stopped_outcome(),
                    attempt=guard.claim.attempt,
                    policy=RetryPolicy.of(guard.claim.snapshot),
                )
                settle(
                    execution_id=guard.claim.execution_id,
                    fence=guard.claim.fence,
                    # Another attempt has to wait until this process is gone.
                    decision=replace(decision, delay=max(decision.delay, _BURIAL_SECONDS)),
                    lines=guard.lines.take(),
                    progress=guard.context._progress,
                    is_poking=False,
                )
            finally:
                die()

    def _die_unless_finished(self, guard: Guard) -> None:
        """Somebody else owns the execution: stop its handler at once and write nothing."""
        with guard.lock:
            if not guard.is_finished:
                logger.error("lease of %s lost: ending this process", guard.claim.execution_id)
                die()


def _interrupt_handler() -> None:
    """Let the handler hear of the stop. Under the guard's lock: not in the next attempt."""
    signal.pthread_kill(threading.main_thread().ident or 0, STOP_SIGNAL)


def die() -> None:
    """End this worker child and every process that its handler left in its group.

    At once: flushing log handlers first would wait for whatever the handler is stuck in.
    """
    os.killpg(0, signal.SIGKILL)
