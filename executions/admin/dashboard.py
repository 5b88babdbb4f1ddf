"""The first page of the admin: what goes on now, what comes, and what went wrong."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from core.clock import database_now
from executions.admin.figures import execution_figures, job_figures
from executions.admin.health import examine
from executions.admin.live import live_part
from executions.admin.progress import Progress, measure_progress
from executions.admin.trend import draw_trend
from executions.models import JobExecution
from executions.queues import queue_loads
from executions.stats import dashboard_stats, execution_trends, top_failing_jobs, upcoming_jobs
from executions.workforce import list_workers

admin.site.index_template = "executions/admin/dashboard/index.html"

_MOST_ROWS = 8
_TREND_DAYS = 7
# What the running rows show; input, output and trace can be large.
_SHOWN = (
    *("id", "job__id", "job__name", "job__expected_duration_seconds", "attempt", "status"),
    *("worker", "started_at", "progress_fraction", "progress_message"),
)


@dataclass(frozen=True)
class RunningRow:
    """One execution under way."""

    execution: JobExecution
    progress: Progress


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Give the admin's first page what it shows (django-unfold calls this)."""
    return context | read_dashboard(request)


@live_part
def show_live_part(request: HttpRequest) -> HttpResponse:
    """Answer the part of the first page that is fetched again and again."""
    template = "executions/admin/dashboard/live.html"
    return TemplateResponse(request, template, read_dashboard(request))


def read_dashboard(request: HttpRequest) -> dict[str, Any]:
    """Return the parts that this user may see."""
    now = database_now()
    parts: dict[str, Any] = {"now": now, "flower_url": settings.FLOWER_URL, "figures": []}
    sees_jobs = request.user.has_perm("jobs.view_jobdefinition")
    sees_executions = request.user.has_perm("executions.view_jobexecution")
    if sees_jobs or sees_executions:
        stats = dashboard_stats()
        parts["figures"] += job_figures(stats) if sees_jobs else ()
        parts["figures"] += execution_figures(stats) if sees_executions else ()
    if sees_executions:
        parts |= _executions(now)
    if request.user.has_perm("jobs.view_jobschedule"):
        parts["upcoming"] = upcoming_jobs(limit=_MOST_ROWS)
    return parts | _workforce(request, now)


def _executions(now: datetime) -> dict[str, Any]:
    running = JobExecution.objects.running().select_related("job").only(*_SHOWN)
    found = list(running.order_by("started_at")[: _MOST_ROWS + 1])
    return {
        "trend": draw_trend(execution_trends(days=_TREND_DAYS)),
        "running": [RunningRow(row, measure_progress(row, now=now)) for row in found[:_MOST_ROWS]],
        "has_more_running": len(found) > _MOST_ROWS,
        "failing": top_failing_jobs(days=_TREND_DAYS, limit=_MOST_ROWS),
    }


def _workforce(request: HttpRequest, now: datetime) -> dict[str, Any]:
    if not request.user.has_perms(["jobs.view_queue", "executions.view_worker"]):
        return {}
    loads = queue_loads()
    return {"loads": loads, "findings": examine(loads, list_workers(include_gone=True), now=now)}
