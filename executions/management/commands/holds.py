"""``manage.py holds``: what is held back, by whom and why."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from core.terminal import make_table
from core.times import show_time
from executions.management.holding import hold_as_json
from executions.management.listing import ListingCommand
from jobs.models import Hold


class Command(ListingCommand):
    """Schedules have a pause of their own: `schedules` shows it."""

    help = "List what is held back: jobs, queues, teams, or everything; newest first."
    examples = ("holds", "holds --ended --limit 20 --json")

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        super().add_arguments(parser)
        parser.add_argument("--ended", action="store_true", help="those that are over instead")

    def run(self, options: dict[str, Any]) -> None:
        """Print them."""
        holds = Hold.objects.filter(ended_at__isnull=not options["ended"]).select_related("job")
        self.answer_rows(
            options,
            lambda most: list(holds.order_by("-id")[:most]),
            document=lambda rows: [hold_as_json(row) for row in rows],
            shown=_table,
            called="newest",
        )
        if not options["ended"] and not options["json"] and not holds.exists():
            self.aside.print("Nothing is held back.")


def _table(holds: Sequence[Hold]) -> Table:
    table = make_table("held", "since", "by", "until", "reason", "ended", "by")
    for hold in holds:
        table.add_row(
            hold.target,
            show_time(hold.held_at),
            hold.held_by,
            show_time(hold.until, unknown="ended by hand"),
            hold.reason,
            show_time(hold.ended_at),
            hold.ended_by or "-",
        )
    return table
