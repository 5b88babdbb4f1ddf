"""Opening one execution for each due slot of each schedule."""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from core.ids import uuid7
from core.sql import Row, load
from executions.due import Backlog, find_backlog
from executions.opening import open_runs, run_sizes
from executions.replacing import stop_replaced
from executions.slots import Policy, Slot, decide_slots
from executions.successors import follow
from jobs.concurrency_keys import concurrency_key
from jobs.models import JobSchedule, MisfirePolicy, Overlap, ScheduleVersion, Standing
from jobs.rules import VersionRules
from jobs.stretches import Stretch, stretches_of
from jobs.versions import keep_version, next_run

LOCK_DUE = load(__file__, "lock_due_schedules")
COUNT_UNFINISHED = load(__file__, "count_unfinished")
FIND_DEFERRED = load(__file__, "find_deferred")
OPEN_SLOTS = load(__file__, "open_slots")

logger = logging.getLogger(__name__)

MOST_SCHEDULES = 500
MOST_SLOTS = 2_000
_REPLACES = (Overlap.CANCEL_RUNNING, Overlap.TERMINATE_RUNNING)
# So many rows of a run take as long to write as one slot.
_ROWS_PER_SLOT = 10
_PUT_ASIDE_SECONDS = 60.0
# Well below the time that beat allows a transaction: what is decided by then is written.
_LONGEST_PASS_SECONDS = 2.0

_rules = VersionRules()
# Schedules that could not be planned, and until when they are left alone (monotonic): they must
# not take the places of others, nor fill the log.
_put_aside: dict[UUID, float] = {}


@dataclass(frozen=True)
class Planned:
    """What one pass did; ``is_full`` when more may be due already."""

    opened: int
    is_full: bool


@dataclass(frozen=True)
class Advance:
    """Where a schedule stands after a pass."""

    row: Row
    backlog: Backlog
    slots: list[Slot]
    next_fire_at: datetime | None
    next_run_at: datetime | None

    @property
    def runs(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.reason is None]


@dataclass(frozen=True)
class Surroundings:
    """What a pass has read of all its schedules at once."""

    unfinished: Mapping[UUID, int]
    deferred: Mapping[UUID, dict[datetime, datetime]]
    versions: Mapping[UUID, list[ScheduleVersion]] = field(default_factory=dict)
    run_sizes: Mapping[UUID, int] = field(default_factory=dict)

    def slots_per_run(self, row: Row) -> int:
        """For how many slots one of this schedule counts: its run is opened in the same pass."""
        return 1 + self.run_sizes.get(row["job_id"], 0) // _ROWS_PER_SLOT


class _Enough:
    """Says that a schedule has had its share of a pass: of slots, or of time."""

    def __init__(self, most: int, is_over: Callable[[], bool]) -> None:
        self._left, self._is_over = most, is_over

    def __call__(self) -> bool:
        """Asked before each slot but the first."""
        self._left -= 1
        return self._left <= 0 or self._is_over()


@transaction.atomic
def plan(*, now: datetime | None = None, limit: int = MOST_SCHEDULES) -> Planned:
    """Open the due slots of at most ``limit`` schedules, in one transaction.

    A pass opens some thousand slots at most: after a long outage many passes do what one could not
    within the time that beat allows a transaction.
    """
    due = LOCK_DUE.rows(now=now, limit=limit, put_aside=_still_put_aside())
    if not due:
        return Planned(opened=0, is_full=False)
    around = _look_around(due)
    advances: list[Advance] = []
    spent, ends_at = 0, time.monotonic() + _LONGEST_PASS_SECONDS

    def is_over() -> bool:
        return time.monotonic() > ends_at

    for row in due:
        if spent >= MOST_SLOTS or (advances and is_over()):
            break
        try:
            room = (MOST_SLOTS - spent) // around.slots_per_run(row)
            enough = _Enough(room, is_over) if row["has_dependents"] else is_over
            advances.append(_plan_schedule(row, around, enough))
        except Exception:
            # It stays due, so that `doctor` and the health probe show it; the others go on.
            logger.exception("schedule %s cannot be planned", row["id"])
            _put_aside[row["id"]] = time.monotonic() + _PUT_ASIDE_SECONDS
            continue
        spent += len(advances[-1].slots) * around.slots_per_run(row)
    _open(advances, now)
    _complete(advances)
    at = due[0]["now"]
    still_due = any(a.next_fire_at is not None and a.next_fire_at <= at for a in advances)
    is_cut = len(due) == limit or spent >= MOST_SLOTS or is_over()
    opened = sum(len(advance.slots) for advance in advances)
    return Planned(opened=opened, is_full=bool(advances) and (still_due or is_cut))


def _still_put_aside() -> list[UUID]:
    now = time.monotonic()
    for pk in [pk for pk, until in _put_aside.items() if until <= now]:
        del _put_aside[pk]
    return list(_put_aside)


def _look_around(due: Sequence[Row]) -> Surroundings:
    """Read what the pass needs of all its schedules, in a few statements."""
    pks = [row["id"] for row in due]
    counts = COUNT_UNFINISHED.rows(schedules=pks)
    deferred: dict[UUID, dict[datetime, datetime]] = defaultdict(dict)
    for row in FIND_DEFERRED.rows(schedules=pks):
        deferred[row["schedule_id"]][row["due_at"]] = row["scheduled_for"]
    versions = _versions_since({row["id"]: row["next_fire_at"] for row in _changed(due)})
    needed = [row["schedule_version_id"] for row in due]
    _rules.load([*needed, *(version.pk for rows in versions.values() for version in rows)])
    return Surroundings(
        unfinished={row["schedule_id"]: row["count"] for row in counts},
        deferred=deferred,
        versions=versions,
        run_sizes=run_sizes(row["job_id"] for row in due if row["has_dependents"]),
    )


