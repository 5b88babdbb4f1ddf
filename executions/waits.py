"""Why an execution has not gone further yet, in plain words."""

from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet, Sum

from core.clock import database_now
from core.times import show_span, show_time
from executions.models import ConditionCheck, JobExecution, Worker, alive_since
from executions.states import ACTIVE, UNFINISHED, ExecutionStatus, Reason
from jobs.models import JobDefinition, JobSchedule, JobStatus, Overlap, Queue

_MOST_NAMED = 3
# As dispatch has it: so many may be out unclaimed, however few workers there are.
_MOST_UNCLAIMED = 200
_MOST_UNCLAIMED_PER_SLOT = 4


def explain_wait(execution: JobExecution) -> str | None:
    """Return what the execution waits for or who carries it out; None when it is over.

    The dispatcher decides (``sql/dispatch.sql``); this asks the same questions in the same order.
    """
    if execution.is_final:
        return None
    now = database_now()
    if execution.status == ExecutionStatus.RUNNING:
        return _while_running(execution, now)
    if execution.status == ExecutionStatus.QUEUED:
        return _while_queued(execution, now)
    return _while_ready(execution, now)


def _while_running(execution: JobExecution, now: datetime) -> str:
    if execution.lease_until is not None and execution.lease_until < now:
        return (
            f"Worker {execution.worker} has not been heard of since"
            f" {show_time(execution.renewed_at)}; the rescuer is about to take the execution back."
        )
    if execution.cancel_requested_at is not None:
        return (
            f"Worker {execution.worker} was asked to stop it at"
            f" {show_time(execution.cancel_requested_at)} by {execution.cancel_requested_by}."
        )
    return (
        f"Attempt {execution.attempt} is running under worker {execution.worker}"
        f" since {show_time(execution.started_at)}."
    )


def _while_queued(execution: JobExecution, now: datetime) -> str:
    queue = str(execution.queue)
    slots = _slots(queue, now)
    if not slots:
        return f"Handed to queue {queue}, but {_who_does_not_serve(now)}."
    running = JobExecution.objects.running().filter(queue=queue).count()
    return (
        f"Handed to queue {queue}, waiting for a free worker:"
        f" {running} running, {slots} {'place' if slots == 1 else 'places'}."
    )


def _while_ready(execution: JobExecution, now: datetime) -> str:
    if execution.due_at > now:
        return _until_due(execution, now)
    job = JobDefinition.objects.select_related("queue").get(pk=execution.job_id)
    return (
        _barred(job)
        or _behind_earlier(execution)
        or _job_full(job, execution)
        or _queue_full(job.queue, now)
        or _beat_missing(now)
        or f"Due; beat hands it to queue {job.queue_id} at its next look, within a second or two."
    )


def _until_due(execution: JobExecution, now: datetime) -> str:
    when = (
        f"{show_time(execution.due_at)}, in {show_span((execution.due_at - now).total_seconds())}"
    )
    if execution.status == ExecutionStatus.RETRYING:
        return f"Attempt {execution.attempt} failed; the next one is due at {when}."
    if execution.reason == Reason.CONDITION:
        return _for_condition(execution, when)
    why = f" {execution.error_message}" if execution.error_message else ""
    return f"Due at {when}.{why}"


def _for_condition(execution: JobExecution, when: str) -> str:
    looks = ConditionCheck.objects.filter(execution=execution).aggregate(
        count=Count("id"), last=Max("at")
    )
    times = "once" if looks["count"] == 1 else f"{looks['count']} times"
    return (
        f"Waits for its condition: looked at {times}, last at {show_time(looks['last'])},"
        f" again at {when}. {execution.error_message}"
    )


def _barred(job: JobDefinition) -> str | None:
    if job.status != JobStatus.ACTIVE:
        return f"Job {job.name} is {job.status}: it is about to be skipped."
    environment = settings.SCHEDULER_ENVIRONMENT
    if not job.allowed_environments & settings.ENVIRONMENT_BITS[environment]:
        return f"Job {job.name} may not run in {environment}: it is about to be skipped."
    return None


def _behind_earlier(execution: JobExecution) -> str | None:
    if execution.schedule_id is None:
        return None
    unfinished = JobExecution.objects.filter(
        schedule_id=execution.schedule_id,
        scheduled_for__lt=execution.scheduled_for,
        status__in=UNFINISHED,
    )
    earlier = unfinished.order_by("scheduled_for").first()
    if earlier is None:
        return None
    schedule = JobSchedule.objects.get(pk=execution.schedule_id)
    if schedule.overlap != Overlap.ALLOW:
        return (
            f"Waits for execution {earlier.pk} of the same schedule"
            f" (slot {show_time(earlier.scheduled_for)}, {earlier.status}) to finish."
        )
    limit = schedule.overlap_limit
    if limit is None or unfinished.count() < limit:
        return None
    return f"Its schedule allows {limit} at once, and so many earlier ones are unfinished."


def _job_full(job: JobDefinition, execution: JobExecution) -> str | None:
    limit = job.max_concurrent_executions
    # Without this one: it may have been handed out since its status was read.
    active = JobExecution.objects.filter(job=job, status__in=ACTIVE).exclude(pk=execution.pk)
    ids = [str(pk) for pk in active.order_by("id").values_list("pk", flat=True)[:limit]]
    if len(ids) < limit:
        return None
    named = ", ".join(ids[:_MOST_NAMED]) + (" and others" if limit > _MOST_NAMED else "")
    return f"The limit of job {job.name} is reached: {limit} of {limit} under way ({named})."


def _queue_full(queue: Queue, now: datetime) -> str | None:
    if queue.is_paused:
        return f"Queue {queue.name} is paused; it goes on once the queue is resumed."
    active = JobExecution.objects.filter(queue=queue.name, status__in=ACTIVE).aggregate(
        out=Count("id"), unclaimed=Count("id", filter=Q(status=ExecutionStatus.QUEUED))
    )
    limit = queue.max_concurrent_executions
    if limit is not None and active["out"] >= limit:
        return f"The limit of queue {queue.name} is reached: {limit} of {limit} under way."
    return _enough_out(queue, active["unclaimed"], now)


def _enough_out(queue: Queue, unclaimed: int, now: datetime) -> str | None:
    if unclaimed < _MOST_UNCLAIMED:
        return None
    slots = _slots(queue.name, now)
    if unclaimed < _MOST_UNCLAIMED_PER_SLOT * slots:
        return None
    why = "they go first" if slots else _who_does_not_serve(now)
    return f"Queue {queue.name} has {unclaimed} executions out that no worker has claimed: {why}."


def _beat_missing(now: datetime) -> str | None:
    beats = Worker.objects.filter(kind=Worker.Kind.BEAT).alive(alive_since(now))
    return None if beats.exists() else "Due, but no beat is alive to hand it to a worker."


def _slots(queue: str, now: datetime) -> int:
    """Return how many executions of the queue its live workers can carry out at once."""
    serving = _live_workers(now).filter(queues__contains=[queue])
    return serving.aggregate(slots=Sum("concurrency"))["slots"] or 0


def _who_does_not_serve(now: datetime) -> str:
    others = _live_workers(now).count()
    return f"none of the {others} live workers serves it" if others else "no worker is alive"


def _live_workers(now: datetime) -> QuerySet[Worker]:
    return Worker.objects.filter(kind=Worker.Kind.WORKER).alive(alive_since(now))
