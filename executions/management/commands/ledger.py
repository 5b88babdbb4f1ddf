"""``manage.py ledger``: did every slot run, and if not, why?"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from audit.command import PlatformCommand
from core.clock import database_now
from core.terminal import make_table
from core.times import show_time
from executions.ledger import FATES, Entry, Fate, Totals, read_ledgers
from executions.ledger.choosing import schedules_between
from executions.lookup import find_job, find_schedule
from executions.management.colours import style_of
from executions.management.listing import count_up_to
from executions.management.moments import write_moment
from executions.management.spans import add_span, read_span
from jobs.models import JobSchedule

_MOST_LISTED = 10_000
_ALWAYS_LISTED = (Fate.MISSED, Fate.UNEXPECTED, Fate.UNKNOWN)
_COLUMNS = (Fate.RAN, Fate.LATE, Fate.UNDER_WAY, Fate.SKIPPED)
_DAY = timedelta(days=1)


class Line(NamedTuple):
    """One slot of one schedule."""

    schedule: JobSchedule
    entry: Entry


class Ledger:
    """What is counted of each schedule, and the slots that are listed one by one."""

    def __init__(self, fates: Iterable[Fate], limit: int) -> None:
        self.of_schedules: list[tuple[JobSchedule, Totals]] = []
        self.lines: list[Line] = []
        self.is_cut = False
        self._fates = frozenset(fates)
        self._limit = limit

    def read(self, schedule: JobSchedule, entries: Iterable[Entry]) -> None:
        totals = Totals()
        for entry in entries:
            totals.add(entry)
            if entry.fate in self._fates:
                self._list(Line(schedule, entry))
        if totals.fates:
            self.of_schedules.append((schedule, totals))

    def _list(self, line: Line) -> None:
        self.is_cut = len(self.lines) >= self._limit
        if not self.is_cut:
            self.lines.append(line)

    @property
    def totals(self) -> Totals:
        together = Totals()
        for _, totals in self.of_schedules:
            together.fates.update(totals.fates)
        return together


class Command(PlatformCommand):
    """Works the slots out anew from the rules, and looks for the execution of each."""

    help = (
        "Show what became of every slot, worked out anew from the rules of the schedules."
        " Exit code 0 if all are accounted for, 1 if a slot is missed."
    )
    examples = (
        "ledger",
        'ledger --from 2026-05-04 --to 2026-05-05 --job "Morning greeting"',
        "ledger --from 7d --state skipped --state missed --json",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        add_span(parser, begin=_DAY)
        parser.add_argument("--job", help="name or id (all jobs when not given)")
        parser.add_argument("--schedule", metavar="ID", help="a single schedule")
        parser.add_argument(
            "--state",
            action="append",
            choices=[fate.value for fate in FATES],
            help="list the slots of this state one by one; may be repeated",
        )
        parser.add_argument(
            "--limit",
            type=count_up_to(_MOST_LISTED),
            default=200,
            metavar="COUNT",
            help="list at most so many slots (default 200); all are counted",
        )

    def run(self, options: dict[str, Any]) -> None:
        """Print the counts, and raise if a slot is missed."""
        now = database_now()
        after, until = read_span(options, now=now)
        listed = [Fate(name) for name in options["state"] or _ALWAYS_LISTED]
        ledger = Ledger(listed, options["limit"])
        chosen = _choose(options, after, until).iterator(chunk_size=500)
        for schedule, entries in read_ledgers(chosen, after=after, until=until, now=now):
            ledger.read(schedule, entries)
        self.answer(
            options,
            document=lambda: _document(ledger, after, until),
            shown=lambda: _shown(ledger, has_counts=not options["state"]),
        )
        if ledger.is_cut:
            self.aside.print(f"The first {options['limit']}; there are more: raise --limit.")
        if missed := ledger.totals.missed:
            slots = "1 slot is" if missed == 1 else f"{missed:,} slots are"
            raise CommandError(
                f"{slots} not accounted for. `manage.py recover` opens what was missed."
            )


def _choose(options: dict[str, Any], after: datetime, until: datetime) -> QuerySet[JobSchedule]:
    job = find_job(options["job"]) if options["job"] else None
    if not options["schedule"]:
        return schedules_between(after, until, job=job)
    schedule = find_schedule(options["schedule"])
    if job is not None and schedule.job_id != job.pk:
        raise CommandError(f"Schedule {schedule.pk} is of job {schedule.job.name}.")
    return JobSchedule.objects.filter(pk=schedule.pk).select_related("job")


def _shown(ledger: Ledger, *, has_counts: bool) -> RenderableType:
    parts: list[RenderableType] = [_counts(ledger)] if has_counts else []
    if ledger.lines:
        parts.append(_slots(ledger.lines))
    totals = ledger.totals
    sign = "≠" if totals.missed else "="
    parts.append(Text(f"expected {totals.expected:,} {sign} accounted {totals.accounted:,}"))
    return Group(*parts)


def _counts(ledger: Ledger) -> Table:
    table = make_table(
        *("schedule", "job", "expected", *(fate.replace("_", " ") for fate in _COLUMNS)),
        *("not firing", "forgotten", "backfilled", "missed"),
    )
    for schedule, totals in ledger.of_schedules:
        fates = totals.fates
        not_firing = sum(
            fates[fate] for fate in (Fate.PAUSED, Fate.STOPPED, Fate.COMPLETED, Fate.ARCHIVED)
        )
        counts = (totals.expected, *(fates[fate] for fate in _COLUMNS), not_firing)
        unopened = (fates[Fate.FORGOTTEN], fates[Fate.BACKFILLED])
        table.add_row(
            str(schedule.pk),
            schedule.job.name,
            *(f"{count:,}" for count in (*counts, *unopened, totals.missed)),
            style=style_of("failed") if totals.missed else None,
        )
    return table


def _slots(lines: list[Line]) -> Table:
    table = make_table("slot (UTC)", "job", "schedule", "state", "reason", "says", "execution")
    for schedule, entry in lines:
        table.add_row(
            show_time(entry.slot).removesuffix(" UTC"),
            schedule.job.name,
            str(schedule.pk),
            entry.fate.replace("_", " "),
            entry.reason or "-",
            (entry.detail or "-").partition("\n")[0][:100],
            str(entry.execution_id or (entry.backfilled and entry.backfilled.id) or "-"),
            style=style_of("failed") if entry.fate == Fate.MISSED else None,
        )
    return table


def _document(ledger: Ledger, after: datetime, until: datetime) -> dict[str, Any]:
    return {
        "from": write_moment(after),
        "to": write_moment(until),
        **_summary(ledger.totals),
        "schedules": [
            {"scheduleId": str(schedule.pk), "jobName": schedule.job.name, **_summary(totals)}
            for schedule, totals in ledger.of_schedules
        ],
        "slots": [
            {
                "scheduleId": str(schedule.pk),
                "jobName": schedule.job.name,
                "slotUtc": write_moment(entry.slot),
                "state": entry.fate.value,
                "reason": entry.reason,
                "detail": entry.detail,
                "executionId": entry.row and str(entry.row.id),
                "status": entry.status,
            }
            for schedule, entry in ledger.lines
        ],
    }


def _summary(totals: Totals) -> dict[str, Any]:
    return {
        "expected": totals.expected,
        "accounted": totals.accounted,
        "missed": totals.missed,
        "states": {fate.value: totals.fates[fate] for fate in FATES if totals.fates[fate]},
    }
