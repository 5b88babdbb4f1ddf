"""Holding things back, with who, why and until when: the rows and their audit.

People call ``executions.holds``, which also takes back what waits and decides what became too late.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audit.trail import Actor, record
from core.clock import database_clock
from core.errors import Conflict, FieldProblem
from core.times import show_time
from jobs.models import Hold, HoldScope, JobDefinition, JobOwnership, JobStatus, Queue
from jobs.validation import refuse, validate

_KEY = 0x5C4ED003
_FIELDS = ("reason", "until")


@dataclass(frozen=True)
class HoldTarget:
    """What is to be held: of the three fields only that of the scope is given."""

    scope: str
    team_name: str = ""
    queue: Queue | None = None
    job: JobDefinition | None = None


EVERYTHING = HoldTarget(HoldScope.EVERYTHING)


@transaction.atomic
def open_hold(
    *, actor: Actor, target: HoldTarget, reason: str, until: datetime | None = None
) -> Hold:
    """Open a hold; raise ``InvalidInput`` by field, ``Conflict`` if there is one of this target."""
    serialise_holds()
    now = database_clock()
    refuse(_problems_of_target(target) + _problems_of_words(reason, until, now))
    hold = Hold(
        scope=target.scope,
        team_name=target.team_name,
        queue=target.queue,
        job=target.job,
        reason=reason,
        held_by=actor.name,
        held_at=now,
        until=until,
    )
    _refuse_second(hold)
    validate(hold, exclude={"ended_at", "ended_by"})
    hold.save(force_insert=True)
    _record(actor, hold, "HoldOpened", after=_values(hold), reason=reason)
    return hold


@transaction.atomic
def change_hold(*, actor: Actor, hold: Hold, fields: dict[str, Any]) -> Hold:
    """Change the reason of an open hold, or its end; raise ``InvalidInput`` by field."""
    serialise_holds()
    hold = _lock_open(hold)
    before = _values(hold)
    for name, value in fields.items():
        setattr(hold, name, value)
    is_new_end = "until" in fields
    refuse(_problems_of_words(hold.reason, hold.until if is_new_end else None, database_clock()))
    validate(hold, exclude={"ended_at", "ended_by"})
    after = _values(hold)
    changed = [name for name in _FIELDS if after[name] != before[name]]
    if changed:
        hold.save(update_fields=changed)
        was, becomes = ({name: side[name] for name in changed} for side in (before, after))
        _record(actor, hold, "HoldChanged", before=was, after=becomes)
    return hold


@transaction.atomic
def close_hold(*, actor: Actor, hold: Hold, ended_at: datetime | None = None) -> Hold:
    """End a hold, now or as of ``ended_at``; raise ``Conflict`` if it is over."""
    serialise_holds()
    hold = _lock_open(hold)
    hold.ended_at, hold.ended_by = ended_at or database_clock(), actor.name
    hold.save(update_fields=["ended_at", "ended_by"])
    _record(actor, hold, "HoldEnded")
    return hold


def serialise_holds() -> None:
    """Let nobody else open or end a hold in this transaction.

    Of two that end at once each would take the other for open, and neither would decide.
    """
    _lock("SELECT pg_advisory_xact_lock(%s)")


def try_to_serialise_holds() -> bool:
    """The same without waiting; return whether it is so."""
    return bool(_lock("SELECT pg_try_advisory_xact_lock(%s)"))


def _lock(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, [_KEY])
        return cursor.fetchone()[0]


def _lock_open(hold: Hold) -> Hold:
    rows = Hold.objects.select_related("job").select_for_update(of=("self",))
    hold = rows.get(pk=hold.pk)
    if hold.ended_at is not None:
        raise Conflict(
            "hold_ended",
            f"The hold of {hold.target} is over: {hold.ended_by} ended it at"
            f" {show_time(hold.ended_at)}.",
        )
    return hold


def _refuse_second(hold: Hold) -> None:
    same = Hold.objects.open().filter(
        scope=hold.scope, team_name=hold.team_name, queue=hold.queue_id, job=hold.job_id
    )
    if (other := same.first()) is not None:
        end = f" until {show_time(other.until)}" if other.until else ""
        raise Conflict(
            "already_held",
            f"{other.target[0].upper()}{other.target[1:]} is held already, by {other.held_by}"
            f" since {show_time(other.held_at)}{end}: {other.reason} End or change that hold.",
        )


_NAMED_BY = {HoldScope.TEAM: "team_name", HoldScope.QUEUE: "queue", HoldScope.JOB: "job"}


def _problems_of_target(target: HoldTarget) -> list[FieldProblem]:
    if target.scope not in HoldScope.values:
        detail = f"{target.scope!r} is no scope; give one of {', '.join(HoldScope.values)}."
        return [FieldProblem("scope", "invalid_choice", detail)]
    wanted = _NAMED_BY.get(HoldScope(target.scope))
    problems = []
    for name in _NAMED_BY.values():
        value = getattr(target, name)
        if name == wanted and not value:
            detail = f"A hold of scope {target.scope} names here what it holds."
            problems.append(FieldProblem(name, "required", detail))
        elif name != wanted and value:
            detail = f"A hold of scope {target.scope} does not take it; leave it out."
            problems.append(FieldProblem(name, "not_of_this_scope", detail))
    return problems or _problems_of_choice(target)


def _problems_of_choice(target: HoldTarget) -> list[FieldProblem]:
    """Refuse what would hold nothing: in a hurry that is a mistyped name."""
    if target.job and target.job.status == JobStatus.ARCHIVED:
        detail = f"Job {target.job.name} is archived and does not run anyway."
        return [FieldProblem("job", "archived", detail)]
    if "\x00" in target.team_name:
        detail = "It holds a NUL character, which no name has; leave it out."
        return [FieldProblem("team_name", "not_storable", detail)]
    if target.team_name:
        owned = JobOwnership.objects.filter(team_name=target.team_name)
        if not owned.exclude(job__status=JobStatus.ARCHIVED).exists():
            detail = f"No job is of team {target.team_name!r}; give the name as the jobs have it."
            return [FieldProblem("team_name", "unknown_team", detail)]
    return []


def _problems_of_words(reason: str, until: datetime | None, now: datetime) -> list[FieldProblem]:
    problems = []
    if not reason.strip():
        problems.append(FieldProblem("reason", "required", "Say why it is held back."))
    if until is not None and until <= now:
        detail = f"{until.isoformat()} is over; give a later instant, or none to hold until ended."
        problems.append(FieldProblem("until", "past", detail))
    return problems


def _values(hold: Hold) -> dict[str, Any]:
    return {"reason": hold.reason, "until": hold.until and hold.until.isoformat()}


def _record(actor: Actor, hold: Hold, action: str, **more: Any) -> None:
    """Record it with what is held, where people look for what was done to that."""
    match hold.scope:
        case HoldScope.JOB:
            kind, key, label = "job", str(hold.job_id), str(hold.job)
        case HoldScope.QUEUE:
            kind, key, label = "queue", str(hold.queue_id), str(hold.queue_id)
        case HoldScope.TEAM:
            kind, key, label = "team", hold.team_name, hold.team_name
        case _:
            kind, key, label = "platform", "everything", "everything"
    record(actor=actor, action=action, object_type=kind, object_id=key, object_label=label, **more)
