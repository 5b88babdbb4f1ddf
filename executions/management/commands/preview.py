"""``manage.py preview``: the next fires of a rule."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Group, RenderableType
from rich.text import Text

from audit.command import PlatformCommand
from core.clock import database_now
from executions.lookup import as_uuid, find_job
from executions.management.fires import simulate_fires, tell_fires
from executions.management.listing import count_up_to
from executions.management.moments import read_moment
from executions.management.rule_options import add_rule_options, draft_given, read_rule
from jobs.models import JobSchedule
from jobs.schedules import InvalidRule

_MOST_FIRES = 100
_MOST_MONTHS = 24

Told = tuple[dict[str, Any], RenderableType]


class Command(PlatformCommand):
    """Of a saved schedule, of all schedules of a job, or of a rule that is not saved."""

    help = "Show when a rule fires next, and what the clock or the calendar does to it."
    examples = (
        'preview "Morning greeting"',
        'preview "Morning greeting" --months 24',
        'preview --cron "30 2 * * *" --timezone Europe/Berlin --after 2026-03-28',
        "preview --kind monthly_business_day --business-day-of-month last --time-of-day 17:00",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("target", nargs="?", help="id of a schedule, or name or id of a job")
        how_many = parser.add_mutually_exclusive_group()
        how_many.add_argument(
            "--count", type=count_up_to(_MOST_FIRES), default=10, help="1 to 100 (default 10)"
        )
        how_many.add_argument(
            "--months",
            type=count_up_to(_MOST_MONTHS),
            help="1 to 24: all of so many months, with what is skipped, and a mark where it is odd",
        )
        parser.add_argument(
            "--after",
            type=read_moment,
            metavar="TIME",
            help="fires later than this (ISO 8601, UTC without an offset; default now)",
        )
        add_rule_options(parser)

    def run(self, options: dict[str, Any]) -> None:
        """Print one preview, or one for each schedule of the job."""
        rule, target = read_rule(options), options["target"]
        if (target is None) == (not rule):
            raise CommandError("Give a schedule or a job, or a rule such as with --cron.")
        after = options["after"] or database_now()

        def tell(schedule: JobSchedule) -> Told:
            if options["months"]:
                return simulate_fires(schedule, after=after, months=options["months"])
            return tell_fires(schedule, after=after, count=options["count"])

        only = draft_given(rule, after=after) if rule else _find_schedule(target)
        if only is not None:
            document, shown = _told(only, tell)
            self.answer(options, document=lambda: document, shown=lambda: shown)
        else:
            self._answer_all(options, tell)

    def _answer_all(self, options: dict[str, Any], tell: Callable[[JobSchedule], Told]) -> None:
        job = find_job(options["target"])
        schedules = list(job.schedules.unarchived().order_by("id"))
        if not schedules:
            raise CommandError(f"Job {job.name} has no schedule.")
        told = [(str(schedule.pk), *_told(schedule, tell)) for schedule in schedules]
        self.answer(
            options,
            document=lambda: [{"scheduleId": pk, **document} for pk, document, _ in told],
            shown=lambda: Group(
                *[
                    part
                    for pk, _, shown in told
                    for part in (Text(f"schedule {pk}", style="dim"), shown)
                ]
            ),
        )


def _find_schedule(text: str) -> JobSchedule | None:
    identifier = as_uuid(text)
    return JobSchedule.objects.filter(pk=identifier).first() if identifier else None


def _told(schedule: JobSchedule, tell: Callable[[JobSchedule], Told]) -> Told:
    try:
        return tell(schedule)
    except InvalidRule as error:
        raise CommandError(f"Schedule {schedule.pk} is not a rule any more: {error}.") from None
