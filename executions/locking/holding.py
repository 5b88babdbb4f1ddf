"""The locks of one attempt: taken, kept alive beside the handler, given back."""

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection

from core.times import show_span, show_time
from executions.authoring import HeldLock, LockHeldAlready, LockNotObtained
from executions.locking import store
from executions.locking.store import Token

logger = logging.getLogger(__name__)

_POLL_SECONDS = (0.1, 0.3)


@dataclass
class _Entry:
    """One lock that this attempt has, or asks for. ``kept_at`` is when it was last heard to."""

    name: str
    token: Token
    kept_at: float = math.inf  # monotonic, from before the call
    is_held: bool = False
    is_ending: bool = False


class Locks:
    """What ``context.lock`` of one attempt goes by.

    ``on_lost`` is told the name of a lost lock and how it was lost, from any thread. It stops the
    attempt.
    """

    def __init__(
        self,
        *,
        execution_id: UUID,
        fence: int,
        job_name: str,
        on_lost: Callable[[str, str], None],
    ) -> None:
        self._attempt = execution_id, fence
        self._job_name = job_name
        self._on_lost = on_lost
        self._entries: dict[str, _Entry] = {}
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    @contextmanager
    def take(self, name: str, wait: float) -> Iterator[HeldLock]:
        """Hold the lock while the block runs; wait for it up to ``wait`` seconds."""
        if name in self._entries:
            raise LockHeldAlready(
                f"This attempt holds lock {name!r} already. Take it once, around all that needs it,"
                " and pass what it gives on."
            )
        entry = _Entry(name, Token(*self._attempt, uuid4().hex))
        self._entries[name] = entry
        try:
            yield HeldLock(name, self._obtain(entry, wait))
        except BaseException:
            self._give_back(entry)
            raise
        if not self._give_back(entry):
            self._on_lost(name, "it was not held any more when its block ended")

    def close(self) -> None:
        """Give back what is left: a stop may strike between any two steps of a handler."""
        if self._keeper is None and not self._entries:
            return
        self._closed.set()
        for entry in list(self._entries.values()):
            self._give_back(entry)

    def _obtain(self, entry: _Entry, wait: float) -> int:
        """Take the lock and return its fencing number, or raise :class:`LockNotObtained`."""
        give_up_at = time.monotonic() + wait
        while True:
            why = None
            try:
                fence, why = self._try_once(entry, is_waiting=wait > 0)
                if fence is not None:
                    return fence
            except store.UNREACHABLE as error:
                why = f"Redis could not be reached: {error}"
            left = give_up_at - time.monotonic()
            if left <= 0:
                raise LockNotObtained(
                    f"Lock {entry.name!r} was not obtained within {show_span(wait)}: {why}."
                )
            time.sleep(min(left, random.uniform(*_POLL_SECONDS)))  # noqa: S311

    def _try_once(self, entry: _Entry, *, is_waiting: bool) -> tuple[int | None, str]:
        """Return the fencing number, or why there is none."""
        began = time.monotonic()
        holder = store.take(entry.name, entry.token, job_name=self._job_name, is_waiting=is_waiting)
        if holder is not None:
            return None, (
                f"execution {holder.execution_id} of job {holder.job_name}"
                f" holds it since {show_time(holder.since)}"
            )
        # Drawn while the lock is held, and of use only if it still is afterwards: so whoever holds
        # it later has a greater number, whatever became of Redis in between.
        fence = _next_fence()
        if not store.keep(entry.name, entry.token, fence=fence):
            return None, "it was lost again at once"
        entry.kept_at, entry.is_held = began, True
        self._start_keeper()
        return fence, ""

    def _give_back(self, entry: _Entry) -> bool:
        """Release the lock; return whether it was held all the time, as far as can be told."""
        entry.is_ending = True
        try:
            was_held = store.release(entry.name, entry.token)
        except store.UNREACHABLE as error:
            logger.warning("lock %s will expire, Redis could not be told: %s", entry.name, error)
            was_held = time.monotonic() < _ends_at(entry)
        self._entries.pop(entry.name, None)
        return was_held

    def _start_keeper(self) -> None:
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep_all, name="locks", daemon=True)
            self._keeper.start()

    def _keep_all(self) -> None:
        """Renew what is held as often as the watchdog looks for a cancel: a broken lock shows."""
        while not self._closed.wait(settings.SCHEDULER_CANCEL_POLL_SECONDS):
            for entry in list(self._entries.values()):
                if entry.is_held:
                    try:
                        self._keep(entry)
                    except Exception:
                        logger.exception("lock %s", entry.name)

    def _keep(self, entry: _Entry) -> None:
        began = time.monotonic()
        try:
            is_ours, why = store.keep(entry.name, entry.token), "it was broken, or Redis lost it"
        except store.UNREACHABLE as error:
            is_ours, why = False, f"Redis could not be reached for too long: {error}"
            if time.monotonic() < _ends_at(entry):
                return
        if is_ours:
            entry.kept_at = began
        elif not entry.is_ending:  # else the handler's own thread has just given it back
            entry.is_held = False
            self._on_lost(entry.name, why)


def _ends_at(entry: _Entry) -> float:
    """Return when a lock that cannot be renewed has to be given up (monotonic), with a margin."""
    lease = settings.SCHEDULER_LEASE_SECONDS - settings.SCHEDULER_LEASE_MARGIN_SECONDS
    return entry.kept_at + float(lease)


def _next_fence() -> int:
    """Draw a number on the handler's own connection, so that nothing is opened for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('executions_lock_fence')")
        return int(cursor.fetchone()[0])
