"""Watching one execution from a terminal until it is over."""

import time
from collections.abc import Iterator

from core.times import show_span
from executions.models import JobExecution, JobExecutionLog
from executions.states import ExecutionStatus
from executions.waits import explain_wait

_LOOK_SECONDS = 0.25
_REPEAT_SECONDS = 10.0
_LINES_PER_QUERY = 1_000
_WATCHED = ("status", "attempt", "progress_fraction", "progress_message", "cancel_requested_at")


def follow_states(execution: JobExecution, *, seconds: float) -> Iterator[str]:
    """Yield a line when something has changed, and now and then what it still waits for.

    Ends when the execution is over, or after ``seconds``.
    """
    began = time.monotonic()
    shown, shown_at = None, began
    while True:
        execution.refresh_from_db()
        now = time.monotonic()
        state = [getattr(execution, field) for field in _WATCHED]
        if state != shown or now - shown_at > _REPEAT_SECONDS:
            yield _describe(execution)
            shown, shown_at = state, now
        left = began + seconds - now
        if execution.is_final or left <= 0:
            return
        time.sleep(min(_LOOK_SECONDS, left))


def follow_lines(execution: JobExecution, *, until_over: bool) -> Iterator[JobExecutionLog]:
    """Yield the lines there are and, with ``until_over``, those that come until it is over."""
    lines = JobExecutionLog.objects.filter(execution=execution).order_by("id")
    last_id = 0
    while True:
        if until_over:
            execution.refresh_from_db(fields=["status"])
        # Asked before the lines are read: the last ones are written with the final status.
        is_last = execution.is_final or not until_over
        while batch := list(lines.filter(id__gt=last_id)[:_LINES_PER_QUERY]):
            yield from batch
            last_id = batch[-1].pk
        if is_last:
            return
        time.sleep(_LOOK_SECONDS)


def _describe(execution: JobExecution) -> str:
    if execution.is_final:
        said = f"after {show_span(execution.duration_seconds)}" if execution.started_at else ""
        return " ".join(filter(None, [execution.status, said, _error(execution)]))
    wait = explain_wait(execution)
    if execution.progress_fraction is None or execution.status != ExecutionStatus.RUNNING:
        return f"{execution.status}: {wait}"
    progress = f"{execution.progress_fraction:.0%} {execution.progress_message or ''}".rstrip()
    return f"{execution.status}: {progress}"


def _error(execution: JobExecution) -> str:
    said = ": ".join(filter(None, [execution.error_type, execution.error_message]))
    return f"({said})" if said else ""
