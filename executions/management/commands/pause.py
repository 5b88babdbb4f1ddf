"""``manage.py pause``: let schedules rest or hold jobs back, with a reason and perhaps an end."""

from typing import Any

from django.core.management.base import CommandParser
from rich.text import Text

from audit.command import PlatformCommand, command_actor
from core.bulk import act_on_each
from core.times import show_time
from executions.holds import hold
from executions.lookup import find_schedule
from executions.management.holding import add_targets, hold_as_json, read_target
from executions.management.moments import read_moment
from executions.management.outcome import tell
from jobs.holds import HoldTarget
from jobs.models import JobSchedule
from jobs.pausing import pause_schedule


class Command(PlatformCommand):
    """Of a schedule, what is due already still runs, and slots of the pause are no misfires.

    Of all else nothing is handed out, and what is due waits (``executions/holds.py``).
    """

    help = "Pause schedules, a job, a queue, a team or everything, until resumed or until a time."
    examples = (
        'pause 01999999-0000-7000-8000-000000000000 --reason "month end"',
        "pause 01999999-0000-7000-8000-000000000000 --reason freeze --until 2030-01-07T06:00Z",
        'pause --job "Daily Sales Report" --reason "the source moves"',
        'pause --everything --reason "database upgrade" --until 2030-01-07T06:00Z',
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        add_targets(parser)
        parser.add_argument("--reason", required=True, help="kept until it is resumed")
        parser.add_argument(
            "--until",
            type=read_moment,
            metavar="TIME",
            help="resume by itself then (ISO 8601, UTC without an offset)",
        )

    def run(self, options: dict[str, Any]) -> None:
        """Find everything first, so that a typing error changes nothing."""
        target = read_target(options, verb="pause")
        if target is not None:
            self._hold(target, options)
            return
        actor, schedules = command_actor(), list(map(find_schedule, options["schedules"]))
        outcome = act_on_each(
            schedules,
            lambda schedule: pause_schedule(
                actor=actor, schedule=schedule, reason=options["reason"], until=options["until"]
            ),
        )
        tell(self, options, outcome, as_json=as_json, shown=_shown)

    def _hold(self, target: HoldTarget, options: dict[str, Any]) -> None:
        held = hold(
            actor=command_actor(), target=target, reason=options["reason"], until=options["until"]
        )
        end = f"until {show_time(held.until)}" if held.until else "until it is resumed"
        self.answer(
            options,
            document=lambda: hold_as_json(held),
            shown=lambda: Text(
                f"Held back {end}: {held.target}. What runs goes on; the rest waits."
            ),
        )


def as_json(schedule: JobSchedule) -> dict[str, Any]:
    """Return what a program may want to know of a schedule that was paused or resumed."""
    return {
        "id": str(schedule.pk),
        "jobName": schedule.job.name,
        "paused": schedule.paused_at is not None,
        "nextExecutionUtc": schedule.next_run_at and f"{schedule.next_run_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def _shown(schedule: JobSchedule) -> str:
    end = f"until {show_time(schedule.resume_at)}" if schedule.resume_at else "until it is resumed"
    return f"Schedule {schedule.pk} of {schedule.job.name} is paused {end}."
