"""Schedules whose rule changed though nobody edited them: a holiday, a window, a team, a zone."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from audit.trail import Actor
from core.clock import database_now
from jobs.models import ExclusionScope, ExclusionWindow, HolidayCalendar, JobSchedule
from jobs.versions import settle_schedule

_BATCH = 500


def refresh_schedules(
    schedules: Iterable[UUID], *, actor: Actor, reason: str, now: datetime | None = None
) -> int:
    """Let each of these schedules follow its calendar and windows as they are now.

    In the caller's transaction. Each whose rule is another than it was gets a new version, from
    ``now`` on, and its next slot is computed again. Returns how many those were.
    """
    now = now or database_now()
    pks, changed = sorted(schedules), 0
    for start in range(0, len(pks), _BATCH):
        rows = JobSchedule.objects.filter(pk__in=pks[start : start + _BATCH]).order_by("pk")
        for schedule in rows.unarchived().select_for_update(of=("self",)):
            # Where its calendar had ended, it goes on from there: nothing in between is lost.
            since = schedule.stuck_at or now
            if settle_schedule(schedule, now=since, by=actor.name, reason=reason):
                schedule.save()
                changed += 1
    return changed


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
