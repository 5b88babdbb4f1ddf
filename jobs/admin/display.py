"""How the states of jobs and schedules look."""

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_display import badge, moment, short_moment
from jobs.describing import describe_rule
from jobs.models import (
    Environment,
    JobDefinition,
    JobSchedule,
    JobStatus,
    ScheduleType,
    Standing,
)
from jobs.versions import standing_of

_JOB_LOOKS = {
    JobStatus.ACTIVE: ("good", "check"),
    JobStatus.DISABLED: ("late", "pause"),
    JobStatus.ARCHIVED: ("stopped", "inventory_2"),
    JobStatus.DRAFT: ("waiting", "edit"),
}


def job_badge(job: JobDefinition) -> SafeString:
    """Return the job's status as a badge."""
    look, sign = _JOB_LOOKS[JobStatus(job.status)]
    return badge(job.status, look=look, sign=sign)


def environment_words(bits: int) -> str:
    """Return the names of the environments that these bits stand for."""
    return ", ".join(bit.label for bit in Environment if bits & bit)


def stopped_words(job: JobDefinition) -> SafeString | str:
    """Return since when a job does not run, who stopped it and why; nothing for one that does."""
    if job.disabled_at is None:
        return ""
    said = format_html("since {} by {}", moment(job.disabled_at), job.disabled_by)
    return format_html("{}: {}", said, job.disabled_reason) if job.disabled_reason else said


def schedule_badge(schedule: JobSchedule) -> SafeString:
    """Return whether the schedule fires as a badge, and until when it does not."""
    if schedule.archived_at:
        return badge("archived", look="stopped", sign="inventory_2")
    if not schedule.is_active:
        return badge("stopped", look="late", sign="stop_circle")
    if schedule.paused_at:
        shown = badge("paused", look="late", sign="pause")
        if schedule.resume_at is None:
            return shown
        until = short_moment(schedule.resume_at)
        return format_html('{} <span class="quiet">until {}</span>', shown, until)
    if schedule.stuck_at:
        return badge("stuck", look="bad", sign="warning")
    if is_complete(schedule):
        return badge("completed", look="waiting", sign="done_all")
    return badge("active", look="good", sign="check")


def is_complete(schedule: JobSchedule) -> bool:
    """Whether an active schedule has nothing more to do: it has ended, or run often enough."""
    if schedule.next_fire_at is not None or schedule.stuck_at is not None:
        return False
    follows = schedule.schedule_type == ScheduleType.AFTER_COMPLETION
    return not follows or standing_of(schedule) == Standing.COMPLETED


def rule_words(schedule: JobSchedule) -> str:
    """Return when the schedule fires, in words."""
    return describe_rule(schedule)


def local_time(local: datetime) -> SafeString:
    """Return a time on the clock of its zone, with the day and the offset."""
    iso = local.isoformat()
    offset = "" if str(local.tzinfo) == "UTC" else f" {iso[19:]}"
    shown = f"{local:%a %Y-%m-%d %H:%M:%S}{offset}"
    return format_html('<time datetime="{}">{}</time>', iso, shown)
