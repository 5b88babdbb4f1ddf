"""Opening one execution for each due slot of each schedule."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction

from core.ids import uuid7
from core.sql import Row, load
from executions.replacing import stop_replaced
from executions.slots import DueSlot, Policy, Slot, decide_slots
from jobs.models import JobSchedule, MisfirePolicy, Overlap, ScheduleType, ScheduleVersion, Standing
from jobs.rules import VersionRules
from jobs.schedules.business import CalendarOutOfDate
from jobs.stretches import Stretch, nominal_slots, stretches_of
from jobs.versions import keep_version, next_run

LOCK_DUE = load(__file__, "lock_due_schedules")
COUNT_UNFINISHED = load(__file__, "count_unfinished")
OPEN_SLOTS = load(__file__, "open_slots")

logger = logging.getLogger(__name__)

MOST_SCHEDULES = 500
MOST_SLOTS_PER_SCHEDULE = 500
MOST_SLOTS = 2_000
_REPLACES = (Overlap.CANCEL_RUNNING, Overlap.TERMINATE_RUNNING)

_rules = VersionRules()


@dataclass(frozen=True)
class Planned:
    """What one pass did; ``is_full`` when more may be due already."""

    opened: int
    is_full: bool


@dataclass(frozen=True)
class Advance:
    """Where a schedule stands after a pass."""

    row: Row
    slots: list[Slot]
    next_fire_at: datetime | None = None
    next_run_at: datetime | None = None
    stuck_reason: str | None = None

    @property
    def runs(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.reason is None]

    @property
    def is_completed(self) -> bool:
        left = _runs_left(self.row)
        return left is not None and len(self.runs) >= left


@transaction.atomic
def plan(*, now: datetime | None = None, limit: int = MOST_SCHEDULES) -> Planned:
    """Open the due slots of at most ``limit`` schedules, in one transaction.

    A pass opens some thousand slots at most: after a long outage many passes do what one could not
    within the time that beat allows a transaction.
    """
    due = LOCK_DUE.rows(now=now, limit=limit)
    if not due:
        return Planned(opened=0, is_full=False)
    _rules.load(row["schedule_version_id"] for row in due)
    counts = COUNT_UNFINISHED.rows(schedules=[row["id"] for row in due])
    unfinished = {row["schedule_id"]: row["count"] for row in counts}
    advances: list[Advance] = []
    opened = 0
    for row in due:
        if opened >= MOST_SLOTS:
            break
        try:
            advances.append(_plan_schedule(row, unfinished[row["id"]]))
        except Exception:
            # It stays due, so that `doctor` and the health probe show it; the others go on.
            logger.exception("schedule %s cannot be planned", row["id"])
            continue
        opened += len(advances[-1].slots)
    _open(advances, now)
    _complete(advances)
    at = due[0]["now"]
    still_due = any(a.next_fire_at is not None and a.next_fire_at <= at for a in advances)
    is_cut = len(due) == limit or opened >= MOST_SLOTS
    return Planned(opened=opened, is_full=bool(advances) and (still_due or is_cut))


def _plan_schedule(row: Row, unfinished: int) -> Advance:
    """Decide on the schedule's due slots, and find the slot after them, if it goes on."""
    now = row["now"]
    stretches = _stretches(row)
    try:
        due, next_fire_at = _due_slots(row, stretches, until=now)
    except CalendarOutOfDate as error:
        return _plan_until_stuck(row, stretches, unfinished, str(error))
    slots = decide_slots(due, _policy(row, unfinished), now=now)
    advance = Advance(row, slots, next_fire_at, next_run(stretches[-1].rule, next_fire_at))
    if next_fire_at is not None and advance.is_completed:
        return Advance(row, slots)
    return advance


def _stretches(row: Row) -> list[Stretch]:
    """The versions of the rule since the slot that is due: nearly always just the present one."""
    if row["versioned_at"] < row["next_fire_at"]:
        rule = _rules.get(row["schedule_version_id"])
        standing = Standing(row["standing"])
        return [Stretch(rule=rule, standing=standing, since=row["versioned_at"], until=None)]
    versions = ScheduleVersion.objects.filter(schedule_id=row["id"]).order_by("number")
    return stretches_of(list(versions), _rules)


