"""``manage.py resume``: let paused schedules go on, or what is held back."""

from typing import Any

from django.core.management.base import CommandParser
from rich.text import Text

from audit.command import PlatformCommand, command_actor
from core.bulk import act_on_each
from core.times import show_time
from executions.holds import end_hold
from executions.lookup import find_schedule
from executions.management.commands.pause import as_json
from executions.management.holding import add_targets, find_hold, hold_as_json, read_target
from executions.management.outcome import tell
from jobs.models import Hold, JobSchedule
from jobs.pausing import resume_schedule


class Command(PlatformCommand):
    """A schedule from now on: what fell due meanwhile is not made up for.

    What was held back runs, or is skipped by its schedule's misfire policy.
    """

    help = "Let paused schedules go on, or a job, a queue, a team or everything held back."
    examples = (
        "resume 01999999-0000-7000-8000-000000000000",
        'resume --job "Daily Sales Report"',
        "resume --everything",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        add_targets(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Find everything first, so that a typing error changes nothing."""
        target = read_target(options, verb="resume")
        if target is not None:
            self._end(find_hold(target), options)
            return
        actor, schedules = command_actor(), list(map(find_schedule, options["schedules"]))
        outcome = act_on_each(
            schedules, lambda schedule: resume_schedule(actor=actor, schedule=schedule)
        )
        tell(self, options, outcome, as_json=as_json, shown=_shown)

    def _end(self, hold: Hold, options: dict[str, Any]) -> None:
        ended = end_hold(actor=command_actor(), hold=hold)
        self.answer(
            options,
            document=lambda: hold_as_json(ended),
            shown=lambda: Text(f"No longer held back: {ended.target}."),
        )


def _shown(schedule: JobSchedule) -> str:
    then = f"runs next at {show_time(schedule.next_run_at)}" if schedule.next_run_at else "is on"
    return f"Schedule {schedule.pk} of {schedule.job.name} {then}."
