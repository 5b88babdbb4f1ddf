"""Opening one execution for each due slot of each schedule."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from core.ids import uuid7
from core.sql import Row, load
from executions.states import Reason
from jobs.models import JobSchedule
from jobs.schedules import Rule

LOCK_DUE = load(__file__, "lock_due_schedules")
COUNT_UNFINISHED = load(__file__, "count_unfinished")
OPEN_SLOTS = load(__file__, "open_slots")

logger = logging.getLogger(__name__)

MOST_SCHEDULES = 500
MOST_SLOTS_PER_SCHEDULE = 500
MOST_SLOTS = 2_000
# One execution under way and one waiting (queue_one).
MOST_UNFINISHED = 2


@dataclass(frozen=True)
class Slot:
    """One due slot and what becomes of it: opened, or skipped for ``reason``."""

    scheduled_for: datetime
    is_late: bool
    reason: Reason | None


@dataclass(frozen=True)
class Planned:
    """What one pass did; ``is_full`` when more may be due already."""

    opened: int
    is_full: bool


@transaction.atomic
def plan(*, now: datetime | None = None, limit: int = MOST_SCHEDULES) -> Planned:
    """Open the due slots of at most ``limit`` schedules, in one transaction.

    A pass opens some thousand slots at most: after a long outage many passes do what one could not
    within the time that beat allows a transaction.
    """
    due = LOCK_DUE.rows(now=now, limit=limit)
    if not due:
        return Planned(opened=0, is_full=False)
    schedules = JobSchedule.objects.in_bulk([row["id"] for row in due])
    unfinished = {
        row["schedule_id"]: row["count"] for row in COUNT_UNFINISHED.rows(schedules=list(schedules))
    }
    opened: list[tuple[Row, Slot]] = []
    next_fires: dict[UUID, datetime | None] = {}
    for row in due:
        if len(opened) >= MOST_SLOTS:
            break
        try:
            slots, following = _plan_schedule(row, schedules[row["id"]], unfinished[row["id"]])
        except Exception:
            # It stays due, so that `doctor` and the health probe show it; the others go on.
            logger.exception("schedule %s cannot be planned", row["id"])
            continue
        opened += [(row, slot) for slot in slots]
        next_fires[row["id"]] = following
    _open(opened, next_fires, now)
    at = due[0]["now"]
    still_due = any(fire is not None and fire <= at for fire in next_fires.values())
    is_cut = len(due) == limit or len(opened) >= MOST_SLOTS
    return Planned(opened=len(opened), is_full=bool(opened) and (still_due or is_cut))


def _plan_schedule(
    row: Row, schedule: JobSchedule, unfinished: int
) -> tuple[list[Slot], datetime | None]:
    """Return the schedule's due slots and the slot after them, if it goes on.

    Between ``stopped_at`` and ``resumed_at`` there is none.
    """
    rule, stopped_at = schedule.rule, row["stopped_at"]
    until = row["now"] if stopped_at is None else min(row["now"], stopped_at)
    slots = list(decide_slots(rule, row, unfinished, until=until))
    following = rule.next(slots[-1].scheduled_for) if slots else None
    if stopped_at is not None and (following is None or following > stopped_at):
        following = rule.next(row["resumed_at"]) if row["resumed_at"] else None
    return slots, following


def _open(
    opened: list[tuple[Row, Slot]], next_fires: dict[UUID, datetime | None], now: datetime | None
) -> None:
    OPEN_SLOTS.rows(
        now=now,
        ids=[uuid7() for _ in opened],
        jobs=[row["job_id"] for row, _ in opened],
        versions=[row["version_id"] for row, _ in opened],
        schedules=[row["id"] for row, _ in opened],
        slots=[slot.scheduled_for for _, slot in opened],
        late=[slot.is_late for _, slot in opened],
        priorities=[row["priority"] for row, _ in opened],
        reasons=[slot.reason for _, slot in opened],
        inputs=[row["parameters"] for row, _ in opened],
        advanced=list(next_fires),
        next_fires=list(next_fires.values()),
    )


def decide_slots(rule: Rule, row: Row, unfinished: int, *, until: datetime) -> Iterator[Slot]:
    """Yield the schedule's slots up to ``until``, oldest first, at most 500, each with its fate.

    A slot found within the misfire grace runs. Of older ones only the last runs, and only if no
    later slot does (``run_latest``); the others are recorded as skipped, so history has no holes.
    """
    now = row["now"]
    grace = timedelta(seconds=settings.SCHEDULER_MISFIRE_GRACE_SECONDS)
    window = timedelta(seconds=settings.SCHEDULER_CATCHUP_WINDOW_SECONDS)
    slot: datetime | None = row["next_fire_at"]
    for _ in range(MOST_SLOTS_PER_SCHEDULE):
        if slot is None or slot > until:
            return
        following, age = rule.next(slot), now - slot
        is_latest = following is None or following > until
        reason = None
        if age > grace and not (is_latest and age <= window):
            reason = Reason.MISFIRE
        elif unfinished >= MOST_UNFINISHED:
            reason = Reason.OVERLAP
        else:
            unfinished += 1
        yield Slot(scheduled_for=slot, is_late=age > timedelta(seconds=1), reason=reason)
        slot = following
