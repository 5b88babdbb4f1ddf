"""One attempt in this process, without a worker: its guard, and what a stop of it raises."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from core.clock import database_now
from executions.authoring import JobContext
from executions.capture import LogBuffer
from executions.claim import Claim
from executions.watchdog import STOP_SIGNAL, Guard, Stop


def make_guard(
    mode: str,
    options: dict[str, Any],
    *,
    parameters: dict[str, Any] | None = None,
    execution_id: UUID | None = None,
    attempt: int = 1,
    **snapshot: Any,
) -> Guard:
    """Return the armed guard of an attempt that this process may carry out."""
    now = database_now()
    claim = Claim(
        execution_id=execution_id or uuid4(),
        fence=1,
        attempt=attempt,
        scheduled_for=now,
        started_at=now,
        correlation_id=uuid4(),
        parameters=parameters or {},
        snapshot={
            "execution_mode": mode,
            "execution_options": options,
            "timeout_seconds": 60,
            **snapshot,
        },
    )
    context = JobContext(
        execution_id=claim.execution_id,
        attempt=attempt,
        scheduled_for=now,
        deadline=claim.deadline,
        log=logging.getLogger("tests"),
    )
    lines = LogBuffer(started_at=now, most_lines=settings.SCHEDULER_LOG_LINES_PER_ATTEMPT)
    guard = Guard(claim, context, lines)
    guard.is_armed = True
    return guard


@contextmanager
def stopping(guard: Guard, stop: Stop, *, once: threading.Event) -> Iterator[None]:
    """Stop the attempt as the watchdog does, as soon as ``once`` is set."""

    def stop_it() -> None:
        once.wait(60)
        with guard.lock:
            if guard.begin_stop(stop):
                signal.pthread_kill(threading.main_thread().ident or 0, STOP_SIGNAL)

    before = signal.signal(STOP_SIGNAL, lambda *_: guard.raise_stop())
    thread = threading.Thread(target=stop_it, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)
        guard.is_armed = False
        signal.signal(STOP_SIGNAL, before)
