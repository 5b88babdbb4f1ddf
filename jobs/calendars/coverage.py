"""Calendars whose years end: told early, because a schedule stops where they do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from jobs.models import HolidayCalendar, JobSchedule
from jobs.refreshing import schedules_of_calendar

DAYS_AHEAD = 90


@dataclass(frozen=True)
class RunningOut:
    """A calendar in use, its last day, how many schedules use it, and how many it stopped."""

    calendar: HolidayCalendar
    ends_on: date
    schedules: int
    stuck: int


def calendars_running_out(now: datetime, days: int = DAYS_AHEAD) -> list[RunningOut]:
    """The calendars that live schedules use and that end within so many days, earliest first.

    Those that stopped a schedule already are among them: the next fire of a rule may be far off.
    """
    ahead = (now.astimezone(UTC) + timedelta(days=days)).date()
    calendars = HolidayCalendar.objects.unarchived().order_by("last_year", "name")
    found = []
    for calendar in calendars:
        users, why = users_of(calendar), stuck_reason(calendar)
        stuck = sum((schedule.stuck_reason or "").startswith(why) for schedule in users)
        ends_on = date(calendar.last_year, 12, 31)
        if users and (stuck or ends_on <= ahead):
            found.append(RunningOut(calendar, ends_on, len(users), stuck))
    return found


def stuck_reason(calendar: HolidayCalendar) -> str:
    """How the reason begins of each schedule that has come to the end of this calendar.

    It may reckon with others as well, which go on.
    """
    return f"calendar {calendar.name!r} "


def users_of(calendar: HolidayCalendar) -> list[JobSchedule]:
    """The active schedules that reckon with a calendar, by themselves or through a window."""
    schedules = JobSchedule.objects.filter(pk__in=schedules_of_calendar(calendar), is_active=True)
    return list(schedules.select_related("job").order_by("job__name", "pk"))
