"""How the states of jobs and schedules look."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_display import badge, moment
from jobs.models import Environment, JobDefinition, JobSchedule, JobStatus
from jobs.rules import rule_of
from jobs.schedules import InvalidRule

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
    """Return whether the schedule fires as a badge."""
    if schedule.archived_at:
        return badge("archived", look="stopped", sign="inventory_2")
    if not schedule.is_active:
        return badge("inactive", look="late", sign="pause")
    if schedule.next_fire_at is None:
        return badge("over", look="waiting", sign="stop")
    return badge("active", look="good", sign="check")


def rule_words(schedule: JobSchedule) -> str:
    """Return when the schedule fires, in words."""
    try:
        return rule_of(schedule).describe()
    except InvalidRule as error:
        return f"Invalid: {error}"
