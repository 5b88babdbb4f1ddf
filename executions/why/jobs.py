"""Why a job does not run: what holds back all its executions."""

from collections.abc import Iterator
from datetime import datetime

from core.clock import database_now
from core.times import show_time
from executions.models import JobExecution
from executions.states import READY
from executions.waits import (
    Case,
    Cause,
    Code,
    Processes,
    circuit_of,
    describe_breaker,
    find_bar,
    find_holds,
    find_job_limits,
    find_queue_limits,
    link_to_execution,
    load_job,
)
from executions.why.answers import Why
from jobs.models import JobDefinition, JobSchedule


def explain_job(job: JobDefinition, *, now: datetime | None = None) -> Why:
    """Answer for one job."""
    now = now or database_now()
    causes = tuple(_find_causes(load_job(job.pk), now))
    return Why.of("job", job.pk, job_name=job.name, status=job.status, causes=causes)


def find_job_causes(job: JobDefinition) -> Iterator[Cause]:
    """What would happen to whatever becomes due of the job."""
    yield from find_bar(job)
    yield from find_holds(job)
    if circuit := circuit_of(job):
        yield describe_breaker(job, circuit)


def find_lack(processes: Processes, queue: str) -> Iterator[Cause]:
    """Whether the processes lack that would carry out what becomes due."""
    serving = processes.serving(queue)
    if not serving.workers:
        code = Code.DRAINING if serving.draining else Code.NO_WORKER
        why = "who serves it takes nothing new" if serving.draining else ""
        why = why or processes.who_does_not_serve()
        yield Cause(code, f"Queue {queue} is not served: {why}.", link="/api/workers")
    if not processes.has_beat:
        detail = "No beat is alive to open slots and hand them out."
        yield Cause(Code.BEAT, detail, link="/api/workers")


def _find_causes(job: JobDefinition, now: datetime) -> Iterator[Cause]:
    count = 0
    for cause in _find_hindrances(job, now):
        count += 1
        yield cause
    if not count:
        yield Cause(Code.READY, f"Job {job.name} can run: nothing holds it back.{_next(job)}")
    yield from _find_last(job)


def _find_hindrances(job: JobDefinition, now: datetime) -> Iterator[Cause]:
    yield from find_job_causes(job)
    # As what is asked for next would find them.
    case = Case(JobExecution(job=job, priority=job.priority, due_at=now), now)
    case.job = job
    yield from find_job_limits(case)
    yield from find_queue_limits(case)
    yield from find_lack(case.processes, str(job.queue_id))


def _next(job: JobDefinition) -> str:
    coming = JobSchedule.objects.filter(job=job, next_run_at__isnull=False).order_by("next_run_at")
    at = coming.values_list("next_run_at", flat=True).first()
    return f" Its schedules fire next at {show_time(at)}." if at else " No schedule is to fire."


def _find_last(job: JobDefinition) -> Iterator[Cause]:
    """Its newest execution that is ready or over; the id says which came last."""
    newest = JobExecution.objects.filter(job=job).order_by("-pk").only("pk", "status", "due_at")
    last = newest.first()
    if last is not None:
        state = "waits" if last.status in READY else f"is {last.status}"
        yield Cause(
            Code.LAST_SLOT,
            f"Its newest execution, {last.pk}, {state}.",
            since=last.due_at,
            link=link_to_execution(last.pk),
        )
