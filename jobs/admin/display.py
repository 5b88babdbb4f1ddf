"""How the states of jobs and schedules look."""

from django.utils.safestring import SafeString

from core.admin_display import badge
from jobs.models import JobDefinition, JobSchedule, JobStatus
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
        return schedule.rule.describe()
    except InvalidRule as error:
        return f"Invalid: {error}"
