"""What waits for earlier slots of its own schedule."""

from collections.abc import Iterator

from core.times import show_time
from executions.models import JobExecution, Origin
from executions.states import ExecutionStatus
from executions.waits.case import Case
from executions.waits.causes import MOST_NAMED, Cause, Code, holders_of, link_to_execution
from jobs.models import Overlap

_IN_TURN = (
    ExecutionStatus.SCHEDULED,
    ExecutionStatus.QUEUED,
    ExecutionStatus.RUNNING,
    ExecutionStatus.RETRYING,
)


def find_overlap(case: Case) -> Iterator[Cause]:
    """Why earlier slots of its schedule go first (``sql/parts/may_start.sql``)."""
    execution = case.execution
    if execution.origin != Origin.SCHEDULE or execution.schedule_id is None:
        return
    unfinished = JobExecution.objects.filter(
        schedule_id=execution.schedule_id,
        origin=Origin.SCHEDULE,
        scheduled_for__lt=execution.scheduled_for,
        status__in=_IN_TURN,
    ).order_by("scheduled_for")
    earlier = list(unfinished.select_related("job").defer("input", "output")[:MOST_NAMED])
    schedule = case.schedule if earlier else None
    if schedule is None:
        return
    if schedule.overlap == Overlap.ALLOW:
        limit = schedule.overlap_limit
        if limit is None or unfinished.count() < limit:
            return
        detail = f"Its schedule allows {limit} at once, and so many earlier ones are unfinished."
        yield Cause(Code.OVERLAP, detail, holders=holders_of(earlier))
        return
    first = earlier[0]
    yield Cause(
        Code.OVERLAP,
        f"Waits for execution {first.pk} of the same schedule"
        f" (slot {show_time(first.scheduled_for)}, {first.status}) to finish.",
        since=first.scheduled_for,
        holders=holders_of(earlier),
        link=link_to_execution(first.pk),
    )