def _due_slots(
    row: Row, stretches: list[Stretch], *, until: datetime
) -> tuple[list[DueSlot], datetime | None]:
    """The slots due by ``until``, oldest first, at most 500, and the first slot after those."""
    first: datetime = row["next_fire_at"]
    own = next((s for s in stretches if s.covers(first)), stretches[-1])
    if row["schedule_type"] == ScheduleType.AFTER_COMPLETION:
        # The slot after it is known once this one's execution is over (``executions/completions``).
        return [DueSlot(first, own.rule, None)], None
    found = [(first, own)]
    found += islice(nominal_slots(stretches, after=first, until=until), MOST_SLOTS_PER_SCHEDULE)
    cut = found[MOST_SLOTS_PER_SCHEDULE][0] if len(found) > MOST_SLOTS_PER_SCHEDULE else None
    found = found[:MOST_SLOTS_PER_SCHEDULE]
    following = cut or _first_after(stretches[-1], found[-1][0])
    after = [at for at, _ in found[1:]] + [following]
    due = [DueSlot(at, s.rule, later) for (at, s), later in zip(found, after, strict=True)]
    return due, following


def _first_after(latest: Stretch, slot: datetime) -> datetime | None:
    if latest.standing != Standing.FIRING:
        return None
    return latest.rule.next_slot(max(slot, latest.since))


def _plan_until_stuck(row: Row, stretches: list[Stretch], unfinished: int, why: str) -> Advance:
    """Open what can still be worked out; where the calendar ends, the schedule gets stuck."""
    first = row["next_fire_at"]
    own = next((s.rule for s in stretches if s.covers(first)), stretches[-1].rule)
    try:
        following = _first_after(stretches[-1], first)
    except CalendarOutOfDate:
        following = None
    due = [DueSlot(first, own, following)]
    slots = decide_slots(due, _policy(row, unfinished), now=row["now"])
    if following is not None:  # the calendar's end comes later: slot by slot until there
        return Advance(row, slots, following, following)
    logger.error("schedule %s gets no further: %s", row["id"], why)
    return Advance(row, slots, stuck_reason=why)


def _policy(row: Row, unfinished: int) -> Policy:
    grace, window = row["misfire_grace_seconds"], row["catchup_window_seconds"]
    if grace is None:
        grace = settings.SCHEDULER_MISFIRE_GRACE_SECONDS
    if window is None:
        window = settings.SCHEDULER_CATCHUP_WINDOW_SECONDS
    return Policy(
        key=str(row["id"]),
        misfire=MisfirePolicy(row["misfire_policy"]),
        grace=timedelta(seconds=grace),
        window=timedelta(seconds=window),
        max_catchup=row["max_catchup"],
        overlap=Overlap(row["overlap"]),
        spread_seconds=row["spread_seconds"],
        runs_left=_runs_left(row),
        unfinished=unfinished,
        is_failing=row["is_failing"],
    )


def _runs_left(row: Row) -> int | None:
    return None if row["max_runs"] is None else max(row["max_runs"] - row["run_count"], 0)


def _open(advances: list[Advance], now: datetime | None) -> None:
    """Write the slots and the advance of each schedule; then stop what they take the place of."""
    opened = [(advance.row, slot) for advance in advances for slot in advance.slots]
    OPEN_SLOTS.rows(
        now=now,
        ids=[uuid7() for _ in opened],
        jobs=[row["job_id"] for row, _ in opened],
        versions=[row["version_id"] for row, _ in opened],
        schedules=[row["id"] for row, _ in opened],
        slots=[slot.scheduled_for for _, slot in opened],
        due=[slot.due_at for _, slot in opened],
        late=[slot.is_late for _, slot in opened],
        priorities=[row["priority"] for row, _ in opened],
        reasons=[slot.reason for _, slot in opened],
        notes=[slot.note for _, slot in opened],
        business_dates=[slot.business_date for _, slot in opened],
        previous_dates=[slot.previous_business_date for _, slot in opened],
        next_dates=[slot.next_business_date for _, slot in opened],
        inputs=[row["parameters"] for row, _ in opened],
        advanced=[advance.row["id"] for advance in advances],
        next_fires=[advance.next_fire_at for advance in advances],
        next_runs=[advance.next_run_at for advance in advances],
        runs=[len(advance.runs) for advance in advances],
        stuck=[advance.stuck_reason for advance in advances],
    )
    if any(advance.runs and advance.row["overlap"] in _REPLACES for advance in advances):
        stop_replaced(now=now)


def _complete(advances: list[Advance]) -> None:
    """Keep that a schedule has run as often as it may: its later slots are not expected."""
    done: dict[UUID, datetime] = {
        advance.row["id"]: advance.slots[-1].scheduled_for
        for advance in advances
        if advance.slots and advance.is_completed
    }
    for schedule in JobSchedule.objects.filter(pk__in=done) if done else ():
        if keep_version(schedule, since=done[schedule.pk], by="platform"):
            schedule.save(update_fields=["version", "versioned_at"])
