"""``manage.py disable``: let jobs or schedules rest."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from executions.management.switching import SwitchingCommand
from jobs.models import JobStatus


class Command(SwitchingCommand):
    """What runs goes on; what falls due is skipped and says so."""

    help = "Disable jobs, all active jobs of a team or category, or schedules."
    examples = (
        'disable "Morning greeting" --reason "the source is being moved"',
        "disable --team Finance --yes",
        "disable --schedule 01999999-0000-7000-8000-000000000000",
    )
    target = JobStatus.DISABLED
    chosen_status = JobStatus.ACTIVE
    verb = "disable"

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the reason."""
        super().add_arguments(parser)
        parser.add_argument("--reason", help="kept with each job and in the audit trail")

    def run(self, options: dict[str, Any]) -> None:
        """Refuse a reason that would be lost: schedules have no place for it."""
        if options["reason"] and options["schedule"]:
            raise CommandError("--reason goes with jobs; a schedule keeps none. Leave it out.")
        super().run(options)
