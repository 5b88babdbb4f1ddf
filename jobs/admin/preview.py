"""The next fires of schedules, for people: their own clock, UTC, and what is odd about them."""

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_display import link, short_moment, table
from jobs.models import JobSchedule
from jobs.previewing import Fire, preview_schedule
from jobs.rules import rule_of
from jobs.schedules import InvalidRule

_FIRES_OF_ONE = 10
_FIRES_OF_ALL = 5


def preview_panel(schedule: JobSchedule, *, now: datetime) -> SafeString:
    """Return the next fires of a saved schedule, in a panel that a script keeps up to date."""
    is_saved = not schedule._state.adding
    fires, problem = _fires(schedule, now) if is_saved else ([], "")
    rows = [(local_time(f), short_moment(f.at), "; ".join(f.notes)) for f in fires]
    context = {
        "rows": rows,
        "has_notes": any(fire.notes for fire in fires),
        "problem": problem,
        "count": _FIRES_OF_ONE,
        "is_saved": is_saved,
        "is_active": schedule.is_active,
        "anchor": schedule.anchor_at.replace(microsecond=0).isoformat() if is_saved else "",
    }
    return render_to_string("jobs/admin/preview.html", context)


def next_fires_of_all(schedules: Iterable[JobSchedule], *, now: datetime) -> SafeString:
    """Return what fires next of several schedules, earliest first."""
    lists = [[(fire.at, n, fire, s) for fire in _fires(s, now)[0]] for n, s in enumerate(schedules)]
    rows = [
        (
            local_time(fire),
            short_moment(fire.at),
            link(schedule, _in_words(schedule)),
            "; ".join(fire.notes),
        )
        for _, _, fire, schedule in list(heapq.merge(*lists))[:_FIRES_OF_ALL]
    ]
    columns = ["local time", "UTC", "by", "note"]
    shown = slice(None if any(note for *_, note in rows) else -1)
    return table(columns[shown], [row[shown] for row in rows], empty="Nothing will come.")


def _in_words(schedule: JobSchedule) -> SafeString:
    return format_html('<span class="wide">{}</span>', rule_of(schedule).describe())


def local_time(fire: Fire) -> SafeString:
    """Return when a fire is by the clock of its schedule's zone, with the day and the offset."""
    iso = fire.local.isoformat()
    offset = "" if str(fire.local.tzinfo) == "UTC" else f" {iso[19:]}"
    shown = f"{fire.local:%a %Y-%m-%d %H:%M:%S}{offset}"
    return format_html('<time datetime="{}">{}</time>', iso, shown)


def _fires(schedule: JobSchedule, now: datetime) -> tuple[list[Fire], Any]:
    try:
        return preview_schedule(schedule, after=now, count=_FIRES_OF_ONE).fires, ""
    except InvalidRule as error:
        return [], str(error)
