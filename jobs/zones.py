"""Fires after an upgrade of tzdata: what was stored by the old data is worked out again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.trail import Actor, record
from core.clock import database_now
from jobs.models import JobSchedule, ScheduleType, Standing
from jobs.rules import Surroundings, spec_of
from jobs.schedules import InvalidRule
from jobs.versions import TZDATA_VERSION, place_next, standing_of

_BATCH = 500
_PLACED = ("next_fire_at", "next_run_at", "stuck_at", "stuck_reason")


@dataclass(frozen=True)
class ZoneMove:
    """A schedule whose next slot or run is another by the tzdata of now; ``tzdata`` is the old."""

    schedule: JobSchedule
    tzdata: str
    fire_before: datetime | None
    fire_after: datetime | None
    run_before: datetime | None
    run_after: datetime | None


@dataclass
class Recomputed:
    """How many schedules were looked at, what moved, and whose rule does not hold any more."""

    count: int = 0
    moved: list[ZoneMove] = field(default_factory=list)
    broken: list[tuple[JobSchedule, str]] = field(default_factory=list)


def recompute_fires(*, actor: Actor, is_applied: bool, now: datetime | None = None) -> Recomputed:
    """Work the next slot of every firing schedule out again; write it if ``is_applied``.

    A slot that is due already stays as it is. Each batch is a transaction, with an audit entry for
    each schedule that moved.
    """
    outcome, last = Recomputed(), UUID(int=0)
    while True:
        with transaction.atomic():
            instant = now or database_now()
            batch = list(_firing(instant).filter(pk__gt=last).order_by("pk")[:_BATCH])
            if not batch:
                return outcome
            placed, moved = _recompute(batch, outcome, now=instant)
            if is_applied:
                _save(placed, moved, actor=actor)
        last = batch[-1].pk


def _firing(now: datetime) -> QuerySet[JobSchedule]:
    """Those with a slot to come, which their zone decides; locked."""
    rows = JobSchedule.objects.unarchived().filter(next_fire_at__gt=now)
    # What follows a completion is counted from the end of an execution, whatever the clock shows.
    rows = rows.exclude(schedule_type=ScheduleType.AFTER_COMPLETION)
    return rows.select_related("job").select_for_update(of=("self",))


def _recompute(
    batch: Sequence[JobSchedule], outcome: Recomputed, *, now: datetime
) -> tuple[list[JobSchedule], list[ZoneMove]]:
    """Place the schedules of a batch anew, and note what came of it; nothing is saved."""
    around = Surroundings()
    around.load_teams(batch)
    placed, moved = [], []
    for schedule in batch:
        if standing_of(schedule) != Standing.FIRING:
            continue
        outcome.count += 1
        fire, run, tzdata = schedule.next_fire_at, schedule.next_run_at, schedule.tzdata_version
        try:
            place_next(schedule, spec_of(schedule, around=around), now=now, is_changed=False)
        except InvalidRule as error:
            outcome.broken.append((schedule, str(error)))
            continue
        placed.append(schedule)
        after = schedule.next_fire_at, schedule.next_run_at
        if after != (fire, run):
            moved.append(ZoneMove(schedule, tzdata, fire, after[0], run, after[1]))
    outcome.moved += moved
    return placed, moved


def _save(placed: Sequence[JobSchedule], moved: Sequence[ZoneMove], *, actor: Actor) -> None:
    rows = JobSchedule.objects.filter(pk__in=[schedule.pk for schedule in placed])
    rows.update(tzdata_version=TZDATA_VERSION)
    JobSchedule.objects.bulk_update([move.schedule for move in moved], _PLACED)
    for move in moved:
        _record(actor, move)


def _record(actor: Actor, move: ZoneMove) -> None:
    record(
        actor=actor,
        action="ScheduleChanged",
        object_type="schedule",
        object_id=move.schedule.pk,
        object_label=str(move.schedule),
        before=_audited(move.fire_before, move.run_before, move.tzdata),
        after=_audited(move.fire_after, move.run_after, TZDATA_VERSION),
        reason="tzdata was upgraded",
    )


def _audited(fire: datetime | None, run: datetime | None, tzdata: str) -> dict[str, str | None]:
    return {
        "next_fire_at": fire.isoformat() if fire else None,
        "next_run_at": run.isoformat() if run else None,
        "tzdata_version": tzdata,
    }