def _changed(due: Sequence[Row]) -> Iterator[Row]:
    """Those that were changed after their slot had fallen due: the version of then decides."""
    return (row for row in due if row["versioned_at"] >= row["next_fire_at"])


def _versions_since(slots: Mapping[UUID, datetime]) -> dict[UUID, list[ScheduleVersion]]:
    """The versions of each schedule from the one that its slot belongs to on."""
    found: dict[UUID, list[ScheduleVersion]] = defaultdict(list)
    if slots:
        rows = ScheduleVersion.objects.filter(schedule__in=slots).defer("spec").order_by("number")
        for version in rows:
            own = found[version.schedule_id]
            if version.since < slots[version.schedule_id]:
                own.clear()  # the slot belongs to this one or to a later one
            own.append(version)
    return found


def _plan_schedule(row: Row, around: Surroundings, is_over: Callable[[], bool]) -> Advance:
    """Decide on the schedule's due slots, and find the slot after them, if it goes on."""
    stretches, first = _stretches(row, around), row["next_fire_at"]
    backlog = find_backlog(first, stretches, until=row["now"], is_over=is_over)
    policy = _policy(row, around)
    slots = decide_slots(backlog.slots, policy, now=row["now"], has_later=backlog.has_later_to_run)
    runs = sum(slot.reason is None for slot in slots)
    if policy.runs_left is not None and runs >= policy.runs_left and not backlog.is_cut:
        return Advance(row, backlog, slots, None, None)
    if backlog.stuck is not None:
        logger.error("schedule %s gets no further: %s", row["id"], backlog.stuck.why)
    following = backlog.following
    return Advance(row, backlog, slots, following, next_run(backlog.latest.rule, following))


def _stretches(row: Row, around: Surroundings) -> list[Stretch]:
    """The versions of the rule since the slot that is due: nearly always just the present one."""
    versions = around.versions.get(row["id"])
    if versions:
        return stretches_of(versions, _rules)
    pk = row["schedule_version_id"]
    return [
        Stretch(
            rule=_rules.get(pk),
            kind=_rules.kind(pk),
            standing=Standing(row["standing"]),
            since=row["versioned_at"],
            until=None,
        )
    ]


def _policy(row: Row, around: Surroundings) -> Policy:
    grace, window = row["misfire_grace_seconds"], row["catchup_window_seconds"]
    if grace is None:
        grace = settings.SCHEDULER_MISFIRE_GRACE_SECONDS
    if window is None:
        window = settings.SCHEDULER_CATCHUP_WINDOW_SECONDS
    runs_left = None if row["max_runs"] is None else max(row["max_runs"] - row["run_count"], 0)
    return Policy(
        key=str(row["id"]),
        misfire=MisfirePolicy(row["misfire_policy"]),
        grace=timedelta(seconds=grace),
        window=timedelta(seconds=window),
        max_catchup=row["max_catchup"],
        overlap=Overlap(row["overlap"]),
        spread_seconds=row["spread_seconds"],
        runs_left=runs_left,
        unfinished=around.unfinished[row["id"]],
        is_failing=row["is_failing"],
        deferred=around.deferred.get(row["id"], {}),
    )


def _open(advances: list[Advance], now: datetime | None) -> None:
    """Write the slots and the advance of each schedule; then stop what they take the place of."""
    opened = [(advance.row, slot) for advance in advances for slot in advance.slots]
    ids = [uuid7() for _ in opened]
    OPEN_SLOTS.rows(
        now=now,
        ids=ids,
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
        keys=[_key(row) for row, _ in opened],
        advanced=[advance.row["id"] for advance in advances],
        next_fires=[advance.next_fire_at for advance in advances],
        next_runs=[advance.next_run_at for advance in advances],
        stuck=[advance.backlog.stuck and advance.backlog.stuck.at for advance in advances],
        stuck_reasons=[advance.backlog.stuck and advance.backlog.stuck.why for advance in advances],
    )
    follow(
        open_runs([pk for pk, (row, _) in zip(ids, opened, strict=True) if row["has_dependents"]])
    )
    if any(advance.runs and advance.row["overlap"] in _REPLACES for advance in advances):
        stop_replaced(now=now)


def _key(row: Row) -> str | None:
    if not row["concurrency_key"]:
        return None
    return concurrency_key(row["concurrency_key"], json.loads(row["parameters"]))


def _complete(advances: list[Advance]) -> None:
    """Keep that a schedule has run as often as it may: its later slots are not expected."""
    done: dict[UUID, datetime] = {
        advance.row["id"]: advance.slots[-1].scheduled_for
        for advance in advances
        if advance.row["max_runs"] is not None and advance.next_fire_at is None and advance.slots
    }
    for schedule in JobSchedule.objects.filter(pk__in=done) if done else ():
        if keep_version(schedule, since=done[schedule.pk], by="platform"):
            schedule.save(update_fields=["version", "versioned_at"])
