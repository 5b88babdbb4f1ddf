"""Letting schedules follow a calendar or a window that has changed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from audit.trail import Actor
from core.errors import Conflict
from jobs.models import JobSchedule
from jobs.refreshing import refresh_schedules
from jobs.rules import spec_of
from jobs.schedules import InvalidRule, compile_rule


def follow(schedules: Collection[UUID], *, actor: Actor, reason: str, now: datetime) -> int:
    """As ``refresh_schedules``; raise ``Conflict`` naming a schedule that would never run again."""
    known = set(_without_run(schedules).values_list("pk", flat=True))
    count = refresh_schedules(schedules, actor=actor, reason=reason, now=now)
    for schedule in _without_run(schedules).exclude(pk__in=known).select_related("job"):
        try:
            compile_rule(spec_of(schedule))
        except InvalidRule as invalid:
            why = "; ".join(error.detail for error in invalid.errors)
            detail = f"Of schedule {schedule.pk} ({schedule.job.name}) {why}. Nothing was changed."
            raise Conflict("excluded_for_ever", detail) from None
    return count


def _without_run(schedules: Collection[UUID]) -> QuerySet[JobSchedule]:
    """Those that have slots to come, of which none is known to run."""
    rows = JobSchedule.objects.unarchived().filter(pk__in=schedules)
    return rows.filter(next_fire_at__isnull=False, next_run_at__isnull=True)
