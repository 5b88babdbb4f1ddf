"""``manage.py preview``: the next fires of a rule."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Group, RenderableType
from rich.text import Text

from audit.command import PlatformCommand
from core.clock import database_now
from core.terminal import make_table
from executions.lookup import as_uuid, find_job
from executions.management.listing import count_up_to
from executions.management.moments import read_moment
from executions.management.rule_options import add_rule_options, preview_given, read_rule
from jobs.models import JobSchedule
from jobs.previewing import Preview, preview_schedule
from jobs.schedules import InvalidRule
from jobs.serializers import PreviewSerializer

_MOST_FIRES = 100


class Command(PlatformCommand):
    """Of a saved schedule, of all schedules of a job, or of a rule that is not saved."""

    help = "Show when a rule fires next, and what the clock or the calendar does to it."
    examples = (
        'preview "Morning greeting"',
        'preview --cron "30 2 * * *" --timezone Europe/Berlin --after 2026-03-28',
        "preview --kind monthly_business_day --business-day-of-month last --time-of-day 17:00",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("target", nargs="?", help="id of a schedule, or name or id of a job")
        parser.add_argument(
            "--count", type=count_up_to(_MOST_FIRES), default=10, help="1 to 100 (default 10)"
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
        rule = read_rule(options)
        if (options["target"] is None) == (not rule):
            raise CommandError("Give a schedule or a job, or a rule such as with --cron.")
        wanted = {"after": options["after"] or database_now(), "count": options["count"]}
        if rule:
            self._answer_one(options, preview_given(rule, **wanted))
        elif schedule := _find_schedule(options["target"]):
            self._answer_one(options, _preview(schedule, **wanted))
        else:
            self._answer_all(options, wanted)

    def _answer_one(self, options: dict[str, Any], preview: Preview) -> None:
        self.answer(
            options,
            document=lambda: PreviewSerializer(preview).data,
            shown=lambda: _shown(preview),
        )

    def _answer_all(self, options: dict[str, Any], wanted: dict[str, Any]) -> None:
        job = find_job(options["target"])
        schedules = list(job.schedules.unarchived().order_by("id"))
        if not schedules:
            raise CommandError(f"Job {job.name} has no schedule.")
        previews = [(schedule, _preview(schedule, **wanted)) for schedule in schedules]
        self.answer(
            options,
            document=lambda: [
                {"scheduleId": str(schedule.pk), **PreviewSerializer(preview).data}
                for schedule, preview in previews
            ],
            shown=lambda: Group(
                *[
                    part
                    for schedule, preview in previews
                    for part in (Text(f"schedule {schedule.pk}", style="dim"), _shown(preview))
                ]
            ),
        )


def _find_schedule(text: str) -> JobSchedule | None:
    identifier = as_uuid(text)
    return JobSchedule.objects.filter(pk=identifier).first() if identifier else None


def _preview(schedule: JobSchedule, *, after: datetime, count: int) -> Preview:
    try:
        return preview_schedule(schedule, after=after, count=count)
    except InvalidRule as error:
        raise CommandError(f"Schedule {schedule.pk} is not a rule any more: {error}.") from None


def _shown(preview: Preview) -> RenderableType:
    is_spread = any(fire.due_at != fire.at for fire in preview.fires)
    due = ["starts (UTC)"] if is_spread else []
    table = make_table("fire (UTC)", "on the clock there", *due, "business date", "notes")
    for fire in preview.fires:
        table.add_row(
            _utc(fire.at),
            f"{fire.local:%a %Y-%m-%d %H:%M:%S %z}",
            *([_utc(fire.due_at)] if is_spread else []),
            f"{fire.business_date}",
            "; ".join(fire.notes),
        )
    head = Text(preview.description, style="bold")
    end = [Text("Nothing comes after these.")] if preview.is_exhausted else []
    if preview.problem:
        end = [Text(f"Here it ends: {preview.problem}.", style="red")]
    return Group(head, table, *end)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
