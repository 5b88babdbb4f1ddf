"""The days of one year of a calendar, and who reckons with them."""

from calendar import Calendar, day_name
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from core.admin_display import link, table
from jobs.admin.display import rule_words, schedule_badge
from jobs.calendars.coverage import users_of
from jobs.calendars.reading import current_calendar
from jobs.models import HolidayCalendar
from jobs.schedules import BusinessCalendar

_MOST_USERS = 50
_SIGNS = {"holiday": "✕", "workday": "+", "early_close": "½"}


def days_of_year(calendar: HolidayCalendar, asked: str, *, today: date) -> tuple[int, SafeString]:
    """Return the year, which is the asked one where it is known, and its months."""
    first, last = calendar.first_year, calendar.last_year
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else today.year
    year = min(max(year, first), last)
    known = current_calendar(calendar.pk)
    rows = {row["date"]: row for row in calendar.versions.get(number=calendar.version).days}
    context = {
        "year": year,
        "years": range(first, last + 1),
        "weekdays": list(day_name),
        "months": [_month(date(year, month, 1), known, rows) for month in range(1, 13)],
        "named": [row for day, row in rows.items() if day.startswith(f"{year}-")],
    }
    return year, render_to_string("jobs/admin/calendar_days.html", context)


def users_words(calendar: HolidayCalendar) -> SafeString:
    """Return the active schedules that use it, by themselves or through a window."""
    users = users_of(calendar)
    rows: list[tuple[Any, ...]] = [
        (link(one, one.job), rule_words(one), schedule_badge(one)) for one in users[:_MOST_USERS]
    ]
    if len(users) > _MOST_USERS:
        rows.append((f"and {len(users) - _MOST_USERS} more", "", ""))
    return table(["job", "rule", "state"], rows, empty="None does.")


def _month(
    first: date, calendar: BusinessCalendar, rows: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    return {
        "name": f"{first:%B}",
        "weeks": [
            [_day(day, calendar, rows) if day.month == first.month else None for day in week]
            for week in weeks
        ],
    }


def _day(day: date, calendar: BusinessCalendar, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    row = rows.get(day.isoformat())
    is_open = calendar.is_business_day(day)
    words = [f"{day:%a %d %B %Y}", "business day" if is_open else "closed"]
    return {
        "number": day.day,
        "kind": row["kind"] if row else "",
        "sign": _SIGNS[row["kind"]] if row else "",
        "is_closed": not is_open,
        "title": "\n".join([*words, *([row["name"]] if row else [])]),
    }
