"""What people do to schedules; each function is one transaction with its audit entry."""

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_clock
from core.errors import Conflict, FieldProblem
from jobs.kinds import keep_to_kind, make_room
from jobs.models import JobDefinition, JobSchedule, JobStatus, ScheduleType
from jobs.schedules import FIELDS_OF_KIND, InvalidRule, RuleSpec, compile_rule
from jobs.schedules.bounds import EARLIEST
from jobs.surroundings_lock import hold_surroundings
from jobs.validation import problems_of, refuse
from jobs.versions import settle_schedule


@transaction.atomic
def create_schedule(*, actor: Actor, fields: dict[str, Any]) -> JobSchedule:
    """Create a schedule and compute its first slot; raise ``InvalidInput`` naming each field.

    A ``one_time_at`` without offset is wall-clock time in the schedule's zone.
    """
    hold_surroundings()
    now = database_clock()
    schedule = JobSchedule(
        **fields,
        created_by=actor.claims or actor.name,
        created_at=now,
        updated_at=now,
        anchor_at=now,
        versioned_at=now,
    )
    problems = keep_to_kind(schedule, fields) + problems_of(schedule)
    refuse(problems + _settle_one_time(schedule, known=None, now=now))
    # Locked, so that it cannot be archived without taking the new schedule along.
    job = JobDefinition.objects.select_for_update(no_key=True).get(pk=schedule.job_id)
    if job.status == JobStatus.ARCHIVED:
        raise Conflict("job_archived", f"Job {job.name} is archived.")
    schedule.save(force_insert=True)
    settle_schedule(schedule, now=now, by=actor.name)
    refuse(_over(schedule))
    schedule.save()
    record_schedule(actor, schedule, before=None)
    return schedule


@transaction.atomic
def change_schedule(*, actor: Actor, schedule: JobSchedule, fields: dict[str, Any]) -> JobSchedule:
    """Change a schedule under its lock. A slot already due stays due; nothing else fires early.

    That holds for stopping it as well: the planner still opens what was due by then, by the rule
    of then. A new kind drops what only the old one took, and a day or time given in one way takes
    the place of another. A new delay counts from now; an interval keeps its grid.
    """
    schedule = lock_schedule(schedule)
    before, now = schedule_values(schedule), database_clock()
    refuse(edit_schedule(schedule, fields, now=now))
    settle_schedule(schedule, now=now, by=actor.name)
    if schedule_values(schedule) != before:
        schedule.updated_by, schedule.updated_at = actor.claims or actor.name, now
        record_schedule(actor, schedule, before=before)
    schedule.save()
    return schedule


def edit_schedule(
    schedule: JobSchedule, fields: dict[str, Any], *, now: datetime
) -> list[FieldProblem]:
    """Set the fields as a change would, without saving them; return what is wrong with them."""
    known, delay = schedule.one_time_at, schedule.delay_seconds
    problems = _set_fields(schedule, fields)
    if schedule.delay_seconds not in (None, delay):
        schedule.anchor_at = now
    return problems + problems_of(schedule) + _settle_one_time(schedule, known=known, now=now)


@transaction.atomic
def archive_schedule(*, actor: Actor, schedule: JobSchedule) -> None:
    """Take a schedule out of service for good; its executions and their history stay."""
    schedule = JobSchedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk)
    if schedule.archived_at is None:
        retire_schedule(schedule, actor=actor)


def retire_schedule(schedule: JobSchedule, *, actor: Actor) -> None:
    """Archive a schedule that the caller has locked."""
    before, now = schedule_values(schedule), database_clock()
    schedule.is_active, schedule.archived_at, schedule.updated_at = False, now, now
    settle_schedule(schedule, now=now, by=actor.name)
    schedule.save()
    record_schedule(actor, schedule, before=before)


def lock_schedule(schedule: JobSchedule) -> JobSchedule:
    """Return the schedule as it is now, locked; raise ``Conflict`` when it is archived."""
    hold_surroundings()
    schedule = JobSchedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk)
    if schedule.archived_at is not None:
        raise Conflict("schedule_archived", "The schedule is archived and cannot be changed.")
    return schedule


def _over(schedule: JobSchedule) -> list[FieldProblem]:
    """A new schedule without any slot to come is a mistake; an old one has simply ended."""
    has_slots = schedule.next_fire_at is not None or schedule.stuck_at is not None
    if has_slots or not schedule.is_firing:
        return []
    own = FIELDS_OF_KIND[schedule.schedule_type][0]
    field = own if schedule.end_at is None else "end_at"
    detail = "All that it names is over: it would never fire. Give a later end, or another rule."
    return [FieldProblem(field, "past", detail)]


def _set_fields(schedule: JobSchedule, fields: dict[str, Any]) -> list[FieldProblem]:
    fields = dict(fields)
    job = fields.pop("job", schedule.job)
    make_room(schedule, fields)
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


# All that people can set, in the order of the row.
_SCHEDULE_FIELDS = [
    field.name
    for field in JobSchedule._meta.concrete_fields
    if field.editable and field.name != "job"
]


def schedule_values(schedule: JobSchedule) -> dict[str, Any]:
    """What an audit entry may tell of a schedule."""
    values = {name: getattr(schedule, name) for name in _SCHEDULE_FIELDS}
    values["calendar"] = schedule.calendar and schedule.calendar.name
    kept = ("paused_at", "pause_reason", "resume_at", "archived_at")
    return values | {name: getattr(schedule, name) for name in kept}


def record_schedule(
    actor: Actor,
    schedule: JobSchedule,
    *,
    before: dict[str, Any] | None,
    action: str = "ScheduleChanged",
    reason: str | None = None,
) -> None:
    """Write the audit entry of a change; ``before`` is what ``schedule_values`` gave."""
    after = schedule_values(schedule)
    changed = [name for name in after if before is None or after[name] != before[name]]
    record(
        actor=actor,
        action=action,
        object_type="schedule",
        object_id=schedule.id,
        object_label=str(schedule),
        before=before and {name: _audited(name, before[name]) for name in changed},
        after={name: _audited(name, after[name]) for name in changed},
        reason=reason,
    )


def _audited(name: str, value: Any) -> Any:
    if name == "parameters":
        return sorted(value)  # names only: a value may be a secret, and the trail is for ever
    if name == "exclusions":
        return [str(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
