"""Handlers of the platform's own jobs; every worker knows them (``SYSTEM_JOB_MODULES``)."""

from collections import Counter
from typing import Any

from django.contrib.sessions.models import Session

from core.clock import database_now
from executions.authoring import JobContext, job_handler
from executions.retention import count_expired, delete_expired, delete_log_lines, forget_processes
from executions.rollups import roll_up

_DAYS_AT_ONCE = 30
_MOST_JOBS_NAMED = 50


@job_handler("platform.rollups")
def count_finished_days(context: JobContext) -> dict[str, list[str]]:
    """Count the executions of each day that is over, once, for the dashboard."""
    counted: list[str] = []
    while days := roll_up(most_days=_DAYS_AT_ONCE):
        counted += [day.isoformat() for day in days]
        context.log.info("Counted %s to %s.", days[0], days[-1])
        context.raise_if_cancelled()
    return {"days": counted}


@job_handler("platform.retention")
def delete_old_history(context: JobContext, dry_run: bool = False) -> dict[str, Any]:
    """Delete what is older or more than is kept; with ``dry_run`` only count the executions."""
    if dry_run:
        return _count(context)
    # What is not counted is not deleted; this must not depend on the other job's being enabled.
    days = count_finished_days(context)["days"]
    lines = _delete_log_lines(context)
    executions: Counter[str] = Counter()
    transitions = 0
    for deleted in delete_expired():
        if deleted.executions:
            executions[deleted.job] += deleted.executions
            context.log.info("%s: %s executions.", deleted.job, executions[deleted.job])
        transitions += deleted.transitions
        lines += deleted.log_lines
        context.progress(deleted.share, f"{executions.total()} executions deleted")
        context.raise_if_cancelled()
    return {
        "daysCounted": len(days),
        "executions": executions.total(),
        "executionsByJob": dict(executions.most_common(_MOST_JOBS_NAMED)),
        "transitions": transitions,
        "logLines": lines,
        "processes": forget_processes(),
        "sessions": Session.objects.filter(expire_date__lt=database_now()).delete()[0],
    }


def _delete_log_lines(context: JobContext) -> int:
    lines = 0
    for deleted in delete_log_lines():
        lines += deleted
        context.progress(0, f"{lines} log lines deleted")
        context.raise_if_cancelled()
    context.log.info("%s log lines of older executions.", lines)
    return lines


def _count(context: JobContext) -> dict[str, Any]:
    executions: Counter[str] = Counter()
    for job, count in count_expired():
        if count:
            executions[job] += count
            context.log.info("%s: %s executions would be deleted.", job, count)
        context.raise_if_cancelled()
    return {
        "dryRun": True,
        "executions": executions.total(),
        "executionsByJob": dict(executions.most_common(_MOST_JOBS_NAMED)),
    }
