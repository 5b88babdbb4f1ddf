"""Running executions of a run again: one alone, or with what comes after it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem, InvalidInput, NotFound
from executions.mapping import NotMapped, map_parameters, read_sources
from executions.models import ExecutionTransition, JobExecution, RunEdge
from executions.runs.planning import Again, plan_again
from executions.runs.reading import FAILED, executions_of_run, newest_of_each_job
from executions.services import checked_parameters, refuse_run, refuse_trigger
from executions.states import ExecutionStatus
from executions.wake import poke_after_commit
from jobs.concurrency_keys import concurrency_key
from jobs.models import JobVersion

S = ExecutionStatus


class Scope(StrEnum):
    """How much is run again."""

    ONE = "one"
    BELOW = "below"


class Version(StrEnum):
    """By which definition of its job: as it is now, or as it was."""

    CURRENT = "current"
    SAME = "same"


@transaction.atomic
def rerun(
    *,
    actor: Actor,
    execution: JobExecution,
    scope: Scope = Scope.ONE,
    keep_succeeded: bool = True,
    parameters: dict[str, Any] | None = None,
    version: Version = Version.CURRENT,
) -> list[JobExecution]:
    """Open a finished execution again in its run, due now; return it first of all that was opened.

    Alone, it takes over what its upstreams returned. With what comes ``below``, that is opened
    again too, and waits for it; what has succeeded there is kept unless told otherwise. Raise
    ``Conflict`` if something of it is not over or may not run, ``NotFound`` if it is gone.
    """
    # The caller's copy may have been read without it, and the row deleted since.
    found = JobExecution.objects.filter(pk=execution.pk).values_list("correlation_id", flat=True)
    run_id = found.first()
    rows = [] if run_id is None else _read(run_id, is_locked=scope == Scope.BELOW)
    chosen = next((row for row in rows if row.pk == execution.pk), None)
    if chosen is None:
        raise NotFound(f"The execution {execution.pk} is gone: retention has deleted it.")
    return _rerun(actor, rows, [chosen], scope, keep_succeeded, parameters, version)


@transaction.atomic
def rerun_run(
    *,
    actor: Actor,
    correlation_id: UUID,
    execution_id: UUID | None = None,
    scope: Scope = Scope.BELOW,
    keep_succeeded: bool = True,
    parameters: dict[str, Any] | None = None,
    version: Version = Version.CURRENT,
) -> list[JobExecution]:
    """Open what has failed in a run again, with everything below; return what was opened.

    What was cancelled counts as failed where nothing has. With ``execution_id`` that one is opened
    again instead. Raise ``Conflict`` if nothing has failed, ``NotFound`` if there is no such run.
    """
    rows = _read(correlation_id, is_locked=True)
    if not rows:
        raise NotFound(f"There is no run {correlation_id}, or retention has deleted all of it.")
    if execution_id is None:
        chosen = _failed(rows)
    elif not (chosen := [row for row in rows if row.pk == execution_id]):
        detail = "The run has no such execution; leave it out to run what has failed again."
        raise InvalidInput([FieldProblem("execution_id", "not_in_run", detail)])
    return _rerun(actor, rows, chosen, scope, keep_succeeded, parameters, version)


def _failed(rows: Sequence[JobExecution]) -> list[JobExecution]:
    newest = newest_of_each_job(rows).values()
    failed = [row for row in newest if row.status in FAILED]
    failed = failed or [row for row in newest if row.status == S.CANCELLED]
    if not failed:
        raise Conflict(
            "nothing_failed",
            "Nothing of the run has failed. Name an executionId to run that one again.",
        )
    return failed


def _read(correlation_id: UUID, *, is_locked: bool) -> list[JobExecution]:
    """Return the executions of a run; locked, none of them moves until the transaction's end."""
    rows = executions_of_run(correlation_id)
    rows = rows.select_for_update(of=("self",)) if is_locked else rows
    return list(rows.select_related("job", "version").defer("output", "stack_trace"))


