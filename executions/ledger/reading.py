"""The ledger: the slots that the rules name, beside the executions that stand for them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from executions.ledger.entries import (
    FATES,
    Backfilled,
    Entry,
    Fate,
    SlotRow,
    entry_of_pause,
    entry_of_row,
    entry_without_row,
)
from executions.ledger.forgetting import Forgetting
from executions.ledger.rows import all_rows, read_backfilled, read_first_rows
from executions.ledger.spans import Expected, Span, expected_slots, read_spans
from jobs.models import JobSchedule, Standing

OPENED_WITHIN = timedelta(seconds=60)
"""A slot without an execution is missed when it has been due for so long."""

_AT_ONCE = 100
_NOT_LOOKED_AT = "no beat has come to it yet; one that runs will open or skip it"


def read_ledger(
    schedule: JobSchedule, *, after: datetime, until: datetime, now: datetime
) -> Iterator[Entry]:
    """Each slot of a schedule later than ``after`` and not later than ``until``, oldest first.

    Slots are worked out and executions read bit by bit: stop asking to stop reading.
    """
    [(_, entries)] = read_ledgers([schedule], after=after, until=until, now=now)
    yield from entries


def read_ledgers(
    schedules: Iterable[JobSchedule], *, after: datetime, until: datetime, now: datetime
) -> Iterator[tuple[JobSchedule, Iterator[Entry]]]:
    """The ledger of each schedule, in their order; ask for the lines of one before the next."""
    forgetting = Forgetting()
    remaining = iter(schedules)
    while some := list(islice(remaining, _AT_ONCE)):
        ids = [schedule.pk for schedule in some]
        spans = read_spans(ids, after=after, until=until)
        first = read_first_rows(ids, after=after, until=until)
        backfilled = read_backfilled(ids, after=after, until=until)
        for schedule in some:
            rows = all_rows(schedule.pk, first.pop(schedule.pk, []), until=until)
            ledger = _Ledger(schedule, spans[schedule.pk], forgetting, now)
            lines = ledger.lines(rows, after=after, until=until)
            if since := backfilled.get(schedule.pk):
                lines = (_with_backfilled(entry, since.get(entry.slot)) for entry in lines)
            yield schedule, lines


class _Ledger:
    """The slots of one schedule, joined with its executions: both are in order of slot."""

    def __init__(
        self, schedule: JobSchedule, spans: Sequence[Span], forgetting: Forgetting, now: datetime
    ) -> None:
        self._schedule = schedule
        self._spans = spans
        self._forgetting = forgetting
        self._opened_until = now - OPENED_WITHIN
        self._unknown: Span | None = None

    def lines(
        self, rows: Iterator[SlotRow], *, after: datetime, until: datetime
    ) -> Iterator[Entry]:
        row = next(rows, None)
        for expected in expected_slots(self._spans, after=after, until=until):
            while row is not None and row.slot < expected.slot:
                yield self._unmatched(row)
                row = next(rows, None)
            if row is not None and row.slot == expected.slot and not expected.problem:
                yield entry_of_row(row, expected.span)
                row = next(rows, None)
            else:
                yield self._without_row(expected)
        while row is not None:
            yield self._unmatched(row)
            row = next(rows, None)

    def _without_row(self, expected: Expected) -> Entry:
        slot, span = expected.slot, expected.span
        if expected.problem:
            self._unknown = span
            return entry_without_row(slot, Fate.UNKNOWN, span, expected.problem)
        if slot > self._opened_until:
            return entry_without_row(slot, Fate.NOT_DUE, span)
        if span.standing != Standing.FIRING:
            return entry_of_pause(slot, span)
        if self._forgetting.has_deleted(self._schedule.job_id, slot):
            return entry_without_row(slot, Fate.FORGOTTEN, span)
        if is_the_planners(self._schedule, slot):
            return entry_without_row(slot, Fate.MISSED, span, _NOT_LOOKED_AT)
        return entry_without_row(slot, Fate.MISSED, span, FATES[Fate.MISSED])

    def _unmatched(self, row: SlotRow) -> Entry:
        """An execution without a slot: fine where none can be foretold."""
        span = next((span for span in self._spans if span.covers(row.slot)), None)
        is_foretold = span is not None and span.rule is not None and span is not self._unknown
        return entry_of_row(row, span, is_expected=not is_foretold)


def _with_backfilled(entry: Entry, backfilled: Backfilled | None) -> Entry:
    """Say of a slot what a backfill has done about it; one that was missed is a hole no more."""
    if backfilled is None:
        return entry
    if entry.fate != Fate.MISSED:
        return replace(entry, backfilled=backfilled)
    detail = FATES[Fate.BACKFILLED]
    return replace(entry, fate=Fate.BACKFILLED, detail=detail, backfilled=backfilled)


def is_the_planners(schedule: JobSchedule, slot: datetime) -> bool:
    """Whether the planner still has to come to the slot: it is late, and not lost."""
    return schedule.next_fire_at is not None and schedule.next_fire_at <= slot
