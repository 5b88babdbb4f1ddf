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
from jobs.models import JobSchedule
from jobs.rules import rule_of
from jobs.schedules import InvalidRule


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
        schedules = JobSchedule.objects.unarchived().select_related("job")
        if options["job"]:
            schedules = schedules.filter(job=find_job(options["job"]))
        ordered = with_last_of_schedule(schedules).order_by("job__name", "id")
        self.answer_rows(
            options,
            lambda limit: list(ordered[:limit]),
            document=lambda rows: [_as_json(schedule) for schedule in rows],
            shown=_table,
        )


def _table(schedules: Sequence[Any]) -> Table:
    table = make_table(
        "id", "job", "rule", "zone", "state", "next fire (UTC)", "last execution (UTC)"
    )
    for schedule in schedules:
        state = _state(schedule)
        table.add_row(
            str(schedule.pk),
            schedule.job.name,
            describe_rule(schedule),
            schedule.timezone,
            state,
            show_time(schedule.next_fire_at).removesuffix(" UTC"),
            show_time(schedule.last_execution_at).removesuffix(" UTC"),
            style=style_of(state),
        )
    return table


def _as_json(schedule: JobSchedule) -> dict[str, Any]:
    return {
        **ScheduleWithLastExecution(schedule).data,
        "jobName": schedule.job.name,
        "description": describe_rule(schedule),
        "state": _state(schedule),
    }


def describe_rule(schedule: JobSchedule) -> str:
    """Return the rule in words; one that no longer is one says what is wrong."""
    try:
        return rule_of(schedule).describe()
    except InvalidRule as error:
        return f"not a rule any more: {error}"


def _state(schedule: JobSchedule) -> str:
    if not schedule.is_active:
        return "disabled"
    if schedule.job.status != "active":
        return f"job {schedule.job.status}"
    return "active" if schedule.next_fire_at else "ended"
