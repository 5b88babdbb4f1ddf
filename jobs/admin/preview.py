"""The next fires of schedules, for people: their own clock, UTC, and what is odd about them."""

import heapq
from collections.abc import Iterable
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_display import link, short_moment, table
from jobs.admin.display import local_time, rule_words
from jobs.admin.edit_effect import EditEffect
from jobs.admin.live_panel import live_panel
from jobs.models import JobSchedule
from jobs.previewing import Fire, Preview, preview_schedule
from jobs.schedules import InvalidRule

FIRES_OF_ONE = 10
_FIRES_OF_ALL = 5
_BEFORE_ANYTHING = "Fill in the rule to see when it fires."


def preview_panel(schedule: JobSchedule, *, now: datetime, url: str) -> SafeString:
    """Return the next fires of a saved schedule, in a panel that a script keeps up to date.

    The script asks ``url``; with none, nothing can be edited.
    """
    fires = preview_words() if schedule._state.adding else _preview_saved(schedule, now)
    return live_panel(fires, url=url, key="schedule-preview")


def preview_fires(
    preview: Preview,
    schedule: JobSchedule | None = None,
    effect: EditEffect | None = None,
    note: str = "",
) -> SafeString:
    """Return the inner part of the panel; ``schedule`` tells whether it is held up."""
    words = f"{preview.description}."
    if preview.problem:
        words += f" There may be more: {preview.problem}."
    elif not preview.fires:
        words += " Nothing will come."
    elif schedule and not schedule.is_active:
        words += " It is inactive. If it were active, it would fire at:"
    elif schedule and schedule.paused_at:
        words += " It is paused. If it were not, it would fire at:"
    elif preview.is_exhausted:
        words += " Nothing comes after these."
    return _render(f"{words} {note}".strip(), preview.fires, effect)


def preview_words(words: str = _BEFORE_ANYTHING) -> SafeString:
    """Return the inner part of the panel where there is nothing to list."""
    return _render(words, [], None)


def next_fires_of_all(schedules: Iterable[JobSchedule], *, now: datetime) -> SafeString:
    """Return what fires next of several schedules, earliest first."""
    lists = [[(fire.at, n, fire, s) for fire in _fires(s, now)] for n, s in enumerate(schedules)]
    rows = [
        (
            local_time(fire.local),
            short_moment(fire.at),
            link(schedule, format_html('<span class="wide">{}</span>', rule_words(schedule))),
            "; ".join(fire.notes),
        )
        for _, _, fire, schedule in list(heapq.merge(*lists))[:_FIRES_OF_ALL]
    ]
    columns = ["local time", "UTC", "by", "note"]
    shown = slice(None if any(note for *_, note in rows) else -1)
    return table(columns[shown], [row[shown] for row in rows], empty="Nothing will come.")


def _preview_saved(schedule: JobSchedule, now: datetime) -> SafeString:
    try:
        preview = preview_schedule(schedule, after=now, count=FIRES_OF_ONE)
    except InvalidRule as error:
        return preview_words(str(error))
    return preview_fires(preview, schedule)


def _fires(schedule: JobSchedule, now: datetime) -> list[Fire]:
    try:
        return preview_schedule(schedule, after=now, count=FIRES_OF_ONE).fires
    except InvalidRule:
        return []


def _render(words: str, fires: list[Fire], effect: EditEffect | None) -> SafeString:
    rows = [(local_time(f.local), short_moment(f.at), "; ".join(f.notes)) for f in fires]
    has_notes = any(fire.notes for fire in fires)
    context = {"words": words, "rows": rows, "has_notes": has_notes, "edit": effect}
    return render_to_string("jobs/admin/preview_fires.html", context)
