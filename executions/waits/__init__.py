"""Why an execution has not gone further yet: causes in the order in which the platform asks."""

from collections.abc import Iterator

from core.clock import database_now
from executions.models import JobExecution
from executions.states import ExecutionStatus
from executions.waits.breaking import describe_breaker, find_breaker
from executions.waits.case import Case, circuit_of, load_job
from executions.waits.causes import Cause, Code, Holder, close_sentence, link_to_execution
from executions.waits.due import find_time
from executions.waits.handed_out import find_queued_causes
from executions.waits.limits import find_job_limits, find_others_before, find_queue_limits
from executions.waits.overlap import find_overlap
from executions.waits.processes import Processes
from executions.waits.running import find_running_causes
from executions.waits.standing import find_bar, find_holds
from executions.waits.upstream import find_upstream_causes

__all__ = [
    "Case",
    "Cause",
    "Code",
    "Holder",
    "Processes",
    "circuit_of",
    "close_sentence",
    "describe_breaker",
    "explain_wait",
    "find_bar",
    "find_causes",
    "find_holds",
    "find_job_limits",
    "find_queue_limits",
    "link_to_execution",
    "load_job",
]


def explain_wait(execution: JobExecution) -> str | None:
    """Return what the execution waits for or who carries it out; None when it is over."""
    if execution.is_final:
        return None
    case = Case(execution, database_now())
    return next(find_causes(case, asks_broker=False)).detail


def find_causes(case: Case, *, asks_broker: bool = True) -> Iterator[Cause]:
    """Each cause that holds an unfinished execution back; the first decides now.

    The dispatcher decides (``sql/dispatch.sql``); this asks the same questions in the same order,
    and each only when the next cause is asked for.
    """
    match case.execution.status:
        case ExecutionStatus.WAITING:
            return find_upstream_causes(case)
        case ExecutionStatus.QUEUED:
            return find_queued_causes(case, asks_broker=asks_broker)
        case ExecutionStatus.RUNNING:
            return find_running_causes(case)
    return _find_ready_causes(case)


def _find_ready_causes(case: Case) -> Iterator[Cause]:
    is_due = case.execution.due_at <= case.now
    yield from find_time(case)
    count = 0
    for cause in _find_lasting_causes(case):
        count += 1
        yield cause
    if not is_due:
        return
    for find in (find_overlap, find_job_limits, find_queue_limits):
        for cause in find(case):
            count += 1
            yield cause
    if count:
        yield from find_others_before(case)
    if not case.processes.has_beat:
        yield Cause(
            Code.BEAT, "Due, but no beat is alive to hand it to a worker.", link="/api/workers"
        )
    elif not count:
        queue = case.job.queue_id
        detail = f"Due; beat hands it to queue {queue} at its next look, within a second or two."
        yield Cause(Code.DISPATCH, detail)


def _find_lasting_causes(case: Case) -> Iterator[Cause]:
    yield from find_bar(case.job)
    yield from find_holds(case.job)
    yield from find_breaker(case)
