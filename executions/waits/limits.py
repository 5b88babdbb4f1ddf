"""Limits that are reached, of a job, a key and a queue, and who has the places."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import QuerySet

from core.sql import load
from core.times import show_time
from executions.models import CountedStart, JobExecution
from executions.states import ACTIVE, ExecutionStatus
from executions.waits.case import Case
from executions.waits.causes import MOST_NAMED, Cause, Code, Holder, holders_of, name_some

COUNT_BEFORE = load(__file__, "count_before")

_MINUTE = timedelta(minutes=1)
_MOST_COUNTED = 100
# As dispatch has it: so many may be out unclaimed, however few workers there are.
_MOST_UNCLAIMED = 200
_MOST_UNCLAIMED_PER_SLOT = 4


def find_job_limits(case: Case) -> Iterator[Cause]:
    """Those of its job and of its key."""
    job, execution = case.job, case.execution
    active = JobExecution.objects.filter(job=job, status__in=ACTIVE).exclude(pk=execution.pk)
    what, limit = f"job {job.name}", job.max_concurrent_executions
    yield from _full(Code.JOB_LIMIT, what, active, limit, f"/api/jobs/{job.pk}")
    yield from _started(
        case, Code.JOB_STARTS, what, job.starts_per_minute, CountedStart.objects.filter(job=job)
    )
    if job.concurrency_key and execution.concurrency_key is not None:
        same = active.filter(concurrency_key=execution.concurrency_key)
        what = f"key {execution.concurrency_key} of job {job.name}"
        limit = job.max_concurrent_per_key
        yield from _full(Code.KEY_LIMIT, what, same, limit, f"/api/jobs/{job.pk}")


def find_queue_limits(case: Case) -> Iterator[Cause]:
    """Those of its queue."""
    queue, link = case.job.queue, f"/api/queues/{case.job.queue_id}"
    active = JobExecution.objects.filter(queue=queue.name, status__in=ACTIVE)
    active = active.exclude(pk=case.execution.pk)
    what = f"queue {queue.name}"
    if queue.max_concurrent_executions is not None:
        limit = queue.max_concurrent_executions
        yield from _full(Code.QUEUE_LIMIT, what, active, limit, link)
    of_queue = CountedStart.objects.filter(queue=queue.name)
    yield from _started(case, Code.QUEUE_STARTS, what, queue.starts_per_minute, of_queue)
    unclaimed = active.filter(status=ExecutionStatus.QUEUED).count()
    if unclaimed >= _MOST_UNCLAIMED:
        yield from _enough_out(case, unclaimed, link)


def find_others_before(case: Case) -> Iterator[Cause]:
    """How many that are due go first where there is not room for all."""
    execution, queue = case.execution, case.job.queue_id
    row = COUNT_BEFORE.row(
        queue=queue,
        priority=execution.priority,
        due_at=execution.due_at,
        id=execution.pk,
        now=case.now,
        most=_MOST_COUNTED,
    )
    count = row["count"] if row else 0
    if count:
        shown = f"{_MOST_COUNTED} or more" if count == _MOST_COUNTED else str(count)
        verb = "goes" if count == 1 else "go"
        yield Cause(
            Code.PRIORITY,
            f"Of what is due in queue {queue}, {shown} {verb} before it: by priority (its own is"
            f" {execution.priority}), then by when it was due.",
            link=f"/api/queues/{queue}",
        )


def _full(
    code: Code, what: str, active: QuerySet[JobExecution], limit: int, link: str
) -> Iterator[Cause]:
    count = active.count()
    if count >= limit:
        holders = _first(active)
        detail = f"The limit of {what} is reached: {limit} of {limit} under way"
        yield Cause(code, f"{detail} ({name_some(holders, count)}).", holders=holders, link=link)


def _first(active: QuerySet[JobExecution]) -> tuple[Holder, ...]:
    some = active.select_related("job").only("worker", "job__name").order_by("pk")
    return holders_of(some[:MOST_NAMED])


def _started(
    case: Case, code: Code, what: str, limit: int | None, starts: QuerySet[CountedStart]
) -> Iterator[Cause]:
    if limit is None:
        return
    counted = starts.filter(at__gt=case.now - _MINUTE).order_by("-at")
    # The one whose minute has to be over before another may start.
    nth = counted[limit - 1 : limit].values_list("at", flat=True).first()
    if nth is not None:
        until = nth + _MINUTE
        yield Cause(
            code,
            f"{what[0].upper()}{what[1:]} may start {limit} times a minute, and has; the next may"
            f" start at {show_time(until)}.",
            until=until,
        )


def _enough_out(case: Case, unclaimed: int, link: str) -> Iterator[Cause]:
    name = case.job.queue.name
    slots = case.processes.serving(name).slots
    if unclaimed < _MOST_UNCLAIMED_PER_SLOT * slots:
        return
    why = "they go first" if slots else case.processes.who_does_not_serve()
    detail = f"Queue {name} has {unclaimed} executions out that no worker has claimed: {why}."
    yield Cause(Code.UNCLAIMED, detail, link=link)
