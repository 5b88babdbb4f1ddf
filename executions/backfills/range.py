"""The slots of a range: which a backfill opens, and why it leaves out the others."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.errors import FieldProblem, InvalidInput
from core.sql import Row, load
from core.times import show_time
from executions.ledger.forgetting import Forgetting
from executions.models import Backfill
from jobs.models import JobSchedule
from jobs.schedules import Rule
from jobs.schedules.business import CalendarOutOfDate

RUNS_OF_SLOTS = load(__file__, "runs_of_slots")

MOST_SLOTS = 10_000
"""So many slots one backfill may have, those that it leaves out counted."""

_MICROSECOND = timedelta(microseconds=1)


class Include(StrEnum):
    """Which slots are opened: those of which nothing ever started, or also what did not succeed."""

    MISSING = "missing"
    FAILED = "failed"


class LeftOut(StrEnum):
    """Why a slot is left out."""

    RAN = "ran"
    FAILED = "failed"
    UNDER_WAY = "under_way"
    EXCLUDED = "excluded"
    NOT_OPENED = "not_opened"
    FORGOTTEN = "forgotten"


LEFT_OUT: dict[LeftOut, str] = {
    LeftOut.RAN: "it ran and succeeded",
    LeftOut.FAILED: "it was started and did not succeed; include failed ones to run it again",
    LeftOut.UNDER_WAY: "an execution of it is not over yet",
    LeftOut.EXCLUDED: "the schedule's exclusions take it out",
    LeftOut.NOT_OPENED: "no beat has come to it yet; one that runs will open it",
    LeftOut.FORGOTTEN: "it may have run: retention has deleted executions of its time",
}
"""Each in words."""


@dataclass(frozen=True, slots=True)
class RangeSlot:
    """One slot, the dates it stands for, and why it is left out, None if it is opened.

    ``execution_id`` is one of those there are of it already.
    """

    at: datetime
    business_date: date
    previous_business_date: date | None
    next_business_date: date | None
    left_out: LeftOut | None = None
    execution_id: UUID | None = None


@dataclass
class Range:
    """The slots of [from_at, until_at), oldest first; ``problem`` says why not all are known."""

    schedule: JobSchedule
    slots: list[RangeSlot] = field(default_factory=list)
    problem: str | None = None

    @property
    def opened(self) -> list[RangeSlot]:
        return [slot for slot in self.slots if slot.left_out is None]

    @property
    def left_out(self) -> Counter[LeftOut]:
        """How many are left out, by why."""
        return Counter(slot.left_out for slot in self.slots if slot.left_out is not None)


def find_range(
    schedule: JobSchedule, rule: Rule, *, from_at: datetime, until_at: datetime, include: Include
) -> Range:
    """Work out the slots by the schedule's present rule, and look what there is of them.

    Nothing is locked: whoever opens them has locked the schedule first.
    """
    found = Range(schedule)
    slots: list[tuple[datetime, bool]] = []
    try:
        for slot in _slots(rule, from_at, until_at):
            slots.append((slot, _is_excluded(rule, slot)))
    except CalendarOutOfDate as error:
        found.problem = str(error)
    if slots:
        sorter = _Sorter(schedule, include, slots[0][0], slots[-1][0])
        found.slots = [_range_slot(rule, at, *sorter.sort(at, excluded)) for at, excluded in slots]
    return found


def runs_of_slots(
    schedule: UUID, *, first: datetime, last: datetime, besides: UUID | None = None
) -> Mapping[datetime, Row]:
    """What there is of a schedule's slots in [first, last], but for those of one backfill."""
    rows = RUNS_OF_SLOTS.rows(schedule=schedule, first=first, last=last, besides=besides)
    return {row["slot"]: row for row in rows}


def _slots(rule: Rule, from_at: datetime, until_at: datetime) -> Iterator[datetime]:
    count, slot = 0, rule.next_slot(from_at - _MICROSECOND)
    while slot is not None and slot < until_at:
        count += 1
        if count > MOST_SLOTS:
            detail = (
                f"The range has more than {MOST_SLOTS:,} slots, so many by {show_time(slot)}."
                " Do it in several parts."
            )
            raise InvalidInput([FieldProblem("until_at", "too_many_slots", detail)])
        yield slot
        slot = rule.next_slot(slot)


def _is_excluded(rule: Rule, slot: datetime) -> bool:
    """Whether it never runs; of several deferred to the same instant, only the first does."""
    verdict = rule.judge(slot)
    if verdict is None:
        return False
    if verdict.until is None:
        return True
    waiting = rule.find_waiting(verdict.until)
    return waiting is not None and waiting.slots[0] != slot


class _Sorter:
    """Says of each slot whether it is opened."""

    def __init__(
        self, schedule: JobSchedule, include: Include, first: datetime, last: datetime
    ) -> None:
        self._schedule = schedule
        self._include = include
        self._runs = runs_of_slots(schedule.pk, first=first, last=last)
        self._forgetting = Forgetting()
        earlier = Backfill.objects.filter(
            schedule=schedule, from_at__lte=last, until_at__gt=first
        ).values_list("from_at", "until_at")
        self._backfilled = list(earlier)

    def sort(self, slot: datetime, is_excluded: bool) -> tuple[LeftOut | None, UUID | None]:
        """Return why a slot is left out, and an execution of it."""
        run = self._runs.get(slot)
        if run is not None and (left_out := self._left_out_for(run)):
            return left_out, run["id"]
        if is_excluded:
            return LeftOut.EXCLUDED, None
        next_fire = self._schedule.next_fire_at
        if next_fire is not None and next_fire <= slot:
            return LeftOut.NOT_OPENED, None
        if run is None and self._may_be_forgotten(slot):
            return LeftOut.FORGOTTEN, None
        return None, run["id"] if run else None

    def _left_out_for(self, run: Row) -> LeftOut | None:
        if run["has_succeeded"]:
            return LeftOut.RAN
        if run["is_unfinished"]:
            return LeftOut.UNDER_WAY
        is_taken = not run["was_started"] or self._include == Include.FAILED
        return None if is_taken else LeftOut.FAILED

    def _may_be_forgotten(self, slot: datetime) -> bool:
        """Whether it had an execution that retention may have deleted."""
        had_one = slot >= self._schedule.created_at or any(
            begin <= slot < end for begin, end in self._backfilled
        )
        return had_one and self._forgetting.has_deleted(self._schedule.job_id, slot)


def _range_slot(
    rule: Rule, at: datetime, left_out: LeftOut | None, execution_id: UUID | None
) -> RangeSlot:
    dates = rule.business_dates(at)
    return RangeSlot(at, dates.business_date, dates.previous, dates.next, left_out, execution_id)
