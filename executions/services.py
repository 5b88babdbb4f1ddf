"""What people do to executions; each function is one transaction with its audit entry."""

from typing import Any

from django.conf import settings
from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem, InvalidInput
from core.text import NotStorable, strict_json
from executions.models import ExecutionTransition, JobExecution, Origin
from executions.states import ExecutionStatus
from executions.transitions import cancel_unclaimed, request_cancel
from executions.wake import poke_after_commit
from jobs.models import JobDefinition, JobStatus, JobVersion


@transaction.atomic
def trigger(
    *, actor: Actor, job: JobDefinition, parameters: dict[str, Any] | None = None
) -> JobExecution:
    """Open an execution of ``job`` that is due now; raise ``Conflict`` if the job may not run."""
    _refuse_trigger(job)
    parameters = parameters or {}
    if not isinstance(parameters, dict):
        detail = "Parameters are an object of names and values."
        raise InvalidInput([FieldProblem("parameters", "not_an_object", detail)])
    try:
        strict_json(parameters, what="parameters")
    except NotStorable as error:
        raise InvalidInput([FieldProblem("parameters", "not_storable", str(error))]) from None
    now = database_now()
    execution = JobExecution.objects.create(
        job=job,
        version=JobVersion.objects.get(job=job, number=job.version),
        origin=Origin.MANUAL,
        triggered_by=actor.name,
        scheduled_for=now,
        due_at=now,
        priority=job.priority,
        input=parameters,
    )
    ExecutionTransition.objects.create(
        execution=execution,
        to_status=ExecutionStatus.SCHEDULED,
        attempt=0,
        fence=0,
        actor=actor.name,
    )
    record(
        actor=actor,
        action="ManualTrigger",
        object_type="execution",
        object_id=execution.id,
        object_label=job.name,
        after={"parameters": sorted(parameters)},
    )
    poke_after_commit()
    return execution


@transaction.atomic
def cancel(*, actor: Actor, execution: JobExecution) -> JobExecution:
    """Stop an execution: at once when no worker has claimed it, else ask its worker to.

    Raise ``Conflict`` when it is over already.
    """
    # Locked first: between the two tries a running one could otherwise turn to retrying.
    execution = JobExecution.objects.select_for_update(of=("self",)).get(pk=execution.pk)
    if not (
        cancel_unclaimed(execution.pk, actor=actor.name)
        or request_cancel(execution.pk, actor=actor.name)
    ):
        raise Conflict(
            "execution_finished", f"The execution is {execution.status} and cannot be cancelled."
        )
    record(
        actor=actor,
        action="ExecutionCancelled",
        object_type="execution",
        object_id=execution.id,
        object_label=execution.job.name,
    )
    poke_after_commit()
    execution.refresh_from_db()
    return execution


def _refuse_trigger(job: JobDefinition) -> None:
    if job.status != JobStatus.ACTIVE:
        raise Conflict("job_not_active", f"Job {job.name} is {job.status}; enable it first.")
    if not job.allow_manual_trigger:
        raise Conflict("manual_trigger_forbidden", f"Job {job.name} may not be triggered by hand.")
    environment = settings.SCHEDULER_ENVIRONMENT
    if not job.allowed_environments & settings.ENVIRONMENT_BITS[environment]:
        raise Conflict(
            "environment_not_allowed",
            f"Job {job.name} may not run in {environment}; change its allowedEnvironments.",
        )
