"""Who answers for a job: changing it is one transaction with its audit entry."""

from typing import Any

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict
from jobs.models import JobDefinition, JobOwnership, JobStatus
from jobs.refreshing import refresh_schedules
from jobs.surroundings_lock import hold_surroundings
from jobs.validation import validate

OWNERSHIP_FIELDS = ("owner_name", "owner_email", "team_name", "team_channel", "escalation_email")


@transaction.atomic
def change_ownership(*, actor: Actor, job: JobDefinition, fields: dict[str, Any]) -> JobOwnership:
    """Change who answers for a job; raise ``InvalidInput`` by field."""
    hold_surroundings()
    job = JobDefinition.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.status == JobStatus.ARCHIVED:
        raise Conflict("job_archived", f"Job {job.name} is archived and cannot be changed.")
    owner, _ = JobOwnership.objects.get_or_create(job=job)
    before = {name: getattr(owner, name) for name in OWNERSHIP_FIELDS}
    for name, value in fields.items():
        setattr(owner, name, value)
    validate(owner, exclude={"job"})
    changed = [name for name in OWNERSHIP_FIELDS if getattr(owner, name) != before[name]]
    if changed:
        owner.save()
        if "team_name" in changed:
            own = job.schedules.unarchived().values_list("pk", flat=True)
            refresh_schedules(own, actor=actor, reason="the job's team changed")
        job.updated_by, job.updated_at = actor.claims or actor.name, database_now()
        job.save(update_fields=["updated_by", "updated_at"])
        record(
            actor=actor,
            action="OwnershipChanged",
            object_type="job",
            object_id=job.id,
            object_label=job.name,
            before={name: before[name] for name in changed},
            after={name: getattr(owner, name) for name in changed},
        )
    return owner
