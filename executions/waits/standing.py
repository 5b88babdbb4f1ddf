"""What holds back a job, and with it all its executions: status, environment, holds."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q

from core.times import show_time
from executions.waits.case import team_of
from executions.waits.causes import Cause, Code, close_sentence, show_end
from jobs.models import Hold, HoldScope, JobDefinition, JobStatus


def find_bar(job: JobDefinition) -> Iterator[Cause]:
    """Why what is due of the job is skipped."""
    link = f"/api/jobs/{job.pk}"
    if job.status != JobStatus.ACTIVE:
        why = ""
        if job.status == JobStatus.DISABLED and job.disabled_by:
            reason = f": {job.disabled_reason}" if job.disabled_reason else ""
            why = f", by {job.disabled_by} since {show_time(job.disabled_at)}{reason}"
        yield Cause(
            Code.JOB_STATUS,
            f"Job {job.name} is {job.status}{close_sentence(why)} What is due of it is skipped.",
            since=job.disabled_at if job.status == JobStatus.DISABLED else None,
            link=link,
        )
    environment = settings.SCHEDULER_ENVIRONMENT
    if not job.allowed_environments & settings.ENVIRONMENT_BITS[environment]:
        detail = f"Job {job.name} may not run in {environment}: what is due of it is skipped."
        yield Cause(Code.ENVIRONMENT, detail, link=link)


def find_holds(job: JobDefinition) -> Iterator[Cause]:
    """What holds the job back, and what it belongs to, the oldest first."""
    covers = Q(scope=HoldScope.EVERYTHING) | Q(queue=job.queue_id) | Q(job=job.pk)
    if team := team_of(job):
        covers |= Q(scope=HoldScope.TEAM, team_name=team)
    for hold in Hold.objects.open().filter(covers).select_related("job").order_by("held_at"):
        yield Cause(
            Code.HOLD,
            f"{_target(hold)} since {show_time(hold.held_at)} by {hold.held_by}"
            f"{show_end(hold.until)}: {close_sentence(hold.reason)}",
            since=hold.held_at,
            until=hold.until,
            link=f"/api/holds/{hold.pk}",
        )


def _target(hold: Hold) -> str:
    if hold.scope == HoldScope.QUEUE:
        return f"Queue {hold.queue_id} is paused"
    return f"{hold.target[0].upper()}{hold.target[1:]} is on hold"
