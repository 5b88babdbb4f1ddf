"""What people do to calendars; each function is one transaction with its audit entry."""

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict
from jobs.calendars.comparing import compare_versions
from jobs.calendars.drafting import draft_calendar, draft_version, set_fields
from jobs.calendars.following import follow
from jobs.models import CalendarVersion, ExclusionWindow, HolidayCalendar, JobSchedule
from jobs.refreshing import schedules_of_calendar
from jobs.surroundings_lock import change_surroundings

MOST_DAYS_AUDITED = 100
_MOST_NAMED = 10


@transaction.atomic
def create_calendar(*, actor: Actor, fields: dict[str, Any]) -> HolidayCalendar:
    """Create a calendar and its first version; raise ``InvalidInput`` naming each field.

    Left out, its years are the last, this and five more, as far as its sources are known; its
    weekend is that of its sources.
    """
    change_surroundings()
    now = database_now()
    calendar = draft_calendar(fields, now=now)
    calendar.created_by, calendar.created_at = actor.claims or actor.name, now
    calendar.updated_at = now
    version = draft_version(calendar)
    calendar.version = version.number
    calendar.save(force_insert=True)
    _keep(version, actor=actor, now=now)
    _record(actor, calendar, "CalendarCreated", before=None)
    return calendar


@transaction.atomic
def change_calendar(
    *, actor: Actor, calendar: HolidayCalendar, fields: dict[str, Any], reason: str | None = None
) -> HolidayCalendar:
    """Change a calendar under its lock; raise ``InvalidInput`` naming each field.

    Where its days change, they become a new version, and every schedule that reckons with the
    calendar follows it from now on.
    """
    change_surroundings()
    calendar = _lock(calendar)
    before, now = _values(calendar), database_now()
    set_fields(calendar, fields)
    latest = calendar.versions.get(number=calendar.version)
    version = draft_version(calendar)
    is_new = not _is_same(latest, version)
    if is_new:
        calendar.version = version.number
        _keep(version, actor=actor, now=now)
    if _values(calendar) == before:
        return calendar
    calendar.updated_by, calendar.updated_at = actor.claims or actor.name, now
    calendar.save()
    days = _audited_days(latest, version) if is_new else None
    _record(actor, calendar, "CalendarChanged", before=before, reason=reason, days=days)
    if is_new:
        _follow(calendar, actor=actor, now=now)
    return calendar


def refresh_calendar(*, actor: Actor, calendar: HolidayCalendar) -> HolidayCalendar:
    """Work the days out again, such as after an upgrade of the library they come from.

    Nothing is written when they are as they were.
    """
    return change_calendar(actor=actor, calendar=calendar, fields={}, reason="refreshed")


@transaction.atomic
def archive_calendar(*, actor: Actor, calendar: HolidayCalendar) -> None:
    """Take a calendar out of use for good; raise ``Conflict`` while anything reckons with it."""
    change_surroundings()
    calendar = HolidayCalendar.objects.select_for_update().get(pk=calendar.pk)
    if calendar.archived_at is not None:
        return
    if users := _users(calendar):
        named = ", ".join(users[:_MOST_NAMED]) + (", …" if len(users) > _MOST_NAMED else "")
        detail = f"Calendar {calendar.name} is used by {named}; give them another one first."
        raise Conflict("calendar_in_use", detail)
    before = _values(calendar)
    calendar.archived_at = calendar.updated_at = database_now()
    calendar.updated_by = actor.claims or actor.name
    calendar.save()
    _record(actor, calendar, "CalendarArchived", before=before)


def _lock(calendar: HolidayCalendar) -> HolidayCalendar:
    calendar = HolidayCalendar.objects.select_for_update().get(pk=calendar.pk)
    if calendar.archived_at is not None:
        detail = f"Calendar {calendar.name} is archived and cannot be changed."
        raise Conflict("calendar_archived", detail)
    return calendar


def _is_same(one: CalendarVersion, other: CalendarVersion) -> bool:
    """Whether two versions say the same of every day."""
    names = ("days", "weekend", "first_year", "last_year")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _keep(version: CalendarVersion, *, actor: Actor, now: datetime) -> None:
    version.since, version.created_by = now, actor.name
    version.save(force_insert=True)


def _follow(calendar: HolidayCalendar, *, actor: Actor, now: datetime) -> None:
    follow(
        schedules_of_calendar(calendar),
        actor=actor,
        reason=f"calendar {calendar.name}, version {calendar.version}",
        now=now,
    )


def _users(calendar: HolidayCalendar) -> list[str]:
    """The schedules and the windows that name the calendar, in words."""
    schedules = JobSchedule.objects.unarchived().filter(calendar=calendar)
    windows = ExclusionWindow.objects.filter(calendar=calendar, archived_at__isnull=True)
    return [
        *(f"schedule {one.pk} ({one.job.name})" for one in schedules.select_related("job")),
        *(f"exclusion window {window.name}" for window in windows),
    ]


_FIELDS = [field.name for field in HolidayCalendar._meta.concrete_fields if field.editable] + [
    "version",
    "archived_at",
]


def _values(calendar: HolidayCalendar) -> dict[str, Any]:
    values = ((name, getattr(calendar, name)) for name in _FIELDS)
    return {n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in values}


def _audited_days(
    old: CalendarVersion, new: CalendarVersion
) -> tuple[dict[str, str], dict[str, str]]:
    """The first changed days, as they were and as they are."""
    changes = compare_versions(old, new)[:MOST_DAYS_AUDITED]
    before, after = (
        {row["date"]: f"{row['kind']}: {row['name']}" for row in rows if row}
        for rows in ([one.before for one in changes], [one.after for one in changes])
    )
    return before, after


def _record(
    actor: Actor,
    calendar: HolidayCalendar,
    action: str,
    *,
    before: dict[str, Any] | None,
    reason: str | None = None,
    days: tuple[dict[str, str], dict[str, str]] | None = None,
) -> None:
    after = _values(calendar)
    changed = [name for name in after if before is None or after[name] != before[name]]
    was, is_now = ({"days": one} for one in days) if days else ({}, {})
    record(
        actor=actor,
        action=action,
        object_type="calendar",
        object_id=calendar.id,
        object_label=calendar.name,
        before=None if before is None else {name: before[name] for name in changed} | was,
        after={name: after[name] for name in changed} | is_now,
        reason=reason,
    )
