"""Calendars as ``manage.py calendars`` shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from core.terminal import make_table
from core.times import show_time
from executions.management.colours import style_of
from jobs.calendars.comparing import DAYS_COMPARED, DayChange, Moved
from jobs.calendars.coverage import calendars_running_out, users_of
from jobs.calendars.drafting import CalendarChange
from jobs.calendars.sources import read_sources
from jobs.models import CalendarVersion, HolidayCalendar, JobSchedule, Weekday
from jobs.serializers.calendars import (
    CalendarChangeSerializer,
    CalendarSerializer,
    DaySerializer,
)

_MOST_DAYS = 60
_MOST_FIRES = 3


@dataclass(frozen=True)
class Listed:
    """A calendar of the list, what uses it, and how it stands: ok, ends soon or stuck."""

    calendar: HolidayCalendar
    schedules: list[JobSchedule]
    state: str


def list_calendars(*, now: datetime) -> list[Listed]:
    """All calendars that are not archived, by name."""
    ending = {
        one.calendar.pk: "stuck" if one.stuck else "ends soon" for one in calendars_running_out(now)
    }
    return [
        Listed(calendar, users_of(calendar), ending.get(calendar.pk, "ok"))
        for calendar in HolidayCalendar.objects.unarchived().order_by("name")
    ]


def list_table(listed: Sequence[Listed]) -> Table:
    """Return a row for each calendar."""
    table = make_table("name", "made of", "weekend", "years", "version", "state", "used by", "id")
    for one in listed:
        calendar = one.calendar
        table.add_row(
            calendar.name,
            _made_of(calendar),
            _weekend(calendar.weekend),
            f"{calendar.first_year} to {calendar.last_year}",
            str(calendar.version),
            one.state,
            _used_by(one.schedules),
            str(calendar.pk),
            style=style_of(one.state),
        )
    return table


def list_json(listed: Sequence[Listed]) -> list[dict[str, Any]]:
    """Return a document for each calendar."""
    return [
        {
            **CalendarSerializer(one.calendar).data,
            "state": one.state,
            "schedules": [
                {"id": str(schedule.pk), "jobName": schedule.job.name} for schedule in one.schedules
            ],
        }
        for one in listed
    ]


def days_shown(version: CalendarVersion, rows: Sequence[dict[str, Any]]) -> RenderableType:
    """Return the days of a version as a table."""
    calendar = version.calendar
    head = f"{calendar.name}, version {version.number}: {_made_of(calendar)}, "
    head += f"{version.first_year} to {version.last_year}, from {version.library}"
    table = make_table("date", "day", "kind", "name", "source")
    for row in rows:
        day = date.fromisoformat(row["date"])
        table.add_row(
            row["date"], f"{day:%a}", row["kind"].replace("_", " "), row["name"], row["source"]
        )
    return Group(Text(head, style="bold"), table)


def days_json(version: CalendarVersion, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the calendar with the days asked for."""
    return {
        **CalendarSerializer(version.calendar).data,
        "library": version.library,
        "days": DaySerializer(rows, many=True).data,
    }


def change_shown(change: CalendarChange, *, is_saved: bool) -> RenderableType:
    """Return what a change does: the days first, then the schedules."""
    parts: list[RenderableType] = [Text(_summary(change, is_saved=is_saved), style="bold")]
    if change.days:
        parts.append(_days_table(change.days[:_MOST_DAYS]))
    if len(change.days) > _MOST_DAYS:
        parts.append(Text(f"… and {len(change.days) - _MOST_DAYS} more days"))
    if change.schedules:
        parts.append(_moved_table(change.schedules))
    return Group(*parts)


def change_json(change: CalendarChange, *, is_saved: bool) -> dict[str, Any]:
    """Return the same as a document."""
    return {
        "calendar": CalendarSerializer(change.calendar).data,
        "saved": is_saved,
        **CalendarChangeSerializer(change).data,
    }


def _summary(change: CalendarChange, *, is_saved: bool) -> str:
    days, schedules = len(change.days), len(change.schedules)
    moved = f"{_count(days, 'day')} and the fires of {_count(schedules, 'schedule')}"
    what = f"{moved} within {DAYS_COMPARED} days" if days or schedules else "no day"
    verb = "changed" if is_saved else "would change"
    end = "" if is_saved else " Nothing is saved."
    return f"{change.calendar.name}: {what} {verb}.{end}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _days_table(changes: Sequence[DayChange]) -> Table:
    table = make_table("date", "day", "change", "was", "is")
    for one in changes:
        was, now = (
            f"{row['kind'].replace('_', ' ')}: {row['name']}" if row else "-"
            for row in (one.before, one.after)
        )
        table.add_row(f"{one.date}", f"{one.date:%a}", one.kind, was, now)
    return table


def _moved_table(moved: Sequence[Moved]) -> Table:
    table = make_table("schedule", "job", "no longer runs (UTC)", "runs instead (UTC)")
    for one in moved:
        table.add_row(
            str(one.schedule.pk),
            one.schedule.job.name,
            _fires(one.removed, is_cut=one.is_cut),
            _fires(one.added, is_cut=one.is_cut),
        )
    return table


def _fires(fires: Sequence[datetime], *, is_cut: bool) -> str:
    shown = [show_time(fire).removesuffix(" UTC") for fire in fires[:_MOST_FIRES]]
    left = len(fires) - len(shown)
    if left:
        shown.append(f"{left}{'+' if is_cut else ''} more")
    return ", ".join(shown) or "-"


def _made_of(calendar: HolidayCalendar) -> str:
    sources, _ = read_sources(calendar.sources)
    sign = " + " if calendar.combine == "union" else " & "
    return sign.join(source.label for source in sources) or "weekends and extra days"


def _weekend(bits: int) -> str:
    names = [day.name.title()[:3] for day in Weekday if day.value & bits]
    return " ".join(names) or "none"


def _used_by(schedules: Sequence[JobSchedule]) -> str:
    jobs = list(dict.fromkeys(schedule.job.name for schedule in schedules))
    if not jobs:
        return "-"
    named = ", ".join(jobs[:_MOST_FIRES])
    return named if len(jobs) <= _MOST_FIRES else f"{named}, … ({len(schedules)} schedules)"
