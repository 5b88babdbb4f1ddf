"""``manage.py resume``: let paused schedules go on."""

from typing import Any

from django.core.management.base import CommandParser

from audit.command import PlatformCommand, command_actor
from core.bulk import act_on_each
from core.times import show_time
from executions.lookup import find_schedule
from executions.management.commands.pause import as_json
from executions.management.outcome import tell
from jobs.models import JobSchedule
from jobs.pausing import resume_schedule


class Command(PlatformCommand):
    """From now on: what fell due meanwhile is not made up for."""

    help = "Let paused schedules go on, from now on."
    examples = ("resume 01999999-0000-7000-8000-000000000000",)
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument(
            "schedules", nargs="+", metavar="schedule", help="ids, as `schedules` lists them"
        )

    def run(self, options: dict[str, Any]) -> None:
        """Find everything first, so that a typing error changes nothing."""
        actor, schedules = command_actor(), list(map(find_schedule, options["schedules"]))
        outcome = act_on_each(
            schedules, lambda schedule: resume_schedule(actor=actor, schedule=schedule)
        )
        tell(self, options, outcome, as_json=as_json, shown=_shown)


def _shown(schedule: JobSchedule) -> str:
    then = f"runs next at {show_time(schedule.next_run_at)}" if schedule.next_run_at else "is on"
    return f"Schedule {schedule.pk} of {schedule.job.name} {then}."
