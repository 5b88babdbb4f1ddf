"""What the author of a job imports::

    from executions.authoring import JobContext, job_handler

    @job_handler("reports.daily")
    def send_daily_report(context: JobContext, region: str = "EU") -> dict[str, int]:
        context.log.info("collecting %s", region)
        return {"rows": 42}

Parameters arrive as keyword arguments. A parameter named ``context`` gets the :class:`JobContext`.
What the function returns (strict JSON, at most 1 MiB) is the execution's output.
"""

import inspect
import logging
import math
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)
_LOCK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


class RetryLater(Exception):
    """Raise to be tried again after ``delay`` seconds (the job's own policy when not given).

    It counts as an attempt, and the delay is capped at the job's max delay.
    """

    def __init__(
        self,
        message: str = "The handler asked to be tried again later",
        *,
        delay: float | None = None,
    ):
        super().__init__(message)
        self.delay = None if delay is None else float(delay)


class PermanentFailure(Exception):
    """Raise when trying again cannot help: the execution fails at once."""


class Skip(Exception):
    """Raise when there is nothing to do: the execution ends as skipped, with this reason."""


class LockNotObtained(RetryLater):
    """Somebody else held the lock for as long as the handler would wait for it.

    Let it pass, and the attempt is tried again later, by the job's policy.
    """


class LockHeldAlready(Exception):
    """This very attempt holds the lock: it cannot be taken twice."""


class StopJob(BaseException):
    """Raised inside a handler that has to stop: cancelled, timed out, or its worker shuts down.

    It is no ``Exception``, so that ``except Exception`` does not swallow it. Clean up, let it pass.
    """


class InvalidCheckpoint(ValueError):
    """What cannot be kept as a checkpoint; the message says why."""


class InvalidHandler(TypeError):
    """A function that cannot be a handler; the message says why."""


@dataclass(frozen=True)
class UpstreamResult:
    """How an execution ended that this one waited for."""

    execution_id: UUID
    job_name: str
    status: str
    """``succeeded``, ``failed``, ``timed_out``, ``cancelled`` or ``skipped``."""
    reason: str | None
    output: Any
    """What its handler returned; None if it returned nothing, or did not succeed."""
    completed_at: datetime


class UpstreamResults(dict[str, UpstreamResult]):
    """The results by the names of their jobs."""

    def __missing__(self, name: str) -> UpstreamResult:
        known = ", ".join(map(repr, sorted(self))) or "none"
        raise KeyError(f"no upstream job {name!r}; this execution waited for: {known}")


@dataclass(frozen=True)
class HeldLock:
    """A lock that the attempt holds."""

    name: str
    fence: int
    """Greater than that of whoever held the lock before: let what the lock protects refuse less."""


def _no_locks(name: str, wait: float) -> AbstractContextManager[HeldLock]:
    raise RuntimeError(f"Lock {name!r} can be taken only where a worker or a rehearsal runs this.")


@dataclass
class JobContext:
    """What a handler may know and say about its own attempt."""

    execution_id: UUID
    """The idempotency key for effects outside: the same for all attempts of one execution."""
    attempt: int
    """Counts from 1."""
    scheduled_for: datetime
    """The slot this execution stands for (UTC), or when a manual run was asked for."""
    deadline: datetime
    """When the attempt's timeout ends (UTC, database time)."""
    log: logging.Logger
    """Lines logged here are kept with the execution, as is everything the handler prints."""
    business_date: date | None = None
    """The date the slot stands for, in its schedule's zone; None for a manual run."""
    previous_business_date: date | None = None
    """The business day before it, by the schedule's calendar; None without one."""
    next_business_date: date | None = None
    """The business day after it, by the schedule's calendar; None without one."""
    last_checkpoint: Any = None
    """What an earlier attempt of this execution kept last; None if none has kept anything."""
    _keep_checkpoint: Callable[[Any], None] = field(default=lambda state: None, repr=False)
    _load_upstream: Callable[[], Mapping[str, UpstreamResult]] = field(default=dict, repr=False)
    _upstream: UpstreamResults | None = field(default=None, repr=False)
    _take_lock: Callable[[str, float], AbstractContextManager[HeldLock]] = field(
        default=_no_locks, repr=False
    )
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    _progress: tuple[float | None, str | None] = field(default=(None, None), repr=False)

    @property
    def upstream(self) -> UpstreamResults:
        """What the executions returned that this one waited for, by the names of their jobs.

        Read when it is first asked for; ask in the handler's own thread.
        """
        if self._upstream is None:
            self._upstream = UpstreamResults(self._load_upstream())
        return self._upstream

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked this execution to stop; look often in long loops."""
        return self._cancelled.is_set()

    def raise_if_cancelled(self) -> None:
        """Stop here, by raising :class:`StopJob`, if somebody asked for it."""
        if self.cancelled:
            raise StopJob("cancelled")

    def lock(self, name: str, *, wait: float = 0.0) -> AbstractContextManager[HeldLock]:
        """Hold the lock ``name`` while a ``with`` block runs: nobody else does meanwhile.

        Wait for it up to ``wait`` seconds, then raise :class:`LockNotObtained`. If it is lost, the
        job is stopped. What such a lock can promise is told in ``docs/locks.md``.
        """
        if not _LOCK_NAME.fullmatch(name):
            raise ValueError(
                f"A lock cannot be called {name!r}: use 1 to 200 letters, digits, '.', '_', ':' and"
                " '-', the first a letter or a digit."
            )
        if not 0 <= wait < math.inf:
            raise ValueError(f"wait is a number of seconds from 0 on, got {wait!r}")
        return self._take_lock(name, float(wait))

    def checkpoint(self, state: Any) -> None:
        """Keep how far the attempt is (strict JSON, at most 1 MiB), in the place of what was kept.

        The next attempt of this execution gets it as :attr:`last_checkpoint`, whatever ends this
        one. Each call is a statement of the database that is over when it returns; call it between
        pieces of work that take seconds, not inside a transaction. Raise
        :class:`InvalidCheckpoint` for what cannot be kept.
        """
        self._keep_checkpoint(state)

    def progress(self, fraction: float, message: str | None = None) -> None:
        """Say how far the attempt is, from 0 to 1; shown within a few seconds."""
        if not 0 <= fraction <= 1:
            raise ValueError(f"progress goes from 0 to 1, got {fraction!r}")
        self._progress = (float(fraction), None if message is None else str(message))


_handlers: dict[str, Handler] = {}


def job_handler(name: str) -> Callable[[H], H]:
    """Register a plain function as ``name``, the ``executionTypeName`` of jobs that use it."""

    def register(function: H) -> H:
        if inspect.iscoroutinefunction(function):
            raise InvalidHandler(f"Handler {name!r} is async; write a plain function")
        known = _handlers.get(name)
        if known is not None and (known.__module__, known.__qualname__) != (
            function.__module__,
            function.__qualname__,
        ):
            raise InvalidHandler(
                f"Handler name {name!r} is taken by {known.__module__}.{known.__qualname__}"
            )
        _handlers[name] = function
        return function

    return register


def find_handler(name: str) -> Handler | None:
    """Return the handler registered under ``name``, if any."""
    return _handlers.get(name)


def known_handlers() -> list[str]:
    """Return the names of all registered handlers, sorted."""
    return sorted(_handlers)
