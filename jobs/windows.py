"""What people do to exclusion windows; each function is one transaction with its audit entry."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem
from jobs.calendars.following import follow
from jobs.models import ExclusionScope, ExclusionWindow, JobSchedule
from jobs.refreshing import schedules_of_window
from jobs.rules import Surroundings
from jobs.schedules.exclusion_errors import exclusion_errors
from jobs.surroundings_lock import change_surroundings
from jobs.validation import problems_of, refuse

MOST_WINDOWS: dict[str, int] = {ExclusionScope.GLOBAL: 40, ExclusionScope.TEAM: 30}
"""So many windows may hold for all schedules, and so many for each team: all judge each slot."""

_MOST_NAMED = 10


@transaction.atomic
def create_window(*, actor: Actor, fields: dict[str, Any]) -> ExclusionWindow:
    """Create a window; raise ``InvalidInput`` naming each field.

    One of scope global or team holds from now on for all schedules there are, and are to come.
    """
    change_surroundings()
    now = database_now()
    window = ExclusionWindow(
        created_by=actor.claims or actor.name, created_at=now, updated_at=now, **fields
    )
    _check(window)
    window.save(force_insert=True)
    _record(actor, window, before=None)
    _follow(window, held=[], actor=actor, now=now)
    return window


@transaction.atomic
def change_window(
    *, actor: Actor, window: ExclusionWindow, fields: dict[str, Any]
) -> ExclusionWindow:
    """Change a window; raise ``InvalidInput`` naming each field.

    The schedules that it held for and those that it holds for now follow it from now on.
    """
    change_surroundings()
    window = ExclusionWindow.objects.select_for_update(of=("self",)).get(pk=window.pk)
    if window.archived_at is not None:
        detail = f"Exclusion window {window.name} is archived and cannot be changed."
        raise Conflict("exclusion_archived", detail)
    before, held = _values(window), schedules_of_window(window)
    _refuse_losing(window, fields, held)
    for name, value in fields.items():
        setattr(window, name, value)
    _check(window)
    if _values(window) != before:
        now = database_now()
        window.updated_by, window.updated_at = actor.claims or actor.name, now
        window.save()
        _record(actor, window, before=before)
        _follow(window, held=held, actor=actor, now=now)
    return window


@transaction.atomic
def archive_window(*, actor: Actor, window: ExclusionWindow) -> None:
    """Let a window hold no more, for good; raise ``Conflict`` while schedules name it."""
    change_surroundings()
    window = ExclusionWindow.objects.select_for_update(of=("self",)).get(pk=window.pk)
    if window.archived_at is not None:
        return
    held = schedules_of_window(window)
    if window.scope == ExclusionScope.SCHEDULE and held:
        raise Conflict("exclusion_in_use", _in_use(window, held))
    before, now = _values(window), database_now()
    window.archived_at = window.updated_at = now
    window.updated_by = actor.claims or actor.name
    window.save()
    _record(actor, window, before=before, action="ExclusionArchived")
    _follow(window, held=held, actor=actor, now=now)


def _refuse_losing(window: ExclusionWindow, fields: dict[str, Any], held: list[UUID]) -> None:
    """Schedules name windows of scope schedule only: one they name keeps that scope."""
    scope = fields.get("scope", window.scope)
    if window.scope == ExclusionScope.SCHEDULE != scope and held:
        refuse([FieldProblem("scope", "in_use", _in_use(window, held))])


def _in_use(window: ExclusionWindow, held: list[UUID]) -> str:
    schedules = JobSchedule.objects.filter(pk__in=held).select_related("job").order_by("pk")
    named = ", ".join(f"schedule {one.pk} ({one.job.name})" for one in schedules[:_MOST_NAMED])
    more = ", …" if len(held) > _MOST_NAMED else ""
    return f"Exclusion window {window.name} is named by {named}{more}; take it off them first."


def _check(window: ExclusionWindow) -> None:
    """Raise ``InvalidInput`` naming all that is wrong with the window."""
    window.name = window.name.strip() if isinstance(window.name, str) else window.name
    window.timezone = window.timezone or None
    problems = [
        FieldProblem("name", "name_taken", f"{window.name} is taken; choose another name.")
        if one.field == "__all__"  # the only constraint
        else one
        for one in problems_of(window, exclude={"created_by", "created_at"})
    ]
    problems += _scope_problems(window)
    if "calendar" not in {problem.field for problem in problems}:
        problems += _calendar_problems(window)
    if not problems:
        problems = [
            FieldProblem(one.field, one.code, one.detail)
            for one in exclusion_errors(Surroundings().exclusion(window))
        ]
        problems += _crowd_problems(window)
    refuse(problems)


def _scope_problems(window: ExclusionWindow) -> list[FieldProblem]:
    is_of_team = window.scope == ExclusionScope.TEAM
    if is_of_team and not window.team_name:
        detail = "A window of scope team needs the name of its team, as jobs have it."
        return [FieldProblem("team_name", "required", detail)]
    if window.team_name and not is_of_team:
        detail = f"Only scope team takes it, this one is {window.scope}. Leave it out."
        return [FieldProblem("team_name", "not_of_this_scope", detail)]
    return []


def _crowd_problems(window: ExclusionWindow) -> list[FieldProblem]:
    most = MOST_WINDOWS.get(window.scope)
    others = ExclusionWindow.objects.filter(
        scope=window.scope, team_name=window.team_name, archived_at__isnull=True
    ).exclude(pk=window.pk)
    if most is None or others.count() < most:
        return []
    whose = f"team {window.team_name}" if window.team_name else f"scope {window.scope}"
    detail = (
        f"{most} windows of {whose} hold already, the most there may be. Archive those that are"
        " over, or make one of several: a window has several days of the week, a calendar many"
        " single days."
    )
    return [FieldProblem("scope", "too_many", detail)]


def _calendar_problems(window: ExclusionWindow) -> list[FieldProblem]:
    calendar = window.calendar
    if calendar is None or calendar.archived_at is None:
        return []
    detail = f"Calendar {calendar.name} is archived; choose another."
    return [FieldProblem("calendar", "archived", detail)]


def _follow(window: ExclusionWindow, *, held: list[UUID], actor: Actor, now: datetime) -> None:
    holds = [] if window.archived_at is not None else schedules_of_window(window)
    reason = f"exclusion window {window.name}"
    follow({*held, *holds}, actor=actor, reason=reason, now=now)


_FIELDS = [
    field.name
    for field in ExclusionWindow._meta.concrete_fields
    if field.editable and field.name != "calendar"
]


def _values(window: ExclusionWindow) -> dict[str, Any]:
    values = ((name, getattr(window, name)) for name in (*_FIELDS, "archived_at"))
    shown = {n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in values}
    return shown | {"calendar": window.calendar and window.calendar.name}


def _record(
    actor: Actor,
    window: ExclusionWindow,
    *,
    before: dict[str, Any] | None,
    action: str = "ExclusionChanged",
) -> None:
    after = _values(window)
    changed = [name for name in after if before is None or after[name] != before[name]]
    record(
        actor=actor,
        action=action if before else "ExclusionCreated",
        object_type="exclusion",
        object_id=window.id,
        object_label=window.name,
        before=before and {name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
