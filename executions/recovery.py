"""Opening slots afterwards: lost ones, those an outage made misfires, and those of a pause."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from uuid import UUID

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict
from core.ids import uuid7
from executions.ledger import Entry, Fate, read_ledgers
from executions.ledger.reading import is_the_planners
from executions.models import Backfill, ExecutionTransition, JobExecution, Origin, RunEdge
from executions.opening import open_runs
from executions.services import refuse_run, rerun
from executions.states import ExecutionStatus, Reason
from executions.successors import follow
from executions.wake import poke_after_commit
from jobs.concurrency_keys import concurrency_key
from jobs.models import JobSchedule, JobVersion

CROWDED = "crowded-out"
"""Found late, and skipped because others that were found with it wait already."""

MISSED = (
    Fate.MISSED.value,
    CROWDED,
    f"skipped-{Reason.MISFIRE}",
    f"skipped-{Reason.CATCHUP}",
)
"""What an outage leaves behind."""

KINDS = (
    *MISSED,
    Fate.PAUSED.value,
    Fate.STOPPED.value,
    *(f"skipped-{reason}" for reason in Reason if f"skipped-{reason}" not in MISSED),
)
"""All that can be recovered, by the names that :func:`kind_of` gives."""

_BATCH = 100


@dataclass(frozen=True)
class Lost:
    """A slot that did not run; ``refusal`` says why it cannot be recovered, if so."""

    schedule: JobSchedule
    entry: Entry
    refusal: str | None

    @property
    def slot(self) -> datetime:
        return self.entry.slot


def kind_of(entry: Entry) -> str:
    """What became of the slot, such as "missed" or "skipped-misfire"."""
    if entry.reason == Reason.OVERLAP and entry.row is not None and entry.row.is_late:
        return CROWDED
    return f"skipped-{entry.reason}" if entry.fate == Fate.SKIPPED else entry.fate.value


def find_lost(
    schedules: Iterable[JobSchedule],
    *,
    after: datetime,
    until: datetime,
    now: datetime,
    kinds: Sequence[str] = MISSED,
) -> Iterator[Lost]:
    """The slots in (after, until] of these kinds, schedule by schedule, each oldest first.

    Those that were run again already, or backfilled, are left out.
    """
    for schedule, entries in read_ledgers(schedules, after=after, until=until, now=now):
        batch: list[Entry] = []
        for entry in entries:
            if kind_of(entry) in kinds:
                batch.append(entry)
            if len(batch) == _BATCH:
                yield from _not_run_again(schedule, batch)
                batch = []
        yield from _not_run_again(schedule, batch)


def recover(
    lost: Sequence[Lost], *, actor: Actor, per_minute: int, now: datetime | None = None
) -> list[JobExecution]:
    """Open these slots in their order, so many a minute, and return the executions.

    A slot without an execution gets its own, a skipped one is run again. What somebody else has
    opened meanwhile is passed over, so that this may be repeated. One transaction per hundred.
    """
    now = now or database_now()
    places = count()
    opened: list[JobExecution] = []
    ready = [one for one in lost if one.refusal is None]
    for start in range(0, len(ready), _BATCH):
        with transaction.atomic():
            for one in _still_lost(ready[start : start + _BATCH]):
                due_at = now + timedelta(minutes=next(places) / per_minute)
                opened.append(_recover_one(one, actor, due_at))
            poke_after_commit()
    return opened


def _not_run_again(schedule: JobSchedule, entries: list[Entry]) -> list[Lost]:
    again = _run_again([entry.row.id for entry in entries if entry.row])
    backfilled = _backfilled([schedule.pk], [entry.slot for entry in entries])
    return [
        Lost(schedule, entry, _refusal(schedule, entry))
        for entry in entries
        if (entry.row is None or entry.row.id not in again)
        and (schedule.pk, entry.slot) not in backfilled
    ]


def _run_again(executions: Sequence[UUID]) -> set[UUID]:
    found = JobExecution.objects.filter(rerun_of__in=executions).values_list("rerun_of", flat=True)
    return {pk for pk in found if pk is not None} if executions else set()


def _backfilled(
    schedules: Iterable[UUID], slots: Sequence[datetime]
) -> set[tuple[UUID | None, datetime]]:
    """The slots that a backfill has run, or is about to."""
    if not slots:
        return set()
    found = JobExecution.objects.filter(
        backfill__in=Backfill.objects.filter(schedule__in=schedules),
        origin=Origin.BACKFILL,
        scheduled_for__in=slots,
    ).exclude(status__in=(ExecutionStatus.CANCELLED, ExecutionStatus.SKIPPED))
    return set(found.values_list("schedule_id", "scheduled_for"))


def _refusal(schedule: JobSchedule, entry: Entry) -> str | None:
    if schedule.archived_at is not None:
        return "Its schedule is archived."
    if entry.fate == Fate.MISSED and is_the_planners(schedule, entry.slot):
        return "No beat has come to it yet: start one, and it goes by the schedule's misfire rules."
    try:
        refuse_run(schedule.job)
    except Conflict as conflict:
        return conflict.detail
    if entry.row is not None and not schedule.job.allow_manual_trigger:
        return f"Job {schedule.job.name} may not be triggered by hand."
    return None


def _still_lost(batch: Sequence[Lost]) -> list[Lost]:
    """Lock the executions and slots; leave out what has been recovered, or is gone, meanwhile."""
    rows = [one.entry.row.id for one in batch if one.entry.row]
    locked = JobExecution.objects.select_for_update(of=("self",)).filter(pk__in=rows).order_by("pk")
    there = set(locked.values_list("pk", flat=True))
    again = _run_again(rows)
    schedules = {one.schedule.pk for one in batch}
    # The planner holds this lock while it opens slots, and so does a backfill that is started.
    list(
        JobSchedule.objects.select_for_update(of=("self",)).filter(pk__in=schedules).order_by("pk")
    )
    taken = _taken(batch)
    backfilled = _backfilled(schedules, [one.slot for one in batch])
    return [
        one
        for one in batch
        if (
            one.entry.row.id in there - again
            if one.entry.row
            else (one.schedule.pk, one.slot) not in taken
        )
        and (one.schedule.pk, one.slot) not in backfilled
    ]


def _taken(batch: Sequence[Lost]) -> set[tuple[UUID | None, datetime]]:
    holes = [one for one in batch if one.entry.row is None]
    found = JobExecution.objects.filter(
        origin=Origin.SCHEDULE,
        schedule__in={one.schedule.pk for one in holes},
        scheduled_for__in=[one.slot for one in holes],
    )
    return set(found.values_list("schedule_id", "scheduled_for"))


def _recover_one(lost: Lost, actor: Actor, due_at: datetime) -> JobExecution:
    if lost.entry.row is not None:
        original = JobExecution(pk=lost.entry.row.id)
        again = rerun(actor=actor, execution=original, due_at=due_at, action="Recovered")
        # A slot that was skipped when it was planned has opened no run.
        if not RunEdge.objects.filter(upstream_execution=original).exists():
            follow(open_runs([again.pk]))
        return again
    execution = _open_slot(lost, actor, due_at)
    record(
        actor=actor,
        action="Recovered",
        object_type="execution",
        object_id=execution.pk,
        object_label=lost.schedule.job.name,
        after={"slot": lost.slot.isoformat(), "was": kind_of(lost.entry)},
    )
    return execution


def _open_slot(lost: Lost, actor: Actor, due_at: datetime) -> JobExecution:
    """Open the slot's own execution, as the planner would have."""
    job, key = lost.schedule.job, uuid7()
    execution = JobExecution.objects.create(
        pk=key,
        job=job,
        version=JobVersion.objects.get(job=job, number=job.version),
        schedule=lost.schedule,
        origin=Origin.SCHEDULE,
        correlation_id=key,
        triggered_by=actor.name,
        scheduled_for=lost.slot,
        due_at=due_at,
        is_late=True,
        priority=job.priority,
        input=lost.schedule.parameters,
        concurrency_key=concurrency_key(job.concurrency_key, lost.schedule.parameters),
        **_business_dates(lost.entry),
    )
    ExecutionTransition.objects.create(
        execution=execution,
        to_status=ExecutionStatus.SCHEDULED,
        attempt=0,
        fence=0,
        actor=actor.name,
    )
    follow(open_runs([execution.pk]))
    return execution


def _business_dates(entry: Entry) -> dict[str, date | None]:
    """The columns of an execution; only slots that a rule names are opened."""
    if entry.span is None or entry.span.rule is None:
        return {}
    dates = entry.span.rule.business_dates(entry.slot)
    return {
        "business_date": dates.business_date,
        "previous_business_date": dates.previous,
        "next_business_date": dates.next,
    }
