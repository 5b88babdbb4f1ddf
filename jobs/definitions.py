"""What people do to jobs; each function is one transaction with its audit entry."""

from typing import Any

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem
from jobs.dependencies import end_dependencies
from jobs.models import JobDefinition, JobOwnership, JobStatus, JobVersion
from jobs.ownership import change_ownership
from jobs.scheduling import retire_schedule
from jobs.surroundings_lock import hold_surroundings
from jobs.validation import problems_of, problems_of_work, refuse

# What is part of a job, but of no version: no execution depends on it.
_KEPT_FIELDS = ("keep_days", "keep_executions")


@transaction.atomic
def create_job(
    *, actor: Actor, fields: dict[str, Any], ownership: dict[str, Any] | None = None
) -> JobDefinition:
    """Create a job, its first version and its ownership; raise ``InvalidInput`` by field."""
    job = JobDefinition(**fields, created_by=actor.claims or actor.name)
    owner = JobOwnership(job=job, **(ownership or {}))
    refuse(problems_of(job) + problems_of(owner, exclude={"job"}))
    job.save(force_insert=True)
    job.refresh_from_db(fields=["created_at"])
    owner.save(force_insert=True)
    _keep_version(job, actor)
    record(
        actor=actor,
        action="JobCreated",
        object_type="job",
        object_id=job.id,
        object_label=job.name,
        after=_values(job),
    )
    return job


@transaction.atomic
def change_job(
    *,
    actor: Actor,
    job: JobDefinition,
    fields: dict[str, Any],
    ownership: dict[str, Any] | None = None,
) -> JobDefinition:
    """Change fields of a job and of its ownership; raise ``InvalidInput`` by field.

    A new version is kept when anything that an execution depends on changed. The status is not
    among the fields: ``set_job_status`` changes it.
    """
    if ownership:
        hold_surroundings()  # before any row: a team may have windows of its own
    job = JobDefinition.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.status == JobStatus.ARCHIVED:
        raise Conflict("job_archived", f"Job {job.name} is archived and cannot be changed.")
    before = _values(job)
    refuse(_set_fields(job, fields) + problems_of(job))
    after = _values(job)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        is_new_version = not set(changed) <= set(_KEPT_FIELDS)
        job.version += is_new_version
        job.updated_by, job.updated_at = actor.claims or actor.name, database_now()
        job.save()
        if is_new_version:
            _keep_version(job, actor)
        record(
            actor=actor,
            action="JobUpdated",
            object_type="job",
            object_id=job.id,
            object_label=job.name,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    if ownership:
        change_ownership(actor=actor, job=job, fields=ownership)
    return job


@transaction.atomic
def set_job_status(
    *, actor: Actor, job: JobDefinition, status: JobStatus, reason: str | None = None
) -> JobDefinition:
    """Enable, disable or archive a job. Archiving cannot be undone.

    With a job its schedules are archived, and its dependencies no longer hold: what came after it
    does not wait for it in runs opened from now on.
    Raises ``Conflict`` when it is archived already, or incomplete and to be enabled.
    """
    job = JobDefinition.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.status == status:
        return job
    if job.status == JobStatus.ARCHIVED:
        raise Conflict("job_archived", f"Job {job.name} is archived; create a new one instead.")
    if status == JobStatus.ACTIVE and (missing := problems_of_work(job)):
        said = " ".join(f"{problem.field}: {problem.detail}" for problem in missing)
        raise Conflict("job_incomplete", f"Job {job.name} cannot be enabled yet. {said}")
    before, now = job.status, database_now()
    job.status = status
    stopped = status != JobStatus.ACTIVE
    job.disabled_by = actor.name if stopped else None
    job.disabled_at = now if stopped else None
    job.disabled_reason = reason if stopped else None
    job.save()
    if status == JobStatus.ARCHIVED:
        for schedule in job.schedules.unarchived().select_for_update(of=("self",)).order_by("pk"):
            retire_schedule(schedule, actor=actor)
        end_dependencies(actor=actor, job=job)
    actions = {JobStatus.ACTIVE: "JobEnabled", JobStatus.ARCHIVED: "JobDeleted"}
    record(
        actor=actor,
        action=actions.get(status, "JobDisabled"),
        object_type="job",
        object_id=job.id,
        object_label=job.name,
        before={"status": before},
        after={"status": status},
        reason=reason,
    )
    return job


def _set_fields(job: JobDefinition, fields: dict[str, Any]) -> list[FieldProblem]:
    fields = dict(fields)
    status = fields.pop("status", job.status)
    for name, value in fields.items():
        setattr(job, name, value)
    if status == job.status:
        return []
    detail = (
        f"The job is {job.status}; its status is changed by itself:"
        " PUT /api/jobs/{id}/status, or enable, disable and archive."
    )
    return [FieldProblem("status", "changed_by_itself", detail)]


def _values(job: JobDefinition) -> dict[str, Any]:
    return job.snapshot() | {name: getattr(job, name) for name in _KEPT_FIELDS}


def _keep_version(job: JobDefinition, actor: Actor) -> None:
    JobVersion.objects.create(
        job=job, number=job.version, snapshot=job.snapshot(), created_by=actor.name
    )
