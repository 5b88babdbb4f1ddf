"""Handlers of the platform's own jobs; every worker knows them (``SYSTEM_JOB_MODULES``)."""

from collections import Counter
from datetime import UTC
from typing import Any

from django.contrib.sessions.models import Session

from core.clock import database_now
from core.times import show_time
from executions.authoring import JobContext, job_handler
from executions.retention import count_expired, delete_expired, delete_log_lines, forget_processes
from executions.rollups import find_hold_up, roll_up

_DAYS_AT_ONCE = 30
_MOST_JOBS_NAMED = 50
_MOST_FAILED_NAMED = 5


@job_handler("platform.rollups")
def count_finished_days(context: JobContext) -> dict[str, list[str]]:
    """Count the executions of each day that is over, once, for the dashboard."""
    counted: list[str] = []
    while days := roll_up(most_days=_DAYS_AT_ONCE):
        counted += [day.isoformat() for day in days]
        context.log.info("Counted %s to %s.", days[0], days[-1])
        context.raise_if_cancelled()
    if held_up_by := find_hold_up():
        context.log.warning(
            "No day from %s on is counted, nor what ended then deleted, before the transaction of"
            " PostgreSQL's process %s ends, open since %s.",
            held_up_by.began_at.astimezone(UTC).date(),
            held_up_by.pid,
            show_time(held_up_by.began_at),
        )
    return {"days": counted}


@job_handler("platform.retention")
def delete_old_history(context: JobContext, dry_run: bool = False) -> dict[str, Any]:
    """Delete what is older or more than is kept; with ``dry_run`` only count the executions."""
    if dry_run:
        return _count(context)
    # What is not counted is not deleted; this must not depend on the other job's being enabled.
    days = count_finished_days(context)["days"]
    lines = _delete_log_lines(context)
    deleted, failed = _delete_executions(context)
    result = {
        "daysCounted": len(days),
        **deleted,
        "logLines": lines + deleted["logLines"],
        "processes": forget_processes(),
        "sessions": Session.objects.filter(expire_date__lt=database_now()).delete()[0],
    }
    if failed:
        # Last, so that neither other jobs nor anything else is kept because of these.
        more = len(failed) - _MOST_FAILED_NAMED
        names = ", ".join(failed[:_MOST_FAILED_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise RuntimeError(f"Not all that expired could be deleted of: {names}. See the log.")
    return result


def _delete_executions(context: JobContext) -> tuple[dict[str, Any], list[str]]:
    """Return what was deleted, and of which jobs something could not be."""
    executions: Counter[str] = Counter()
    transitions = lines = 0
    failed = []
    for deleted in delete_expired():
        if deleted.error:
            context.log.error("%s: nothing more is deleted.", deleted.job, exc_info=deleted.error)
            failed.append(deleted.job)
        if deleted.executions:
            executions[deleted.job] += deleted.executions
            context.log.info("%s: %s executions.", deleted.job, executions[deleted.job])
        transitions += deleted.transitions
        lines += deleted.log_lines
        context.progress(deleted.share, f"{executions.total()} executions deleted")
        context.raise_if_cancelled()
    counts = {**_by_job(executions), "transitions": transitions, "logLines": lines}
    return counts, failed


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
    return {"dryRun": True, **_by_job(executions)}


def _by_job(executions: Counter[str]) -> dict[str, Any]:
    by_job = dict(executions.most_common(_MOST_JOBS_NAMED))
    return {"executions": executions.total(), "executionsByJob": by_job}
