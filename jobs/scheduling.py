"""What people do to schedules; each function is one transaction with its audit entry."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem
from jobs.kinds import keep_to_kind
from jobs.models import JobDefinition, JobSchedule, JobStatus, ScheduleType
from jobs.schedules import InvalidRule, RuleSpec, compile_rule
from jobs.schedules.bounds import EARLIEST
from jobs.validation import problems_of, refuse


@transaction.atomic
def create_schedule(*, actor: Actor, fields: dict[str, Any]) -> JobSchedule:
    """Create a schedule and compute its first slot; raise ``InvalidInput`` naming each field.

    A ``one_time_at`` without offset is wall-clock time in the schedule's zone.
    """
    now = database_now()
    schedule = JobSchedule(
        **fields,
        created_by=actor.claims or actor.name,
        created_at=now,
        updated_at=now,
        anchor_at=now,
    )
    problems = keep_to_kind(schedule, fields) + problems_of(schedule)
    refuse(problems + _settle_one_time(schedule, known=None, now=now))
    # Locked, so that it cannot be archived without taking the new schedule along.
    job = JobDefinition.objects.select_for_update(no_key=True).get(pk=schedule.job_id)
    if job.status == JobStatus.ARCHIVED:
        raise Conflict("job_archived", f"Job {job.name} is archived.")
    _settle_slots(schedule, now=now)
    schedule.save(force_insert=True)
    _record_schedule(actor, schedule, before=None)
    return schedule


@transaction.atomic
def change_schedule(*, actor: Actor, schedule: JobSchedule, fields: dict[str, Any]) -> JobSchedule:
    """Change a schedule under its lock. A slot already due stays due; nothing else fires early.

    That holds for stopping it as well: the planner still opens what was due by then. A new kind
    drops what only the old one took. A new delay counts from now; an interval keeps its grid.
    """
    schedule = JobSchedule.objects.select_for_update().get(pk=schedule.pk)
    if schedule.archived_at is not None:
        raise Conflict("schedule_archived", "The schedule is archived and cannot be changed.")
    before, known, now = _values(schedule), schedule.one_time_at, database_now()
    problems = _set_fields(schedule, fields)
    if schedule.delay_seconds not in (None, before["delay_seconds"]):
        schedule.anchor_at = now
    problems += problems_of(schedule)
    refuse(problems + _settle_one_time(schedule, known=known, now=now))
    _settle_slots(schedule, now=now)
    if _values(schedule) != before:
        schedule.updated_by, schedule.updated_at = actor.claims or actor.name, now
        _record_schedule(actor, schedule, before=before)
    schedule.save()
    return schedule


@transaction.atomic
def archive_schedule(*, actor: Actor, schedule: JobSchedule) -> None:
    """Take a schedule out of service for good; its executions and their history stay."""
    schedule = JobSchedule.objects.select_for_update().get(pk=schedule.pk)
    if schedule.archived_at is not None:
        return
    before = _values(schedule)
    now = database_now()
    schedule.is_active, schedule.archived_at, schedule.updated_at = False, now, now
    _settle_slots(schedule, now=now)
    schedule.save()
    _record_schedule(actor, schedule, before=before)


def _settle_slots(schedule: JobSchedule, *, now: datetime) -> None:
    """Say which slot is the next, and between which instants none is.

    Slots that were due before the schedule was stopped are still the planner's. If it was stopped
    a second time before the planner came, the time between counts as stopped too.
    """
    is_due = schedule.next_fire_at is not None and schedule.next_fire_at <= now
    if not schedule.is_active:
        schedule.stopped_at, schedule.resumed_at = schedule.stopped_at or now, None
    elif not is_due:
        schedule.stopped_at = schedule.resumed_at = None
    elif schedule.stopped_at is not None:
        schedule.resumed_at = schedule.resumed_at or now
    if not is_due:
        schedule.next_fire_at = schedule.rule.next(now) if schedule.is_active else None


def _set_fields(schedule: JobSchedule, fields: dict[str, Any]) -> list[FieldProblem]:
    fields = dict(fields)
    job = fields.pop("job", schedule.job)
    for name, value in fields.items():
        setattr(schedule, name, value)
    problems = keep_to_kind(schedule, fields)
    if job != schedule.job:
        detail = "A schedule stays with its job; create another for the other job."
        problems.append(FieldProblem("job", "job_fixed", detail))
    return problems


def _settle_one_time(
    schedule: JobSchedule, *, known: datetime | None, now: datetime
) -> list[FieldProblem]:
    """Turn wall-clock time into its instant, and refuse one that is over unless ``known`` already.

    What the rule itself refuses is told elsewhere.
    """
    if schedule.schedule_type != ScheduleType.ONE_TIME:
        return []
    moment = schedule.one_time_at
    spec = RuleSpec(kind="one_time", timezone=schedule.timezone, one_time_at=moment)
    try:
        at = compile_rule(spec).next(EARLIEST) if isinstance(moment, datetime) else None
    except InvalidRule:
        return []
    if at is None:
        return []
    schedule.one_time_at = at
    if at == known or at > now:
        return []
    said, clock = (f"{time.replace(microsecond=0):%Y-%m-%dT%H:%M:%SZ}" for time in (at, now))
    detail = f"{said} is over, it is {clock} now; give a later instant, or trigger the job."
    return [FieldProblem("one_time_at", "past", detail)]


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
)


def _values(schedule: JobSchedule) -> dict[str, Any]:
    return model_to_dict(schedule, _SCHEDULE_FIELDS) | {"archived_at": schedule.archived_at}


def _record_schedule(actor: Actor, schedule: JobSchedule, before: dict[str, Any] | None) -> None:
    after = _values(schedule)
    changed = [name for name in after if before is None or after[name] != before[name]]
    record(
        actor=actor,
        action="ScheduleChanged",
        object_type="schedule",
        object_id=schedule.id,
        object_label=str(schedule),
        before=before and {name: _audited(name, before[name]) for name in changed},
        after={name: _audited(name, after[name]) for name in changed},
    )


def _audited(name: str, value: Any) -> Any:
    if name == "parameters":
        return sorted(value)  # names only: a value may be a secret, and the trail is for ever
    return value.isoformat() if hasattr(value, "isoformat") else value
