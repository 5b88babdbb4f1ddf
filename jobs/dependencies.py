"""What people do to dependencies between jobs; each is one transaction with its audit entry."""

from typing import Any

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem, NotFound
from jobs.dependency_fields import dependency_problems
from jobs.graph import graph_problems, hold_graph
from jobs.models import JobDefinition, JobDependency, JobStatus
from jobs.validation import refuse


@transaction.atomic
def add_dependency(*, actor: Actor, job: JobDefinition, fields: dict[str, Any]) -> JobDependency:
    """Let runs of ``job`` wait for ``fields["upstream"]`` from now on.

    Raises ``InvalidInput`` by field, with the code ``cycle`` and the path where it would close one,
    and ``Conflict`` when one of the jobs is archived. Runs that are under way stay as they are.
    """
    hold_graph()
    fields = dict(fields)
    problems = _other_job(job, fields)
    dependency = JobDependency(job=job, created_by=actor.claims or actor.name, **fields)
    refuse(problems + dependency_problems(dependency))
    _lock_jobs(dependency)
    _enter_graph(dependency)
    dependency.save(force_insert=True)
    dependency.refresh_from_db(fields=["created_at"])
    _record(actor, dependency, action="DependencyAdded", after=_whole(dependency))
    return dependency


@transaction.atomic
def change_dependency(
    *, actor: Actor, dependency: JobDependency, fields: dict[str, Any]
) -> JobDependency:
    """Change how a job waits for its upstream job, or whether; the two jobs stay the same.

    Raises as :func:`add_dependency` does: one that holds again may close a cycle by now.
    """
    hold_graph()
    _lock_jobs(dependency)
    dependency = _lock(dependency)
    before, fields = _values(dependency), dict(fields)
    problems = _other_job(dependency.job, fields) + _other_upstream(dependency, fields)
    for name, value in fields.items():
        setattr(dependency, name, value)
    refuse(problems + dependency_problems(dependency))
    if _values(dependency) == before:
        return dependency
    if not before["is_active"]:
        _enter_graph(dependency)
        dependency.active_since = database_now()
    _save(actor, dependency, before=before)
    return dependency


@transaction.atomic
def remove_dependency(*, actor: Actor, dependency: JobDependency) -> None:
    """Let a job no longer wait for its upstream job. Runs that are under way still do."""
    dependency = _lock(dependency)
    _record(actor, dependency, action="DependencyRemoved", before=_whole(dependency))
    dependency.delete()


def end_dependencies(*, actor: Actor, job: JobDefinition) -> None:
    """Switch off all dependencies of a job that is being archived, on either side of it.

    What came after it no longer waits for it; the caller has locked the job.
    """
    for dependency in JobDependency.objects.of(job).select_for_update(of=("self",)).order_by("pk"):
        before = _values(dependency)
        dependency.is_active = False
        _save(actor, dependency, before=before, reason=f"Job {job.name} was archived.")


def _enter_graph(dependency: JobDependency) -> None:
    if dependency.is_active:
        refuse(graph_problems(dependency))


def _lock(dependency: JobDependency) -> JobDependency:
    rows = JobDependency.objects.select_related("job", "upstream")
    found = rows.select_for_update(of=("self",)).filter(pk=dependency.pk).first()
    if found is None:
        raise NotFound("The dependency is not there any more: somebody has removed it.")
    return found


def _lock_jobs(dependency: JobDependency) -> None:
    """Keep both jobs from being archived meanwhile; raise ``Conflict`` if one is already."""
    pair = (dependency.job_id, dependency.upstream_id)
    rows = JobDefinition.objects.select_for_update(no_key=True).filter(pk__in=pair)
    for job in rows.order_by("pk"):
        if job.status == JobStatus.ARCHIVED:
            detail = f"Job {job.name} is archived: nothing can wait for it, and it for nothing."
            raise Conflict("job_archived", detail)


def _other_job(job: JobDefinition, fields: dict[str, Any]) -> list[FieldProblem]:
    if fields.pop("job", job) == job:
        return []
    detail = f"It is a dependency of job {job.name}; add another to the other job."
    return [FieldProblem("job", "job_fixed", detail)]


def _other_upstream(dependency: JobDependency, fields: dict[str, Any]) -> list[FieldProblem]:
    if fields.pop("upstream", dependency.upstream) == dependency.upstream:
        return []
    name = dependency.upstream.name
    detail = f"It is on job {name}, and stays so; add another dependency, and remove this one."
    return [FieldProblem("upstream", "upstream_fixed", detail)]


_FIELDS = (
    *("condition", "delay_after_completion_seconds", "fail_if_dependency_fails"),
    *("output_mapping", "is_active"),
)


def _values(dependency: JobDependency) -> dict[str, Any]:
    return {name: getattr(dependency, name) for name in _FIELDS}


def _whole(dependency: JobDependency) -> dict[str, Any]:
    pair = {"job": dependency.job.name, "upstream": dependency.upstream.name}
    return pair | _values(dependency)


def _save(
    actor: Actor, dependency: JobDependency, *, before: dict[str, Any], reason: str | None = None
) -> None:
    dependency.updated_by, dependency.updated_at = actor.claims or actor.name, database_now()
    dependency.save(update_fields=[*_FIELDS, "updated_by", "updated_at"])
    after = _values(dependency)
    changed = [name for name in _FIELDS if after[name] != before[name]]
    _record(
        actor,
        dependency,
        action="DependencyChanged",
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason,
    )


def _record(actor: Actor, dependency: JobDependency, **entry: Any) -> None:
    record(
        actor=actor,
        object_type="dependency",
        object_id=dependency.id,
        object_label=str(dependency),
        **entry,
    )
