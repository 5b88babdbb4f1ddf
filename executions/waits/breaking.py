"""What the circuit breaker of a job does to one of its executions."""

from collections.abc import Iterator

from core.times import show_time
from executions.models import Circuit, CircuitState, JobExecution, Origin
from executions.waits.case import Case, circuit_of
from executions.waits.causes import Cause, Code, Holder, link_to_execution
from jobs.models import JobDefinition

_SLOTS = (Origin.SCHEDULE, Origin.DEPENDENCY, Origin.JOIN)


def find_breaker(case: Case) -> Iterator[Cause]:
    """Why it may not start while the breaker is not closed; what people ask for may."""
    circuit, execution = circuit_of(case.job), case.execution
    if circuit is None or execution.origin == Origin.MANUAL or circuit.trial_id == execution.pk:
        return
    cause = describe_breaker(case.job, circuit)
    if circuit.state == CircuitState.HALF_OPEN and circuit.trial_id is None:
        follows = "The first that is due goes as its trial."
    elif execution.origin in _SLOTS:
        follows = "It is about to be skipped."
    else:
        follows = "It waits until the breaker is closed."
    yield Cause(
        cause.code,
        f"{cause.detail} {follows}",
        since=cause.since,
        until=cause.until,
        holders=cause.holders,
        link=cause.link,
    )


def describe_breaker(job: JobDefinition, circuit: Circuit) -> Cause:
    """Say how the breaker stands, and when that may change."""
    opened = f"opened at {show_time(circuit.opened_at)} by {circuit.opened_by} ({circuit.reason})"
    holders: tuple[Holder, ...] = ()
    if circuit.state == CircuitState.HALF_OPEN:
        detail = f"The circuit breaker of job {job.name} is half open, {opened}"
        if circuit.trial_id:
            trial = JobExecution.objects.filter(pk=circuit.trial_id).first()
            holders = (Holder(circuit.trial_id, job.name, trial.worker if trial else None),)
            detail += f": execution {circuit.trial_id} is its trial"
    else:
        detail = f"The circuit breaker of job {job.name} is open, {opened}"
        if circuit.half_open_at is None:
            detail += ": it stays so until somebody closes it"
        else:
            detail += f": from {show_time(circuit.half_open_at)} on one execution may try"
    return Cause(
        Code.CIRCUIT,
        f"{detail}.",
        since=circuit.opened_at,
        until=circuit.half_open_at,
        holders=holders,
        link=link_to_execution(circuit.trial_id) if circuit.trial_id else f"/api/jobs/{job.pk}",
    )
