"""What a job's page shows beside its fields: schedules, what fires next, versions."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from core.admin_display import changes, short_moment, table, value_text
from core.clock import database_now
from jobs.admin.display import environment_words, schedule_badge
from jobs.admin.preview import next_fires_of_all
from jobs.describing import describe_rules
from jobs.models import JobDefinition, JobSchedule, JobStatus

_MOST_SCHEDULES = 50
_MOST_VERSIONS = 10


def schedules_of(
    request: HttpRequest, job: JobDefinition, *, may_add: bool, may_change: bool
) -> SafeString:
    """The job's schedules, each with what can be done to it."""
    is_open = job.status != JobStatus.ARCHIVED
    schedules = list(job.schedules.unarchived().order_by("created_at")[:_MOST_SCHEDULES])
    words = describe_rules(schedules)
    rows = [
        {
            "schedule": schedule,
            "rule": words[schedule.pk],
            "state": schedule_badge(schedule),
            "next_run": short_moment(schedule.next_run_at),
        }
        for schedule in schedules
    ]
    context = {
        "rows": rows,
        "is_open": is_open,
        "may_change": may_change and is_open,
        "changelist": reverse("admin:jobs_jobschedule_changelist"),
        "back": request.path,
        "add_url": reverse("admin:jobs_jobschedule_add", query={"job": job.pk, "_back": "job"})
        if may_add and is_open
        else None,
    }
    return render_to_string("jobs/admin/schedules.html", context, request)


def next_fires_of(job: JobDefinition) -> SafeString:
    """What the job's active schedules fire next, all together."""
    firing = job.schedules.unarchived().filter(is_active=True, paused_at=None)
    schedules: list[JobSchedule] = list(firing.order_by("next_fire_at")[:_MOST_SCHEDULES])
    return next_fires_of_all(schedules, now=database_now())


def versions_of(job: JobDefinition) -> SafeString:
    """The latest versions, each with what it changed."""
    latest = list(job.versions.order_by("-number")[: _MOST_VERSIONS + 1])
    rows = [
        (
            version.number,
            short_moment(version.created_at),
            version.created_by,
            changes(older.snapshot, version.snapshot, _shown) if older else "The first.",
        )
        for version, older in zip(latest, [*latest[1:], None], strict=True)
    ]
    return table(
        ["version", "at (UTC)", "by", "what changed"], rows[:_MOST_VERSIONS], empty="None."
    )


def _shown(name: str, value: Any) -> str:
    if name == "allowed_environments":
        return environment_words(value)
    return value_text(value)
