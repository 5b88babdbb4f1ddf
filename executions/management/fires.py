"""The fires to come of a schedule: as a document, and as a table."""

from datetime import UTC, date, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from core.api.fields import UtcDateTimeField
from core.terminal import make_table
from jobs.describing import in_words
from jobs.models import JobSchedule
from jobs.previewing import Preview, preview_schedule
from jobs.rules import rule_of, spec_of
from jobs.schedules.simulation import Simulation, simulate
from jobs.serializers import PreviewSerializer

_STYLES = {"gap": "yellow", "repeat": "yellow", "deferred": "blue", "skipped": "dim"}


def tell_fires(
    schedule: JobSchedule, *, after: datetime, count: int
) -> tuple[dict[str, Any], RenderableType]:
    """The next fires; raise ``InvalidRule`` when the schedule has no rule."""
    preview = preview_schedule(schedule, after=after, count=count)
    return dict(PreviewSerializer(preview).data), _shown(preview)


def simulate_fires(
    schedule: JobSchedule, *, after: datetime, months: int
) -> tuple[dict[str, Any], RenderableType]:
    """All of so many months, skipped slots too, each marked where it is not a plain one."""
    rule, spec = rule_of(schedule), spec_of(schedule)
    simulation = simulate(rule, spec, start=after, months=months)
    words = in_words(rule, schedule)
    document = {
        "fires": [
            {
                "fireUtc": UtcDateTimeField().to_representation(fire.at),
                "local": fire.local.isoformat(),
                "businessDate": f"{fire.business_date}",
                "mark": fire.mark,
                "notes": list(fire.notes),
            }
            for fire in simulation.fires
        ],
        "isCut": simulation.is_cut,
        "description": words,
    }
    return document, _simulated(simulation, words)


def _shown(preview: Preview) -> RenderableType:
    is_spread = any(fire.due_at != fire.at for fire in preview.fires)
    due = ["starts (UTC)"] if is_spread else []
    table = make_table("fire (UTC)", "on the clock there", *due, "business date", "notes")
    for fire in preview.fires:
        starts = [_utc(fire.due_at)] if is_spread else []
        day = _day(fire.business_date)
        table.add_row(_utc(fire.at), _local(fire.local), *starts, day, "; ".join(fire.notes))
    end = [Text("Nothing comes after these.")] if preview.is_exhausted else []
    if preview.problem:
        end = [Text(f"Here it ends: {preview.problem}.", style="red")]
    return Group(Text(preview.description, style="bold"), table, *end)


def _simulated(simulation: Simulation, words: str) -> RenderableType:
    table = make_table("fire (UTC)", "on the clock there", "business date", "mark", "notes")
    for fire in simulation.fires:
        mark = "" if fire.mark == "none" else fire.mark
        table.add_row(
            *(_utc(fire.at), _local(fire.local), _day(fire.business_date)),
            *(mark, "; ".join(fire.notes)),
            style=_STYLES.get(mark),
        )
    end = [Text("There is more than this, or the calendar ends here.")] * simulation.is_cut
    return Group(Text(words, style="bold"), table, *end)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _local(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M:%S %z}"


def _day(day: date) -> str:
    return f"{day:%a %Y-%m-%d}"
