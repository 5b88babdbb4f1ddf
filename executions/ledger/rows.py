"""The executions of slots, read in pieces: a schedule may have hundreds of thousands."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.sql import Row, load
from executions.ledger.entries import Backfilled, SlotRow

ROWS = load(__file__, "rows")
BACKFILLED = load(__file__, "backfilled")

MOST_ROWS_AT_ONCE = 1_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_first_rows(
    schedules: Sequence[UUID], *, after: datetime, until: datetime
) -> dict[UUID, list[SlotRow]]:
    """The first rows of each schedule in (after, until]; one with as many as this may have more."""
    rows: defaultdict[UUID, list[SlotRow]] = defaultdict(list)
    found = ROWS.rows(
        schedules=list(schedules),
        after=after,
        until=until,
        limit=MOST_ROWS_AT_ONCE,
    )
    for row in found:
        rows[row["schedule_id"]].append(_slot_row(row))
    return rows


def all_rows(schedule: UUID, first: list[SlotRow], *, until: datetime) -> Iterator[SlotRow]:
    """The first rows of a schedule, and all that follow on them."""
    rows = first
    while rows:
        yield from rows
        if len(rows) < MOST_ROWS_AT_ONCE:
            return
        rows = read_first_rows([schedule], after=rows[-1].slot, until=until)[schedule]


def read_backfilled(
    schedules: Sequence[UUID], *, after: datetime, until: datetime
) -> dict[UUID, dict[datetime, Backfilled]]:
    """What backfills have run since of the slots of each schedule in (after, until]."""
    found: defaultdict[UUID, dict[datetime, Backfilled]] = defaultdict(dict)
    for row in BACKFILLED.rows(schedules=list(schedules), after=after, until=until):
        found[row["schedule_id"]][row["slot"]] = Backfilled(row["id"], row["status"])
    return found


def _slot_row(row: Row) -> SlotRow:
    return SlotRow(
        id=row["id"],
        slot=_EPOCH + timedelta(microseconds=row["slot"]),
        status=row["status"],
        reason=row["reason"],
        note=row["note"],
        is_late=row["is_late"],
        has_started=row["has_started"],
        business_date=row["business_date"],
    )
