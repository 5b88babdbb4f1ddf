"""Running a handler outside the platform, as its own tests do: no worker, no database::

from executions.rehearsal import rehearse

class Greeting(SimpleTestCase):
    def test_it_names_whom_it_greets(self) -> None:
        end = rehearse("greetings.send", {"name": "Ada"})
        self.assertEqual(end.output, {"greeting": "Hello, Ada!"})
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from core.ids import uuid7
from executions.authoring import HeldLock, JobContext, LockHeldAlready, UpstreamResult
from executions.capture import LogBuffer, captured, install_collector
from executions.checkpoints import write_state
from executions.claim import Claim
from executions.handlers.in_process import run_in_process
from executions.outcomes import Failed, Outcome, RetryAsked, Skipped, Succeeded

_MOST_LINES = 10_000


@dataclass(frozen=True)
class Rehearsal:
    """What a worker would have recorded of one attempt.

    ``ending`` is "succeeded", "failed", "retry_later" or "skipped"; ``message`` is the error or the
    reason; a permanent failure would not be tried again.
    """

    ending: str
    output: Any = None
    message: str = ""
    error_type: str | None = None
    is_permanent: bool = False
    stack_trace: str | None = None
    retry_delay: float | None = None
    log: tuple[str, ...] = ()
    progress: tuple[float | None, str | None] = (None, None)
    checkpoint: Any = None


def rehearse(
    handler: str,
    parameters: dict[str, Any] | None = None,
    *,
    attempt: int = 1,
    scheduled_for: datetime | None = None,
    is_cancelled: bool = False,
    upstream: Mapping[str, Any] | None = None,
    last_checkpoint: Any = None,
) -> Rehearsal:
    """Call the handler registered as ``handler`` the way a worker does, and say how it ended.

    ``last_checkpoint`` is what an earlier attempt kept; ``Rehearsal.checkpoint`` what this one did.
    ``upstream`` has the outputs of jobs that it waited for, by their names.

    ``StopJob`` passes through: with ``is_cancelled`` the context says that somebody asked to stop.
    """
    claim = _claim(handler, attempt, scheduled_for or datetime.now(UTC), parameters or {})
    logger = logging.getLogger("jobs.handler")
    kept: list[str] = []
    context = JobContext(
        execution_id=claim.execution_id,
        attempt=attempt,
        scheduled_for=claim.scheduled_for,
        deadline=claim.deadline,
        log=logger,
        last_checkpoint=json.loads(write_state(last_checkpoint)),
        _keep_checkpoint=lambda state: kept.append(write_state(state)),
        _load_upstream=lambda: {
            name: _succeeded(name, output, at=claim.started_at)
            for name, output in (upstream or {}).items()
        },
    )
    context._take_lock = _Rehearsed().take
    if is_cancelled:
        context._cancelled.set()
    lines = LogBuffer(started_at=claim.started_at, most_lines=_MOST_LINES)
    install_collector()
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        with captured(lines):
            outcome = run_in_process(claim, context)
    finally:
        logger.setLevel(level)
    said = tuple(line.message for line in lines.take())
    return Rehearsal(
        **_told(outcome),
        log=said,
        progress=context._progress,
        checkpoint=json.loads(kept[-1]) if kept else None,
    )


class _Rehearsed:
    """Locks that nobody else wants."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._fences = count(1)

    @contextmanager
    def take(self, name: str, _wait: float) -> Iterator[HeldLock]:
        if name in self._held:
            raise LockHeldAlready(f"This attempt holds lock {name!r} already.")
        self._held.add(name)
        try:
            yield HeldLock(name, next(self._fences))
        finally:
            self._held.discard(name)


def _succeeded(job_name: str, output: Any, *, at: datetime) -> UpstreamResult:
    return UpstreamResult(
        execution_id=uuid7(),
        job_name=job_name,
        status="succeeded",
        reason=None,
        output=json.loads(json.dumps(output)),
        completed_at=at,
    )


def _claim(
    handler: str, attempt: int, scheduled_for: datetime, parameters: dict[str, Any]
) -> Claim:
    """An attempt that nobody has claimed, of a job without limits."""
    return Claim(
        execution_id=uuid7(),
        fence=1,
        attempt=attempt,
        scheduled_for=scheduled_for,
        started_at=datetime.now(UTC),
        correlation_id=uuid7(),
        # Through JSON and back, as parameters reach a real attempt.
        parameters=json.loads(json.dumps(parameters)),
        snapshot={
            "execution_type_name": handler,
            "timeout_seconds": timedelta(days=1).total_seconds(),
        },
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Succeeded(output):
            return {"ending": "succeeded", "output": None if output is None else json.loads(output)}
        case Failed(error_type, message, trace, is_permanent):
            return {
                "ending": "failed",
                "message": message,
                "error_type": error_type,
                "stack_trace": trace,
                "is_permanent": is_permanent,
            }
        case RetryAsked(message, delay):
            return {"ending": "retry_later", "message": message, "retry_delay": delay}
        case Skipped(message):
            return {"ending": "skipped", "message": message}
    raise AssertionError(f"{outcome!r} is no end of a handler's own")
