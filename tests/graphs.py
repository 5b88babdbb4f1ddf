"""Graphs of jobs, and executions of them that are ended by hand."""

from typing import Any
from uuid import uuid4

from core.clock import database_now
from core.text import strict_json
from executions import outcomes
from executions.models import JobExecution
from executions.outcomes import Outcome
from executions.retry import RetryPolicy
from executions.settlement import decide, settle
from jobs.models import JobDefinition, JobDependency
from tests.factories import make_job

_NO_RETRIES = RetryPolicy(strategy="none", max_retries=0, base_delay=1, max_delay=1)
OUTCOMES: dict[str, Outcome] = {
    "succeeded": outcomes.Succeeded("null"),
    "failed": outcomes.Failed("ValueError", "bad"),
    "timed_out": outcomes.TimedOut(5),
    "skipped": outcomes.Skipped("nothing new"),
    "cancelled": outcomes.Cancelled(),
}


def depend(job: JobDefinition, *upstreams: JobDefinition, **fields: Any) -> None:
    """Let a job depend on others, from a moment before now on."""
    for upstream in upstreams:
        values = {"created_by": "tester", "created_at": database_now(), **fields}
        JobDependency.objects.create(job=job, upstream=upstream, **values)


def make_graph(*edges: tuple[str, str], **fields: Any) -> dict[str, JobDefinition]:
    """Return jobs by short names, with dependencies (upstream, downstream) between them."""
    tail = uuid4().hex[:6]
    names = dict.fromkeys(name for edge in edges for name in edge)
    jobs = {name: make_job(name=f"{name}-{tail}", **fields) for name in names}
    for upstream, downstream in edges:
        depend(jobs[downstream], jobs[upstream])
    return jobs


def begin(execution: JobExecution) -> JobExecution:
    """Let an execution that is ready run, as dispatch and claim would."""
    now = database_now()
    JobExecution.objects.filter(pk=execution.pk, status="scheduled").update(
        status="running", attempt=1, fence=1, worker="w", started_at=now, lease_until=now
    )
    execution.refresh_from_db()
    assert execution.status == "running", execution.status
    return execution


def end(execution: JobExecution, how: str = "succeeded", output: Any = None) -> JobExecution:
    """Let an execution that is ready run, and end so."""
    return settle_as(begin(execution), how, output)


def settle_as(execution: JobExecution, how: str, output: Any = None) -> JobExecution:
    """Let an execution that runs end so."""
    outcome = OUTCOMES[how]
    if output is not None:
        outcome = outcomes.Succeeded(strict_json(output, what="output"))
    decision = decide(outcome, attempt=1, policy=_NO_RETRIES)
    status = settle(execution_id=execution.pk, fence=execution.fence, decision=decision, lines=[])
    execution.refresh_from_db()
    assert status == execution.status
    return execution


def nodes(root: JobExecution) -> dict[str, JobExecution]:
    """Return the executions of a run by the short names of their jobs, the newest of each."""
    rows = JobExecution.objects.filter(correlation_id=root.correlation_id).select_related("job")
    return {row.job.name.partition("-")[0]: row for row in rows.order_by("pk")}


def states(root: JobExecution) -> dict[str, str]:
    """Return the states of a run by the short names of its jobs."""
    return {name: row.status for name, row in nodes(root).items()}
