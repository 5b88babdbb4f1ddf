"""Schedules whose rule changed though nobody edited them: a holiday, a window, a team, a zone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from audit.trail import Actor
from core.clock import database_clock
from core.sql import load
from jobs.models import (
    ExclusionScope,
    ExclusionWindow,
    HolidayCalendar,
    JobSchedule,
    ScheduleVersion,
)
from jobs.rules import Surroundings, spec_of
from jobs.schedules import InvalidRule, RuleSpec
from jobs.versions import next_version, place_next

PLACE = load(__file__, "place_schedules")

_BATCH = 500
# What a new version changes in the row.
_PLACED = (
    *("id", "version", "versioned_at", "next_fire_at", "next_run_at"),
    *("stuck_at", "stuck_reason", "tzdata_version"),
)


def refresh_schedules(
    schedules: Iterable[UUID], *, actor: Actor, reason: str, now: datetime | None = None
) -> int:
    """Let each of these schedules follow its calendar and windows as they are now.

    In the caller's transaction, a few statements for each five hundred. Each whose rule is another
    than it was gets a new version, from ``now`` on, and its next slot is computed again. Returns
    how many those were.
    """
    around, pks, changed = Surroundings(), sorted(schedules), 0
    for start in range(0, len(pks), _BATCH):
        rows = JobSchedule.objects.filter(pk__in=pks[start : start + _BATCH]).order_by("pk")
        batch = list(rows.unarchived().select_for_update(of=("self",)))
        changed += _refresh_batch(batch, around, actor=actor, reason=reason, now=now)
    return changed


def _refresh_batch(
    schedules: list[JobSchedule],
    around: Surroundings,
    *,
    actor: Actor,
    reason: str,
    now: datetime | None,
) -> int:
    around.load_teams(schedules)
    latest = {
        version.schedule_id: version
        for version in ScheduleVersion.objects.filter(
            schedule__in=schedules, number=F("schedule__version")
        )
    }
    versions, changed = [], []
    # By now nobody else can act on them: what was done before they were locked stays done.
    now = max(database_clock(), now) if now else database_clock()
    for schedule in schedules:
        spec = spec_of(schedule, around=around)
        # Where its calendar had ended, it goes on from there: nothing in between is lost.
        since = schedule.stuck_at or now
        version = next_version(schedule, spec, latest.get(schedule.pk), since=since, by=actor.name)
        if version is not None:
            version.reason = reason
            _place(schedule, spec, since=since)
            versions.append(version)
            changed.append(schedule)
    ScheduleVersion.objects.bulk_create(versions)
    columns: dict[str, Any] = {name: [getattr(row, name) for row in changed] for name in _PLACED}
    PLACE.rows(**columns)
    return len(changed)


def _place(schedule: JobSchedule, spec: RuleSpec, *, since: datetime) -> None:
    """Find the next slot; a schedule that has no rule any more must not hinder the others."""
    try:
        place_next(schedule, spec, now=since)
    except InvalidRule as error:
        schedule.stuck_at, schedule.stuck_reason = since, str(error)


def schedules_of_calendar(calendar: HolidayCalendar) -> list[UUID]:
    """The schedules that reckon with a calendar, by themselves or through a window."""
    windows = ExclusionWindow.objects.filter(calendar=calendar, archived_at__isnull=True)
    own = Q(calendar=calendar)
    for window in windows:
        own |= _held_by(window)
    return list(JobSchedule.objects.unarchived().filter(own).values_list("pk", flat=True))


def schedules_of_window(window: ExclusionWindow) -> list[UUID]:
    """The schedules that an exclusion window holds for, by its scope."""
    held = JobSchedule.objects.unarchived().filter(_held_by(window))
    return list(held.values_list("pk", flat=True))


def _held_by(window: ExclusionWindow) -> Q:
    match window.scope:
        case ExclusionScope.GLOBAL:
            return Q(pk__isnull=False)  # not an empty Q, which an "or" leaves out
        case ExclusionScope.TEAM:
            return Q(job__ownership__team_name=window.team_name)
    return Q(exclusions__contains=[window.pk])
