"""What people do to schedules; each function is one transaction with its audit entry."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict
from jobs.models import JobSchedule, JobStatus
from jobs.validation import validate


@transaction.atomic
def create_schedule(*, actor: Actor, fields: dict[str, Any]) -> JobSchedule:
    """Create a schedule and compute its first slot; raise ``InvalidInput`` naming each field."""
    now = database_now()
    schedule = JobSchedule(
        **fields,
        created_by=actor.claims or actor.name,
        created_at=now,
        updated_at=now,
        anchor_at=now,
    )
    validate(schedule)
    if schedule.job.status == JobStatus.ARCHIVED:
        raise Conflict("job_archived", f"Job {schedule.job.name} is archived.")
    schedule.next_fire_at = _next_fire(schedule, after=now)
    schedule.save(force_insert=True)
    _record_schedule(actor, schedule, before=None)
    return schedule


@transaction.atomic
def change_schedule(*, actor: Actor, schedule: JobSchedule, fields: dict[str, Any]) -> JobSchedule:
    """Change a schedule under its lock. A slot already due stays due; nothing else fires early.

    That holds for stopping it as well: the planner still opens what was due by then.
    """
    schedule = JobSchedule.objects.select_for_update().get(pk=schedule.pk)
    if schedule.archived_at is not None:
        raise Conflict("schedule_archived", "The schedule is archived and cannot be changed.")
    before = _schedule_values(schedule)
    for name, value in fields.items():
        setattr(schedule, name, value)
    validate(schedule)
    now = database_now()
    already_due = schedule.next_fire_at is not None and schedule.next_fire_at <= now
    if not already_due:
        schedule.next_fire_at = _next_fire(schedule, after=now)
    schedule.updated_by, schedule.updated_at = actor.name, now
    schedule.save()
    _record_schedule(actor, schedule, before=before)
    return schedule


@transaction.atomic
def archive_schedule(*, actor: Actor, schedule: JobSchedule) -> None:
    """Take a schedule out of service for good; its executions and their history stay."""
    schedule = JobSchedule.objects.select_for_update().get(pk=schedule.pk)
    if schedule.archived_at is not None:
        return
    before = _schedule_values(schedule)
    now = database_now()
    schedule.is_active, schedule.archived_at, schedule.updated_at = False, now, now
    if schedule.next_fire_at is not None and schedule.next_fire_at > now:
        schedule.next_fire_at = None
    schedule.save()
    _record_schedule(actor, schedule, before=before)


def _next_fire(schedule: JobSchedule, *, after: datetime) -> datetime | None:
    return schedule.rule.next(after) if schedule.is_active else None


_SCHEDULE_FIELDS = (
    "schedule_type",
    "cron_expression",
    "time_of_day",
    "days_of_week",
    "day_of_month",
    "one_time_at",
    "interval_seconds",
    "delay_seconds",
    "timezone",
    "parameters",
    "is_active",
    "start_at",
    "end_at",
    "archived_at",
)


def _schedule_values(schedule: JobSchedule) -> dict[str, Any]:
    values = model_to_dict(schedule, _SCHEDULE_FIELDS) | {
        "archived_at": schedule.archived_at,
        # Names only: a value may be a secret, and the trail is for ever.
        "parameters": sorted(schedule.parameters),
    }
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }


def _record_schedule(actor: Actor, schedule: JobSchedule, before: dict[str, Any] | None) -> None:
    after = _schedule_values(schedule)
    changed = [name for name in after if before is None or after[name] != before[name]]
    record(
        actor=actor,
        action="ScheduleChanged",
        object_type="schedule",
        object_id=schedule.id,
        object_label=str(schedule),
        before=before and {name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
