"""How an execution ended: by what, by whom, because of which other one."""

from collections.abc import Iterator

from core.times import show_span, show_time
from executions.models import JobExecution
from executions.states import ExecutionStatus, Reason
from executions.waits import Cause, Code, Holder, close_sentence, link_to_execution

_MOST_CHARACTERS = 300


def find_ending(execution: JobExecution) -> Iterator[Cause]:
    """How it ended, then the execution to blame if there is another."""
    yield Cause(
        Code.ENDED,
        f"{_ending(execution)}{_error(execution)}",
        since=execution.completed_at,
        link=link_to_execution(execution.pk),
    )
    yield from _find_culprit(execution)


def _ending(execution: JobExecution) -> str:
    at = show_time(execution.completed_at)
    took = f" after {show_span(execution.duration_seconds)}" if execution.started_at else ""
    attempt = f"attempt {execution.attempt} under worker {execution.worker}"
    reason = Reason(execution.reason).label if execution.reason else ""
    match execution.status:
        case ExecutionStatus.SUCCEEDED:
            return f"Succeeded at {at}: {attempt} ended{took}."
        case ExecutionStatus.FAILED if not execution.attempt:
            return f"Failed at {at} without having run: {reason or 'no attempt was made'}."
        case ExecutionStatus.FAILED:
            return f"Failed at {at}: {reason or 'the attempt failed'}{_last(execution)}."
        case ExecutionStatus.TIMED_OUT:
            return f"Timed out at {at}: {attempt} ended{took}{_last(execution)}."
        case ExecutionStatus.CANCELLED:
            return f"Cancelled at {at}: {_who_cancelled(execution, reason)}."
    return f"Skipped at {at}: {reason or 'it was decided not to run it'}."


def _last(execution: JobExecution) -> str:
    """Say which attempt was the last, and of how many."""
    retries = execution.version.snapshot.get("max_retries", 0)
    most = f" of at most {retries + 1}" if execution.attempt <= retries else ""
    return f"; no attempt follows number {execution.attempt}{most}"


def _who_cancelled(execution: JobExecution, reason: str) -> str:
    if execution.cancel_requested_by and execution.reason in (None, Reason.CANCELLED):
        asked = show_time(execution.cancel_requested_at)
        return f"{execution.cancel_requested_by} asked for it at {asked}"
    return reason or "somebody asked for it to stop"


def _error(execution: JobExecution) -> str:
    if not execution.error_message and not execution.error_type:
        return ""
    said = ": ".join(filter(None, [execution.error_type, execution.error_message]))
    line = said.partition("\n")[0]
    if len(line) > _MOST_CHARACTERS:
        return f" {line[:_MOST_CHARACTERS]}…"
    return f" {close_sentence(line)}"


def _find_culprit(execution: JobExecution) -> Iterator[Cause]:
    if execution.blocked_by is None:
        return
    link = link_to_execution(execution.blocked_by)
    found = JobExecution.objects.filter(pk=execution.blocked_by).select_related("job")
    culprit = found.defer("input", "output", "stack_trace").first()
    if culprit is None:
        detail = f"Because of execution {execution.blocked_by}, which retention has deleted."
        yield Cause(Code.CULPRIT, detail, link=link)
        return
    reason = f", {Reason(culprit.reason).label}" if culprit.reason else ""
    yield Cause(
        Code.CULPRIT,
        f"Because of execution {culprit.pk} of job {culprit.job.name}, which"
        f" {_is(culprit)} {culprit.status}{reason}.{_error(culprit)}",
        since=culprit.completed_at,
        holders=(Holder(culprit.pk, culprit.job.name, culprit.worker),),
        link=link,
    )


def _is(culprit: JobExecution) -> str:
    is_plain = culprit.status in (ExecutionStatus.FAILED, ExecutionStatus.SUCCEEDED)
    return "has" if is_plain else "is"
