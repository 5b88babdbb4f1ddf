"""What stands below an execution's or a job's fields: moves, log lines, executions."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_display import link, short_moment, table
from core.times import show_span, show_time
from executions.admin.display import progress_words, reason_words, status_badge
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog
from jobs.models import JobDefinition

_MOST_MOVES = 200
_MOST_LINES = 500
_MOST_EXECUTIONS = 10


def transitions(execution: JobExecution) -> SafeString:
    """Every move between statuses, oldest first."""
    newest = ExecutionTransition.objects.filter(execution=execution).order_by("-id")
    rows = [
        (
            short_moment(move.at),
            status_badge(move.from_status),
            status_badge(move.to_status),
            move.attempt or "",
            reason_words(move.reason),
            move.actor or "",
            _details(move.data or {}),
        )
        for move in reversed(newest[:_MOST_MOVES])
    ]
    columns = ["at (UTC)", "from", "to", "attempt", "reason", "by", "details"]
    return table(columns, rows, empty="Nothing is recorded.")


def log(execution: JobExecution) -> SafeString:
    """The last lines of the log, oldest first."""
    newest = JobExecutionLog.objects.filter(execution=execution).order_by("-id")
    found = list(newest[: _MOST_LINES + 1])
    context = {
        "lines": found[:_MOST_LINES][::-1],
        "has_more": len(found) > _MOST_LINES,
        "most": _MOST_LINES,
        "execution": execution,
    }
    return render_to_string("executions/admin/log.html", context)


def executions_of(job: JobDefinition) -> SafeString:
    """The newest executions of a job, with the way to all of them."""
    newest = JobExecution.objects.filter(job=job).order_by("-id")
    rows = [
        (
            link(execution, short_moment(execution.scheduled_for)),
            status_badge(execution.status),
            execution.attempt or "",
            short_moment(execution.started_at),
            show_span(execution.duration_seconds, unknown="-"),
            (execution.error_message or progress_words(execution))[:120],
        )
        for execution in newest.defer("input", "output", "stack_trace")[:_MOST_EXECUTIONS]
    ]
    columns = ["slot (UTC)", "status", "attempt", "started (UTC)", "took", "says"]
    shown = table(columns, rows, empty="It has never run.")
    url = reverse("admin:executions_jobexecution_changelist", query={"job": str(job.pk)})
    return format_html('{}<p><a href="{}">All executions of this job</a></p>', shown, url)


def _details(data: dict[str, Any]) -> str:
    """What a move knows, in the order in which people ask; unknown names come last, as they are."""
    data = dict(data)
    said = []
    if "worker" in data:
        said.append(f"worker {data.pop('worker')}, process {data.pop('pid', '?')}")
    if "duration_seconds" in data:
        said.append(f"after {show_span(data.pop('duration_seconds'))}")
    if "due_at" in data:
        said.append(f"next at {show_time(datetime.fromisoformat(data.pop('due_at')))}")
    error = [str(data.pop(name)) for name in ("error_type", "error") if name in data]
    said += [f"{name.replace('_', ' ')} {value}" for name, value in data.items()]
    return "; ".join([*said, ": ".join(error)] if error else said)
