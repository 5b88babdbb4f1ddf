"""``manage.py schedules``: when jobs run."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from core.terminal import make_table
from core.times import show_time
from executions.last import with_last_of_schedule
from executions.lookup import find_job
from executions.management.colours import style_of
from executions.management.listing import ListingCommand
from executions.serializers import ScheduleWithLastExecution
from jobs.describing import describe_rules
from jobs.models import JobSchedule, ScheduleType, Standing
from jobs.versions import standing_of


class Command(ListingCommand):
    """By their job's name; archived ones never."""

    help = "List the schedules of a job, or of all, with their rule in words."
    examples = ('schedules "Morning greeting"', "schedules --json")

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("job", nargs="?", help="name or id (all jobs when not given)")
        super().add_arguments(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Print them."""
        schedules = JobSchedule.objects.unarchived().select_related("job", "calendar")
        if options["job"]:
            schedules = schedules.filter(job=find_job(options["job"]))
        ordered = with_last_of_schedule(schedules).order_by("job__name", "id")
        self.answer_rows(
            options,
            lambda limit: list(ordered[:limit]),
            document=_as_json,
            shown=_table,
        )


def _table(schedules: Sequence[Any]) -> Table:
    table = make_table(
        "id", "job", "rule", "zone", "state", "next run (UTC)", "last execution (UTC)"
    )
    rules = describe_rules(schedules)
    for schedule in schedules:
        state = _state(schedule)
        table.add_row(
            str(schedule.pk),
            schedule.job.name,
            rules[schedule.pk],
            schedule.timezone,
            _state_in_full(schedule, state),
            show_time(schedule.next_run_at).removesuffix(" UTC"),
            show_time(schedule.last_execution_at).removesuffix(" UTC"),
            style=style_of(state),
        )
    return table


def _as_json(schedules: Sequence[JobSchedule]) -> list[dict[str, Any]]:
    shown = ScheduleWithLastExecution(schedules, many=True).data
    return [
        {**row, "jobName": schedule.job.name, "state": _state(schedule)}
        for schedule, row in zip(schedules, shown, strict=True)
    ]


def _state(schedule: JobSchedule) -> str:
    match standing_of(schedule):
        case Standing.STOPPED:
            return "disabled"
        case Standing.PAUSED | Standing.COMPLETED as standing:
            return str(standing)
    if schedule.job.status != "active":
        return f"job {schedule.job.status}"
    if schedule.stuck_at is not None:
        return "stuck"
    if schedule.next_fire_at is None and schedule.schedule_type == ScheduleType.AFTER_COMPLETION:
        return "waiting"
    return "active" if schedule.next_fire_at else "ended"


def _state_in_full(schedule: JobSchedule, state: str) -> str:
    match state:
        case "paused":
            until = f" until {show_time(schedule.resume_at)}" if schedule.resume_at else ""
            return f"paused{until}: {schedule.pause_reason}"
        case "stuck":
            return f"stuck: {schedule.stuck_reason}"
        case "waiting":
            return "waiting for its run to end"
    return state
