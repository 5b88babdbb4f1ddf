"""Calendars as the engine takes them."""

from datetime import date
from functools import lru_cache
from uuid import UUID

from jobs.models import CalendarVersion
from jobs.schedules.business import BusinessCalendar


def current_calendar(calendar_id: UUID) -> BusinessCalendar:
    """The calendar's latest version; raise ``CalendarVersion.DoesNotExist`` if it has none."""
    latest = CalendarVersion.objects.filter(calendar_id=calendar_id).order_by("-number")
    return read_calendar(str(latest.values_list("pk", flat=True)[:1].get()))


@lru_cache(maxsize=1_024)
def read_calendar(version_id: str) -> BusinessCalendar:
    """One version, which never changes and is therefore kept."""
    version = CalendarVersion.objects.select_related("calendar").get(pk=version_id)
    return calendar_of(version)


def calendar_of(version: CalendarVersion) -> BusinessCalendar:
    """The engine's calendar of a version, which need not be saved."""
    days = {date.fromisoformat(day["date"]): day for day in version.days}
    by_kind = {
        kind: {at: day["name"] for at, day in days.items() if day["kind"] == kind}
        for kind in ("holiday", "workday", "early_close")
    }
    return BusinessCalendar(
        name=version.calendar.name,
        version=version.number,
        id=str(version.pk),
        weekend=version.weekend,
        holidays=by_kind["holiday"],
        workdays=frozenset(by_kind["workday"]),
        early_closes=by_kind["early_close"],
        first_year=version.first_year,
        last_year=version.last_year,
    )
