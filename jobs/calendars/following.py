"""Letting schedules follow a calendar or a window that has changed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from audit.trail import Actor
from core.errors import Conflict
from jobs.models import JobSchedule
from jobs.refreshing import refresh_schedules
from jobs.rules import rule_of
from jobs.schedules import InvalidRule


def follow(schedules: Collection[UUID], *, actor: Actor, reason: str, now: datetime) -> int:
    """As ``refresh_schedules``; raise ``Conflict`` naming the schedule that would never run."""
    try:
        return refresh_schedules(schedules, actor=actor, reason=reason, now=now)
    except InvalidRule as invalid:
        name = _first_invalid(schedules)
        detail = f"Nothing was changed: by it {name} would not be a rule any more ({invalid})."
        raise Conflict("rule_invalid", f"{detail} Change that schedule first.") from None


def _first_invalid(schedules: Collection[UUID]) -> str:
    rows = JobSchedule.objects.unarchived().filter(pk__in=schedules).select_related("job")
    for schedule in rows.order_by("pk"):
        try:
            rule_of(schedule)
        except InvalidRule:
            return f"schedule {schedule.pk} of {schedule.job.name}"
    return "a schedule"
