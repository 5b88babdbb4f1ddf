"""Pausing a schedule, with who, why and until when; and letting it go on."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from audit.trail import PLATFORM, Actor
from core.clock import database_clock, database_now
from core.errors import Conflict, FieldProblem, InvalidInput
from jobs.models import JobSchedule
from jobs.schedules import InvalidRule
from jobs.scheduling import lock_schedule, record_schedule, schedule_values
from jobs.surroundings_lock import try_to_hold_surroundings
from jobs.versions import settle_schedule

_A_MOMENT = timedelta(microseconds=1)

logger = logging.getLogger(__name__)


@transaction.atomic
def pause_schedule(
    *, actor: Actor, schedule: JobSchedule, reason: str, until: datetime | None = None
) -> JobSchedule:
    """Open no more slots, until ``until`` if given. Slots of that time are no misfires.

    What was due before still runs. Raises ``InvalidInput`` without a reason or with a past
    ``until``, ``Conflict`` when the schedule is archived.
    """
    schedule, now = lock_schedule(schedule), database_clock()
    if not reason.strip():
        raise InvalidInput([FieldProblem("reason", "required", "Say why it is paused.")])
    if until is not None and until <= now:
        detail = f"{until.isoformat()} is over; give a later instant, or none to pause for good."
        raise InvalidInput([FieldProblem("until", "past", detail)])
    before = schedule_values(schedule)
    schedule.paused_at = schedule.paused_at or now
    schedule.paused_by, schedule.pause_reason, schedule.resume_at = actor.name, reason, until
    _settle(schedule, actor, before, now, action="SchedulePaused", reason=reason)
    return schedule


@transaction.atomic
def resume_schedule(*, actor: Actor, schedule: JobSchedule) -> JobSchedule:
    """Open slots again, from now on; raise ``Conflict`` when it is not paused."""
    schedule, now = lock_schedule(schedule), database_clock()
    if schedule.paused_at is None:
        raise Conflict("schedule_not_paused", "The schedule is not paused.")
    _resume(schedule, actor, now)
    return schedule


@transaction.atomic
def resume_due(*, now: datetime | None = None, limit: int = 200) -> int:
    """Let schedules go on whose pause is over, from the instant it ended; return how many.

    A slot at that very instant fires.
    """
    if not try_to_hold_surroundings():  # beat waits for nobody, and looks again soon
        return 0
    now = now or database_now()
    due = JobSchedule.objects.filter(resume_at__lte=now, archived_at__isnull=True)
    locked = due.select_for_update(skip_locked=True, of=("self",))[:limit]
    resumed = 0
    for schedule in locked:
        try:
            with transaction.atomic():
                _resume(schedule, PLATFORM, (schedule.resume_at or now) - _A_MOMENT)
        except InvalidRule:  # the others go on; `doctor` shows what does not
            logger.exception("schedule %s cannot be resumed", schedule.pk)
            continue
        resumed += 1
    return resumed


def _resume(schedule: JobSchedule, actor: Actor, now: datetime) -> None:
    before = schedule_values(schedule)
    schedule.paused_at = schedule.paused_by = schedule.pause_reason = schedule.resume_at = None
    _settle(schedule, actor, before, now, action="ScheduleResumed")


def _settle(
    schedule: JobSchedule,
    actor: Actor,
    before: dict[str, object],
    now: datetime,
    *,
    action: str,
    reason: str | None = None,
) -> None:
    settle_schedule(schedule, now=now, by=actor.name, reason=reason)
    schedule.updated_by, schedule.updated_at = actor.claims or actor.name, now
    schedule.save()
    record_schedule(actor, schedule, before=before, action=action, reason=reason)
