"""What saving a calendar would do: which days change, and which schedules that moves."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from core.admin_display import badge, link
from jobs.admin.display import local_time, rule_words
from jobs.calendars.comparing import DAYS_COMPARED, DayChange, Moved
from jobs.calendars.drafting import CalendarChange
from jobs.schedules.zone import load_zone

_MOST_DAYS = 60
_MOST_SCHEDULES = 30
_MOST_FIRES = 3
_LOOKS = {"added": ("good", "add"), "removed": ("bad", "remove"), "changed": ("late", "edit")}


def change_words(change: CalendarChange) -> str:
    """Return such as "3 days change, and 2 schedules move"."""
    days, schedules = len(change.days), len(change.schedules)
    if not days:
        return "no day changes"
    moved = f"{schedules} schedule{'s' * (schedules != 1)} move{'s' * (schedules == 1)}"
    return f"{days} day{'s' * (days != 1)} change{'s' * (days == 1)}, and {moved}"


def show_change(change: CalendarChange, *, is_new: bool) -> SafeString:
    """Return the days and the schedules that saving would change."""
    if is_new:
        years = f"{change.calendar.first_year} to {change.calendar.last_year}"
        words = f"{len(change.days)} days of {years} are not as their weekday says:"
    else:
        words = f"Saving this: {change_words(change)}{':' if change.days else '.'}"
    context = {
        "words": words,
        "is_new": is_new,
        "days": [_day(one) for one in change.days[:_MOST_DAYS]],
        "more_days": max(len(change.days) - _MOST_DAYS, 0),
        "schedules": [_moved(one) for one in change.schedules[:_MOST_SCHEDULES]],
        "more_schedules": max(len(change.schedules) - _MOST_SCHEDULES, 0),
        "days_compared": DAYS_COMPARED,
    }
    return render_to_string("jobs/admin/calendar_change.html", context)


def _day(change: DayChange) -> dict[str, object]:
    look, sign = _LOOKS[change.kind]
    return {
        "date": f"{change.date:%a %Y-%m-%d}",
        "badge": badge(change.kind, look=look, sign=sign),
        "before": _row_words(change.before),
        "after": _row_words(change.after),
    }


def _row_words(row: dict[str, object] | None) -> str:
    """Such as "holiday: Christmas Day"."""
    return f"{str(row['kind']).replace('_', ' ')}: {row['name']}" if row else "as its weekday"


def _moved(moved: Moved) -> dict[str, object]:
    zone = load_zone(moved.schedule.timezone)
    added, removed = (
        [local_time(at.astimezone(zone)) for at in fires[:_MOST_FIRES]]
        for fires in (moved.added, moved.removed)
    )
    return {
        "job": link(moved.schedule, moved.schedule.job),
        "rule": rule_words(moved.schedule),
        "added": added,
        "removed": removed,
        "more": max(len(moved.added), len(moved.removed)) > _MOST_FIRES or moved.is_cut,
    }
