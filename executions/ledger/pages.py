"""The ledger of one schedule, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from executions.ledger.entries import Entry, Fate
from executions.ledger.reading import read_ledger
from executions.ledger.totals import Totals
from jobs.models import JobSchedule

MOST_SLOTS_READ = 50_000
"""What a caller who waits for an answer can have looked at."""


@dataclass(frozen=True)
class LedgerPage:
    """Some lines, and the instant after which the next page begins (None: this is the last).

    ``totals`` count all lines, whatever was asked for, up to ``counted_until``.
    """

    entries: list[Entry]
    next_after: datetime | None
    totals: Totals
    counted_until: datetime


def read_ledger_page(
    schedule: JobSchedule,
    *,
    after: datetime,
    until: datetime,
    now: datetime,
    fates: Collection[Fate] = (),
    place: datetime | None = None,
    limit: int,
) -> LedgerPage:
    """The lines of (after, until] of these fates, or of all, that come after ``place``.

    A page may have fewer than ``limit`` though it is not the last, where few are of these fates.
    """
    totals, counted_until = _count(schedule, after=after, until=until, now=now)
    entries: list[Entry] = []
    lines = read_ledger(schedule, after=place or after, until=until, now=now)
    at = place or after
    for entry in islice(lines, MOST_SLOTS_READ):
        if len(entries) == limit:
            return LedgerPage(entries, at, totals, counted_until)
        if place is not None and entry.slot <= place:
            continue  # it was on the page before that from here on nothing is known
        at = entry.slot
        if not fates or entry.fate in fates:
            entries.append(entry)
    is_last = next(lines, None) is None
    return LedgerPage(entries, None if is_last else at, totals, counted_until)


def _count(
    schedule: JobSchedule, *, after: datetime, until: datetime, now: datetime
) -> tuple[Totals, datetime]:
    totals, at = Totals(), after
    lines = read_ledger(schedule, after=after, until=until, now=now)
    for entry in islice(lines, MOST_SLOTS_READ):
        totals.add(entry)
        at = entry.slot
    return totals, until if next(lines, None) is None else at
