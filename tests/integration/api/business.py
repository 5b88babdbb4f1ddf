"""A small calendar and a window, as rows."""

from typing import Any

from core.clock import database_now
from jobs.models import CalendarVersion, ExclusionWindow, HolidayCalendar


def make_calendar(
    name: str = "England", *, holidays: dict[str, str] | None = None, last_year: int = 2027
) -> HolidayCalendar:
    """Return a calendar of the years from 2025 with its weekends, and these holidays."""
    now = database_now()
    calendar = HolidayCalendar.objects.create(
        name=name, first_year=2025, last_year=last_year, version=1, created_by="t", created_at=now
    )
    days = [
        {"date": day, "kind": "holiday", "name": holiday, "source": "test"}
        for day, holiday in sorted((holidays or {}).items())
    ]
    CalendarVersion.objects.create(
        calendar=calendar,
        number=1,
        since=now,
        days=days,
        weekend=calendar.weekend,
        first_year=calendar.first_year,
        last_year=calendar.last_year,
        library="test",
        created_by="t",
    )
    return calendar


def make_window(name: str = "Freeze", **fields: Any) -> ExclusionWindow:
    """Return a window that schedules can name, from 11:00 to 13:30 unless told otherwise."""
    times = {"from_time": "11:00", "until_time": "13:30"}
    return ExclusionWindow.objects.create(
        name=name, created_by="t", created_at=database_now(), **{**times, **fields}
    )
