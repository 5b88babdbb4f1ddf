"""What people do to many jobs at once."""

from collections.abc import Iterable

from audit.trail import Actor
from core.bulk import Bulk, act_on_each
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobStatus


def set_status_of_jobs(
    *, actor: Actor, jobs: Iterable[JobDefinition], status: JobStatus, reason: str | None = None
) -> Bulk[JobDefinition]:
    """Enable, disable or archive each job, with an audit entry each; archived ones are refused."""
    return act_on_each(
        jobs, lambda job: set_job_status(actor=actor, job=job, status=status, reason=reason)
    )
