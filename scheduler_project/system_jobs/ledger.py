"""The nightly look at the ledger: is every slot of the last two days accounted for?"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.clock import database_now
from core.times import show_time
from executions.authoring import JobContext, PermanentFailure, job_handler
from executions.ledger import Entry, Fate, Totals, read_ledgers
from executions.ledger.choosing import schedules_between
from jobs.calendars.coverage import calendars_running_out
from jobs.models import JobSchedule

HOURS = 48
_MOST_NAMED = 10
_ODD = (Fate.MISSED, Fate.UNEXPECTED, Fate.UNKNOWN)


@dataclass
class _Found:
    """What the check has seen so far."""

    schedules: int = 0
    totals: Totals = field(default_factory=Totals)
    missed: list[str] = field(default_factory=list)


@job_handler("platform.ledger")
def check_ledger(context: JobContext, hours: int = HOURS) -> dict[str, Any]:
    """Count what became of each slot of the last ``hours``; fail when one is missed."""
    now = database_now()
    found = _look(context, after=now - timedelta(hours=hours), now=now)
    _warn_of_calendars(context, now)
    if found.missed:
        raise PermanentFailure(_complaint(found))
    return {
        "schedules": found.schedules,
        "expected": found.totals.expected,
        "accounted": found.totals.accounted,
        "states": {fate.value: count for fate, count in found.totals.fates.items()},
    }


def _look(context: JobContext, *, after: datetime, now: datetime) -> _Found:
    schedules = schedules_between(after, now)
    found, count = _Found(), schedules.count()
    chosen = schedules.iterator(chunk_size=500)
    context.raise_if_cancelled()
    for schedule, entries in read_ledgers(chosen, after=after, until=now, now=now):
        for entry in entries:
            found.totals.add(entry)
            if entry.fate in _ODD:
                _tell(context, found, schedule, entry)
        found.schedules += 1
        if found.schedules % 100 == 0:
            share = min(found.schedules / count, 1.0)
            context.progress(share, f"{found.totals.expected:,} slots looked at")
        context.raise_if_cancelled()
    return found


def _tell(context: JobContext, found: _Found, schedule: JobSchedule, entry: Entry) -> None:
    line = f"{schedule.job.name} at {show_time(entry.slot)}"
    context.log.warning("%s, schedule %s: %s, %s", line, schedule.pk, entry.fate, entry.detail)
    if entry.fate == Fate.MISSED:
        found.missed.append(line)


def _complaint(found: _Found) -> str:
    more = len(found.missed) - _MOST_NAMED
    return (
        f"{len(found.missed):,} of {found.totals.expected:,} slots are not accounted for: "
        + "; ".join(found.missed[:_MOST_NAMED])
        + (f"; and {more:,} more" if more > 0 else "")
        + ". See `manage.py ledger`; `manage.py recover` opens them."
    )


def _warn_of_calendars(context: JobContext, now: datetime) -> None:
    for one in calendars_running_out(now):
        context.log.warning(
            "Calendar %s has dates up to %s; %s active schedules use it, %s have stopped already.",
            one.calendar.name,
            one.ends_on,
            one.schedules,
            one.stuck,
        )
