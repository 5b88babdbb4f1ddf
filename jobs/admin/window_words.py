"""Exclusion windows in words."""

from core.times import show_time
from jobs.models import ExclusionScope, ExclusionWindow, OnExcluded, Weekday
from jobs.schedules.words import listed

_SCOPES = {
    ExclusionScope.GLOBAL: "all schedules",
    ExclusionScope.SCHEDULE: "the schedules that name it",
}


def window_words(window: ExclusionWindow) -> str:
    """Return when nothing may run, such as "22:00 to 06:00 on Friday, Europe/Berlin time"."""
    if window.calendar is not None:
        return f"All days that are no business days of {window.calendar}"
    if window.starts_at and window.ends_at:
        return f"{show_time(window.starts_at)} to {show_time(window.ends_at)}"
    clock = f"{window.timezone} time" if window.timezone else "by each schedule's clock"
    if window.first_date and window.last_date:
        return f"{window.first_date} to {window.last_date}, {clock}"
    times = f"{window.from_time:%H:%M} to {window.until_time:%H:%M}"
    return f"{times} on {_days(window.days_of_week)}, {clock}"


def scope_words(window: ExclusionWindow) -> str:
    """Return what it holds for."""
    if window.scope == ExclusionScope.TEAM:
        return f"jobs of {window.team_name}"
    return _SCOPES[ExclusionScope(window.scope)]


def excluded_words(window: ExclusionWindow) -> str:
    """Return what becomes of a slot in it."""
    return "waits for its end" if window.on_excluded == OnExcluded.DEFER else "is skipped"


def _days(bits: int | None) -> str:
    if bits is None:
        return "every day"
    monday_first = (*list(Weekday)[1:], Weekday.SUNDAY)
    return listed([day.label for day in monday_first if bits & day])
