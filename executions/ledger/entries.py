"""The lines of a ledger: one slot, and what became of it. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from executions.ledger.spans import Span
from executions.states import FINAL, ExecutionStatus, Reason
from jobs.models import Standing

_RAN = (ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT)


class Fate(StrEnum):
    """What became of a slot."""

    RAN = "ran"
    LATE = "late"
    UNDER_WAY = "under_way"
    SKIPPED = "skipped"
    PAUSED = "paused"
    STOPPED = "stopped"
    COMPLETED = "completed"
    ARCHIVED = "archived"
    FORGOTTEN = "forgotten"
    BACKFILLED = "backfilled"
    MISSED = "missed"
    NOT_DUE = "not_due"
    UNEXPECTED = "unexpected"
    UNKNOWN = "unknown"


FATES: dict[Fate, str] = {
    Fate.RAN: "it ran, on time",
    Fate.LATE: "it was opened late, and ran or will run",
    Fate.UNDER_WAY: "it is not over yet",
    Fate.SKIPPED: "it was decided, with a reason, not to run it",
    Fate.PAUSED: "the schedule was paused",
    Fate.STOPPED: "the schedule was disabled",
    Fate.COMPLETED: "the schedule had run as often as it may",
    Fate.ARCHIVED: "the schedule was archived",
    Fate.FORGOTTEN: "it is so old that retention has deleted its execution",
    Fate.BACKFILLED: "nobody opened it when it was due; a backfill has, since",
    Fate.MISSED: "it was due, and nothing shows that anybody looked at it: a hole",
    Fate.NOT_DUE: "its time has not come",
    Fate.UNEXPECTED: "there is an execution, and the rule has no such slot",
    Fate.UNKNOWN: "from here on the slots cannot be worked out",
}
"""Each fate in words, as people read it."""

ACCOUNTED = frozenset(FATES) - {Fate.MISSED, Fate.NOT_DUE, Fate.UNEXPECTED, Fate.UNKNOWN}
"""What a slot that was due may come to, for all to be well."""

_NOT_FIRING = {
    Standing.PAUSED: Fate.PAUSED,
    Standing.STOPPED: Fate.STOPPED,
    Standing.COMPLETED: Fate.COMPLETED,
    Standing.ARCHIVED: Fate.ARCHIVED,
}


@dataclass(frozen=True, slots=True)
class SlotRow:
    """What the ledger reads of an execution."""

    id: UUID
    slot: datetime
    status: str
    reason: str | None
    note: str | None
    is_late: bool
    has_started: bool
    business_date: date | None


@dataclass(frozen=True, slots=True)
class Backfilled:
    """The execution by which a backfill has run a slot since, or is about to."""

    id: UUID
    status: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One slot. ``span`` is the time of the rule it is of; without ``row`` nothing was opened."""

    slot: datetime
    fate: Fate
    reason: str | None = None
    detail: str | None = None
    row: SlotRow | None = None
    span: Span | None = None
    backfilled: Backfilled | None = None

    @property
    def execution_id(self) -> UUID | None:
        return self.row.id if self.row else None

    @property
    def status(self) -> str | None:
        return self.row.status if self.row else None


def entry_of_row(row: SlotRow, span: Span | None, *, is_expected: bool = True) -> Entry:
    """The line of a slot that has an execution."""
    fate = _fate_of(row) if is_expected else Fate.UNEXPECTED
    return Entry(row.slot, fate, row.reason, row.note or _say(row.reason), row, span)


def _fate_of(row: SlotRow) -> Fate:
    status = ExecutionStatus(row.status)
    has_run = status in _RAN or (status == ExecutionStatus.CANCELLED and row.has_started)
    if status in FINAL and not has_run:
        return Fate.SKIPPED
    if row.is_late:
        return Fate.LATE
    return Fate.RAN if has_run else Fate.UNDER_WAY


def entry_of_pause(slot: datetime, span: Span) -> Entry:
    """The line of a slot inside a time at which the schedule did not fire."""
    fate = _NOT_FIRING[span.standing]
    return Entry(slot, fate, fate.value, span.reason or FATES[fate], span=span)


def entry_without_row(slot: datetime, fate: Fate, span: Span, detail: str | None = None) -> Entry:
    """The line of a slot that ought to have an execution, or may still get one."""
    return Entry(slot, fate, detail=detail or FATES[fate], span=span)


def _say(reason: str | None) -> str | None:
    return None if reason is None else str(Reason(reason).label)
