"""Calendars and versions that are not saved: what saving them would make, or change."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import FieldProblem
from jobs.calendars.checking import normalise_calendar
from jobs.calendars.comparing import DayChange, Moved, affected_schedules, compare_versions
from jobs.calendars.extra_days import with_plain_dates
from jobs.calendars.library import LIBRARY
from jobs.calendars.materialising import materialise
from jobs.calendars.sources import read_sources
from jobs.models import CalendarVersion, Combine, HolidayCalendar
from jobs.schedules.business import WESTERN_WEEKEND
from jobs.validation import problems_of, refuse

YEARS_BEFORE, YEARS_AFTER = 1, 5
_YEARS = {"first_year", "last_year"}


@dataclass(frozen=True)
class CalendarChange:
    """What saving a calendar would do: the days that change, and the schedules it moves."""

    calendar: HolidayCalendar
    days: list[DayChange]
    schedules: list[Moved]


def preview_calendar(fields: dict[str, Any], *, now: datetime) -> CalendarChange:
    """What creating such a calendar would give; raise ``InvalidInput`` naming each field."""
    calendar = draft_calendar(fields, now=now)
    return CalendarChange(calendar, compare_versions(None, draft_version(calendar)), [])


def preview_change(
    calendar: HolidayCalendar, fields: dict[str, Any], *, now: datetime
) -> CalendarChange:
    """What such a change would do; raise ``InvalidInput`` naming each field. Nothing is saved."""
    calendar = copy(calendar)
    latest = calendar.versions.get(number=calendar.version)
    set_fields(calendar, fields)
    version = draft_version(calendar)
    moved = affected_schedules(calendar, version, now=now)
    return CalendarChange(calendar, compare_versions(latest, version), moved)


def draft_calendar(fields: dict[str, Any], *, now: datetime) -> HolidayCalendar:
    """A calendar with what was left out filled in; raise ``InvalidInput`` naming each field."""
    calendar = HolidayCalendar(**fields, created_at=now)
    if isinstance(calendar.name, str):
        calendar.name = calendar.name.strip()
    sources, _ = read_sources(calendar.sources)
    first = max([now.year - YEARS_BEFORE, *(one.entity.first_year for one in sources)])
    last = min([now.year + YEARS_AFTER, *(one.entity.last_year for one in sources)])
    if calendar.first_year is None:
        given = calendar.last_year if isinstance(calendar.last_year, int) else first
        calendar.first_year = min(first, given)
    if calendar.last_year is None:
        given = calendar.first_year if isinstance(calendar.first_year, int) else last
        calendar.last_year = max(last, given)
    if "weekend" not in fields:
        calendar.weekend = _weekend_of(calendar)
    refuse(_problems(calendar))
    return calendar


def set_fields(calendar: HolidayCalendar, fields: dict[str, Any]) -> None:
    """Change fields of a calendar; raise ``InvalidInput`` naming each field."""
    for name, value in fields.items():
        setattr(calendar, name, value.strip() if name == "name" and value else value)
    refuse(_problems(calendar))


def draft_version(calendar: HolidayCalendar) -> CalendarVersion:
    """The version that would follow the calendar's latest, of a calendar that was checked."""
    return CalendarVersion(
        calendar=calendar,
        number=calendar.version + 1,
        days=materialise(calendar),
        weekend=calendar.weekend,
        first_year=calendar.first_year,
        last_year=calendar.last_year,
        library=LIBRARY,
    )


def _problems(calendar: HolidayCalendar) -> list[FieldProblem]:
    for name in ("extra_holidays", "extra_workdays"):
        setattr(calendar, name, with_plain_dates(getattr(calendar, name)))
    problems = problems_of(calendar, exclude={"created_by", "created_at"})
    told = {problem.field for problem in problems}
    if told & _YEARS:
        told |= _YEARS
    return problems + [one for one in normalise_calendar(calendar) if one.field not in told]


def _weekend_of(calendar: HolidayCalendar) -> int:
    """The bits of the weekend that the sources have, together as their holidays are."""
    sources, _ = read_sources(calendar.sources)
    weekends = [sum(1 << (day + 1) % 7 for day in one.entity.weekend) for one in sources]
    if not weekends:
        return WESTERN_WEEKEND
    total = weekends[0]
    for weekend in weekends[1:]:
        total = total & weekend if calendar.combine == Combine.INTERSECTION else total | weekend
    return total
