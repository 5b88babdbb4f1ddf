"""``manage.py recover``: after an outage, open what was missed."""

from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Sequence
from heapq import nsmallest
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from audit.command import PlatformCommand, command_actor
from core.clock import database_now
from core.terminal import make_table
from core.times import show_span, show_time
from executions.ledger import Fate
from executions.ledger.choosing import schedules_between
from executions.lookup import find_job
from executions.management.colours import style_of
from executions.management.listing import count_up_to
from executions.management.moments import write_moment
from executions.management.spans import add_span, read_span
from executions.models import JobExecution
from executions.recovery import KINDS, MISSED, Lost, find_lost, kind_of, recover

_MOST = 100_000
_MOST_SHOWN = 200


class Command(PlatformCommand):
    """Lists first; with ``--yes`` it opens what it listed, so many a minute."""

    help = (
        "List what was missed, of all jobs, oldest first; with --yes, open it."
        " A slot without an execution gets its own, a skipped one is run again."
    )
    examples = (
        "recover --from 2026-05-04T01:00:00Z --to 2026-05-04T05:20:00Z",
        'recover --from 6h --job "Morning greeting" --per-minute 10 --yes',
        "recover --from 1d --state missed --json",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        add_span(parser)
        parser.add_argument("--job", help="name or id (all jobs when not given)")
        parser.add_argument(
            "--state",
            type=_read_kinds,
            default=MISSED,
            metavar="STATES",
            help=f"separated by commas (default {','.join(MISSED)}); also {', '.join(_MORE)}",
        )
        parser.add_argument("--paused", action="store_true", help="also the slots of pauses")
        parser.add_argument(
            "--per-minute",
            type=count_up_to(6_000),
            default=60,
            metavar="COUNT",
            help="let so many begin in a minute (default 60)",
        )
        parser.add_argument(
            "--limit",
            type=count_up_to(_MOST),
            default=1_000,
            metavar="COUNT",
            help="at most so many slots, the oldest (default 1000)",
        )
        parser.add_argument("--yes", action="store_true", help="open them")

    def run(self, options: dict[str, Any]) -> None:
        """Print what is lost; open it only if told so."""
        lost, is_cut = _find(options)
        opened = self._open(lost, options) if options["yes"] else []
        self.answer(
            options,
            document=lambda: _document(lost, opened),
            shown=lambda: _shown(lost),
        )
        if is_cut:
            self.aside.print(f"The oldest {options['limit']}; there are more: repeat it after.")
        self._say(lost, opened, options)

    def _open(self, lost: Sequence[Lost], options: dict[str, Any]) -> list[JobExecution]:
        return recover(lost, actor=command_actor(), per_minute=options["per_minute"])

    def _say(
        self, lost: Sequence[Lost], opened: Sequence[JobExecution], options: dict[str, Any]
    ) -> None:
        ready = sum(one.refusal is None for one in lost)
        minutes = show_span(60 * max(ready - 1, 0) / options["per_minute"])
        if options["yes"]:
            self.aside.print(
                f"{len(opened):,} opened, {options['per_minute']} a minute: the last is due in"
                f" {minutes}."
            )
        elif ready:
            self.aside.print(
                f"Nothing is opened yet. The same with --yes opens {ready:,},"
                f" {options['per_minute']} a minute, within {minutes}."
            )
        else:
            self.aside.print("There is nothing to open.")


_MORE = tuple(kind for kind in KINDS if kind not in MISSED)


def _read_kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(part.strip() for part in text.split(","))
    for kind in kinds:
        if kind not in KINDS:
            raise ArgumentTypeError(f"{kind!r} is none of {', '.join(KINDS)}")
    return kinds


def _find(options: dict[str, Any]) -> tuple[list[Lost], bool]:
    """The oldest of what is lost, and whether there is more."""
    now, limit = database_now(), options["limit"]
    after, until = read_span(options, now=now)
    job = find_job(options["job"]) if options["job"] else None
    kinds = (*options["state"], *([Fate.PAUSED.value] if options["paused"] else []))
    schedules = schedules_between(after, until, job=job).iterator(chunk_size=500)
    every = find_lost(schedules, after=after, until=until, now=now, kinds=kinds)
    found = nsmallest(limit + 1, every, key=lambda one: (one.slot, one.schedule.job.name))
    return found[:limit], len(found) > limit


def _shown(lost: Sequence[Lost]) -> RenderableType:
    if not lost:
        return Text("Nothing was missed.")
    counts = Counter(kind_of(one.entry) for one in lost)
    said = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
    refused = sum(one.refusal is not None for one in lost)
    more = f"; {refused:,} cannot be recovered" if refused else ""
    hidden = len(lost) - _MOST_SHOWN
    rest = [Text(f"… and {hidden:,} more")] if hidden > 0 else []
    return Group(_table(lost[:_MOST_SHOWN]), *rest, Text(f"{said}{more}"))


def _table(lost: Sequence[Lost]) -> Table:
    table = make_table("slot (UTC)", "job", "schedule", "state", "cannot be recovered")
    for one in lost:
        table.add_row(
            show_time(one.slot).removesuffix(" UTC"),
            one.schedule.job.name,
            str(one.schedule.pk),
            kind_of(one.entry),
            one.refusal or "",
            style=style_of("disabled") if one.refusal else None,
        )
    return table


def _document(lost: Sequence[Lost], opened: Sequence[JobExecution]) -> dict[str, Any]:
    return {
        "lost": [
            {
                "scheduleId": str(one.schedule.pk),
                "jobName": one.schedule.job.name,
                "slotUtc": write_moment(one.slot),
                "state": kind_of(one.entry),
                "refusal": one.refusal,
            }
            for one in lost
        ],
        "opened": [
            {
                "executionId": str(one.pk),
                "slotUtc": write_moment(one.scheduled_for),
                "rerunOf": str(one.rerun_of_id) if one.rerun_of_id else None,
                "dueAtUtc": write_moment(one.due_at),
            }
            for one in opened
        ],
    }