def _rerun(
    actor: Actor,
    rows: Sequence[JobExecution],
    chosen: Sequence[JobExecution],
    scope: Scope,
    keep_succeeded: bool,
    parameters: dict[str, Any] | None,
    version: Version,
) -> list[JobExecution]:
    plan = plan_again(rows, chosen, with_below=scope == Scope.BELOW, keep_succeeded=keep_succeeded)
    roots = [again for again in plan if again.is_root]
    _refuse(plan)
    if parameters is not None:
        if len(roots) > 1:
            detail = f"{len(roots)} executions are run again; name one executionId to change its."
            raise InvalidInput([FieldProblem("parameters", "several_executions", detail)])
        roots[0].given = checked_parameters(parameters)
    opened = _open(actor, plan, version)
    for again, row in zip(plan, opened, strict=True):
        if again.is_root:
            _record(actor, row, scope, len(opened))
    poke_after_commit()
    return opened


def _refuse(plan: Sequence[Again]) -> None:
    for again in plan:
        if again.is_root:
            refuse_trigger(again.of.job)
        else:
            refuse_run(again.of.job)


def _open(actor: Actor, plan: Sequence[Again], version: Version) -> list[JobExecution]:
    now = database_now()
    numbers = {again.of.job_id: again.of.job.version for again in plan}
    current = {
        found.job_id: found
        for found in JobVersion.objects.filter(job__in=numbers)
        if found.number == numbers[found.job_id]
    }
    rows = [
        _row(
            actor,
            again,
            again.of.version if version == Version.SAME else current[again.of.job_id],
            now,
        )
        for again in plan
    ]
    JobExecution.objects.bulk_create(rows)
    RunEdge.objects.bulk_create([edge for again in plan for edge in again.edges])
    ExecutionTransition.objects.bulk_create(
        ExecutionTransition(
            execution=row, to_status=row.status, attempt=0, fence=0, actor=actor.name
        )
        for row in rows
    )
    _map([row for again, row in zip(plan, rows, strict=True) if again.takes_outputs])
    return rows


def _row(actor: Actor, again: Again, version: JobVersion, now: datetime) -> JobExecution:
    of = again.of
    parameters = of.input if again.given is None else again.given
    return JobExecution(
        id=again.id,
        job=of.job,
        version=version,
        origin=again.origin,
        rerun_of=of,
        correlation_id=of.correlation_id,
        triggered_by=actor.name,
        scheduled_for=of.scheduled_for,
        business_date=of.business_date,
        previous_business_date=of.previous_business_date,
        next_business_date=of.next_business_date,
        due_at=max([now, *(edge.ready_at for edge in again.edges if edge.ready_at)]),
        priority=of.job.priority,
        status=S.WAITING if again.open_edges else S.SCHEDULED,
        open_edges=again.open_edges,
        input=parameters,
        concurrency_key=concurrency_key(version.snapshot.get("concurrency_key", ""), parameters),
    )


def _map(ready: Sequence[JobExecution]) -> None:
    """Take outputs over into those that wait for nothing; the others get theirs on release."""
    sources = read_sources([row.pk for row in ready])
    for row in ready:
        if row.pk not in sources:
            continue
        try:
            row.input = map_parameters(row.input, sources[row.pk])
        except NotMapped as problem:
            detail = f"Job {row.job.name} cannot be run again as it is. {problem}"
            raise Conflict("outputs_missing", f"{detail} Give its parameters.") from None
        template = row.version.snapshot.get("concurrency_key", "")
        row.concurrency_key = concurrency_key(template, row.input)
        row.save(update_fields=["input", "concurrency_key"])


def _record(actor: Actor, row: JobExecution, scope: Scope, opened: int) -> None:
    record(
        actor=actor,
        action="ExecutionRerun",
        object_type="execution",
        object_id=row.pk,
        object_label=row.job.name,
        after={
            "rerun_of": str(row.rerun_of_id),
            "parameters": sorted(row.input),
            "scope": scope.value,
            "version": row.version.number,
            "opened": opened,
        },
    )
