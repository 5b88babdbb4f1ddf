"""Why an execution has not gone further yet, in plain words."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, Sum

from core.clock import database_now
from core.times import show_span, show_time
from executions.models import JobExecution, Worker
from executions.states import ACTIVE, UNFINISHED, ExecutionStatus
from jobs.models import JobDefinition, JobStatus, Queue

_MOST_NAMED = 3


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
    alive = Worker.objects.filter(kind=Worker.Kind.WORKER).alive(_alive_since(now))
    serving = alive.filter(queues__contains=[execution.queue])
    slots = serving.aggregate(slots=Sum("concurrency"))["slots"]
    if slots is None:
        others = alive.count()
        who = f"none of the {others} live workers serves it" if others else "no worker is alive"
        return f"Handed to queue {execution.queue}, but {who}."
    running = JobExecution.objects.running().filter(queue=execution.queue).count()
    return (
        f"Handed to queue {execution.queue}, waiting for a free worker:"
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
        or _queue_full(job.queue)
        or _beat_missing(now)
        or f"Due; beat hands it to queue {job.queue_id} at its next look, within a second or two."
    )


def _until_due(execution: JobExecution, now: datetime) -> str:
    when = (
        f"{show_time(execution.due_at)}, in {show_span((execution.due_at - now).total_seconds())}"
    )
    if execution.status == ExecutionStatus.RETRYING:
        return f"Attempt {execution.attempt} failed; the next one is due at {when}."
    return f"Due at {when}."


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
    earlier = (
        JobExecution.objects.filter(
            schedule_id=execution.schedule_id,
            scheduled_for__lt=execution.scheduled_for,
            status__in=UNFINISHED,
        )
        .order_by("scheduled_for")
        .first()
    )
    if earlier is None:
        return None
    return (
        f"Waits for execution {earlier.pk} of the same schedule"
        f" (slot {show_time(earlier.scheduled_for)}, {earlier.status}) to finish."
    )


def _job_full(job: JobDefinition, execution: JobExecution) -> str | None:
    limit = job.max_concurrent_executions
    # Without this one: it may have been handed out since its status was read.
    active = JobExecution.objects.filter(job=job, status__in=ACTIVE).exclude(pk=execution.pk)
    ids = [str(pk) for pk in active.order_by("id").values_list("pk", flat=True)[:limit]]
    if len(ids) < limit:
        return None
    named = ", ".join(ids[:_MOST_NAMED]) + (" and others" if limit > _MOST_NAMED else "")
    return f"The limit of job {job.name} is reached: {limit} of {limit} under way ({named})."


def _queue_full(queue: Queue) -> str | None:
    if queue.is_paused:
        return f"Queue {queue.name} is paused."
    counts = Q(queue=queue.name, status__in=ACTIVE)
    limit = queue.max_concurrent_executions
    if limit is None or JobExecution.objects.filter(counts).count() < limit:
        return None
    return f"The limit of queue {queue.name} is reached: {limit} of {limit} under way."


def _beat_missing(now: datetime) -> str | None:
    beats = Worker.objects.filter(kind=Worker.Kind.BEAT).alive(_alive_since(now))
    return None if beats.exists() else "Due, but no beat is alive to hand it to a worker."


def _alive_since(now: datetime) -> datetime:
    return now - timedelta(seconds=3 * settings.SCHEDULER_HEARTBEAT_SECONDS)
