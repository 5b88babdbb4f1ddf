"""``manage.py zones``: what an upgrade of tzdata does to the stored fires."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from audit.command import PlatformCommand, command_actor
from core.terminal import make_table
from core.times import show_time
from jobs.versions import TZDATA_VERSION
from jobs.zones import Recomputed, ZoneMove, recompute_fires


class Command(PlatformCommand):
    """A schedule that is due already stays as it is."""

    help = (
        "Work out again when schedules fire next, after an upgrade of tzdata, and say what moved."
    )
    examples = ("zones", "zones --apply")
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the option."""
        parser.add_argument("--apply", action="store_true", help="write it (default: only say it)")

    def run(self, options: dict[str, Any]) -> None:
        """Print what moved, or would."""
        is_applied = options["apply"]
        outcome = recompute_fires(actor=command_actor(), is_applied=is_applied)
        self.answer(
            options,
            document=lambda: _document(outcome, is_applied=is_applied),
            shown=lambda: _shown(outcome, is_applied=is_applied),
        )
        for schedule, why in outcome.broken:
            self.aside.print(
                f"Schedule {schedule.pk} of {schedule.job.name} is not a rule any more: {why}."
            )


def _document(outcome: Recomputed, *, is_applied: bool) -> dict[str, Any]:
    return {
        "tzdata": TZDATA_VERSION,
        "applied": is_applied,
        "schedules": outcome.count,
        "moved": [_move_as_json(move) for move in outcome.moved],
        "broken": [
            {"scheduleId": str(schedule.pk), "jobName": schedule.job.name, "detail": why}
            for schedule, why in outcome.broken
        ],
    }


def _move_as_json(move: ZoneMove) -> dict[str, Any]:
    return {
        "scheduleId": str(move.schedule.pk),
        "jobName": move.schedule.job.name,
        "timezone": move.schedule.timezone,
        "tzdataBefore": move.tzdata,
        "fireBeforeUtc": _wire(move.fire_before),
        "fireAfterUtc": _wire(move.fire_after),
        "runBeforeUtc": _wire(move.run_before),
        "runAfterUtc": _wire(move.run_after),
    }


def _wire(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _shown(outcome: Recomputed, *, is_applied: bool) -> RenderableType:
    count = len(outcome.moved)
    verb = "moved" if is_applied else "would move"
    head = f"By tzdata {TZDATA_VERSION} {count} of {outcome.count} schedules {verb}."
    end = " Nothing is saved: add --apply." if count and not is_applied else ""
    parts: list[RenderableType] = [Text(head + end, style="bold")]
    return Group(*parts, _table(outcome.moved)) if count else Group(*parts)


def _table(moved: list[ZoneMove]) -> Table:
    table = make_table("schedule", "job", "zone", "tzdata", "next run was (UTC)", "is (UTC)")
    for move in moved:
        table.add_row(
            str(move.schedule.pk),
            move.schedule.job.name,
            move.schedule.timezone,
            move.tzdata or "-",
            show_time(move.run_before).removesuffix(" UTC"),
            show_time(move.run_after).removesuffix(" UTC"),
        )
    return table
