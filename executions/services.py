"""What people do to executions; each function is one transaction with its audit entry."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from core.ids import uuid7
from core.text import NotStorable, strict_json
from executions.models import ExecutionTransition, JobExecution, Origin
from executions.opening import open_runs
from executions.states import ExecutionStatus
from executions.successors import follow
from executions.transitions import cancel_unclaimed, request_cancel
from executions.wake import poke_after_commit
from jobs.concurrency_keys import concurrency_key
from jobs.models import JobDefinition, JobStatus, JobVersion


@transaction.atomic
def trigger(
    *, actor: Actor, job: JobDefinition, parameters: dict[str, Any] | None = None
) -> JobExecution:
    """Open an execution of ``job`` that is due now; raise ``Conflict`` if the job may not run."""
    refuse_trigger(job)
    parameters = checked_parameters({} if parameters is None else parameters)
    execution = _open(actor, job, parameters)
    follow(open_runs([execution.pk]))
    _record(actor, "ManualTrigger", execution, after={"parameters": sorted(parameters)})
    return execution


@transaction.atomic
def rerun(
    *,
    actor: Actor,
    execution: JobExecution,
    parameters: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    action: str = "ExecutionRerun",
) -> JobExecution:
    """Open one more execution of a finished one's job, for the same slot, due now or ``due_at``.

    It runs the job as it is defined today, with the same parameters unless others are given.
    ``action`` is how the audit trail calls it. Raise ``Conflict`` if the execution is not over, or
    the job may not run, ``NotFound`` if it is gone.
    """
    finished = JobExecution.objects.select_related("job").defer("output", "stack_trace")
    execution = _read_again(execution, finished)
    if not execution.is_final:
        raise Conflict(
            "execution_not_finished",
            f"The execution is {execution.status}; only a finished one can be run again."
            " Wait for its end, or cancel it.",
        )
    refuse_trigger(execution.job)
    parameters = checked_parameters(execution.input if parameters is None else parameters)
    again = _open(
        actor,
        execution.job,
        parameters,
        rerun_of=execution,
        scheduled_for=execution.scheduled_for,
        business_date=execution.business_date,
        previous_business_date=execution.previous_business_date,
        next_business_date=execution.next_business_date,
        correlation_id=execution.correlation_id,
        **({} if due_at is None else {"due_at": due_at}),
    )
    after = {"rerun_of": str(execution.pk), "parameters": sorted(parameters)}
    _record(actor, action, again, after=after)
    return again


@transaction.atomic
def cancel(*, actor: Actor, execution: JobExecution) -> JobExecution:
    """Stop an execution: at once when no worker has claimed it, else ask its worker to.

    Raise ``Conflict`` when it is over already, ``NotFound`` when it is gone.
    """
    # Locked first: between the two tries a running one could otherwise turn to retrying.
    execution = _read_again(execution, JobExecution.objects.select_for_update(of=("self",)))
    if not (
        cancel_unclaimed(execution.pk, actor=actor.name)
        or request_cancel(execution.pk, actor=actor.name)
    ):
        raise Conflict(
            "execution_finished", f"The execution is {execution.status} and cannot be cancelled."
        )
    follow([execution.pk])
    _record(actor, "ExecutionCancelled", execution)
    poke_after_commit()
    execution.refresh_from_db()
    return execution


def _read_again(execution: JobExecution, rows: QuerySet[JobExecution]) -> JobExecution:
    """Return the execution as it is now in ``rows``; retention may have just deleted it."""
    row = rows.filter(pk=execution.pk).first()
    if row is None:
        raise NotFound(f"The execution {execution.pk} is gone: retention has deleted it.")
    return row


def refuse_trigger(job: JobDefinition) -> None:
    refuse_run(job)
    if not job.allow_manual_trigger:
        raise Conflict("manual_trigger_forbidden", f"Job {job.name} may not be triggered by hand.")


def refuse_run(job: JobDefinition) -> None:
    """Raise ``Conflict`` when the job may not run, by whatever it is opened."""
    if job.status != JobStatus.ACTIVE:
        raise Conflict("job_not_active", f"Job {job.name} is {job.status}; enable it first.")
    environment = settings.SCHEDULER_ENVIRONMENT
    if not job.allowed_environments & settings.ENVIRONMENT_BITS[environment]:
        raise Conflict(
            "environment_not_allowed",
            f"Job {job.name} may not run in {environment}; change its allowedEnvironments.",
        )


def checked_parameters(parameters: Any) -> dict[str, Any]:
    if not isinstance(parameters, dict):
        detail = "Parameters are an object of names and values."
        raise InvalidInput([FieldProblem("parameters", "not_an_object", detail)])
    try:
        strict_json(parameters, what="parameters")
    except NotStorable as error:
        raise InvalidInput([FieldProblem("parameters", "not_storable", str(error))]) from None
    return parameters


def _open(
    actor: Actor, job: JobDefinition, parameters: dict[str, Any], **fields: Any
) -> JobExecution:
    """Open an execution of the job's present version that is due now, and wake beat."""
    now, pk = database_now(), uuid7()
    values = {"scheduled_for": now, "due_at": now, "correlation_id": pk, **fields}
    execution = JobExecution.objects.create(
        id=pk,
        job=job,
        version=JobVersion.objects.get(job=job, number=job.version),
        origin=Origin.MANUAL,
        triggered_by=actor.name,
        priority=job.priority,
        input=parameters,
        concurrency_key=concurrency_key(job.concurrency_key, parameters),
        **values,
    )
    ExecutionTransition.objects.create(
        execution=execution,
        to_status=ExecutionStatus.SCHEDULED,
        attempt=0,
        fence=0,
        actor=actor.name,
    )
    poke_after_commit()
    return execution


def _record(
    actor: Actor, action: str, execution: JobExecution, after: dict[str, Any] | None = None
) -> None:
    record(
        actor=actor,
        action=action,
        object_type="execution",
        object_id=execution.id,
        object_label=execution.job.name,
        after=after,
    )
