"""Can every schedule go on: do the calendars last, and does each rule still make sense?"""

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from core.program import PROGRAM
from core.times import show_time
from jobs.calendars.coverage import DAYS_AHEAD, RunningOut, calendars_running_out, stuck_reason
from jobs.models import JobSchedule
from scheduler_project.doctor.finding import Finding, fail, ok, warn

_YEARS_MORE = 5
_OVERDUE_SECONDS = 60


def check_calendars(now: datetime) -> Iterator[Finding]:
    """Does each calendar in use have days for the time to come?"""
    found = calendars_running_out(now)
    for one in found:
        yield _check_calendar(one, now)
    if not found:
        yield ok("calendars", f"those in use last {DAYS_AHEAD} days or more")


def _check_calendar(one: RunningOut, now: datetime) -> Finding:
    about, count = f"calendar {one.calendar.name}", one.schedules
    uses = "1 schedule uses it" if count == 1 else f"{count} schedules use it"
    said = f"its last day is {one.ends_on}, and {uses}"
    name, year = shlex.quote(one.calendar.name), max(one.ends_on.year, now.year) + _YEARS_MORE
    hint = f"`{PROGRAM} calendars extend {name} --to {year}`"
    if one.stuck:
        hint += " lets them go on; no slot is lost."
        return fail(about, f"{said}; {one.stuck} can go no further", hint)
    return warn(about, said, f"{hint} gives it more years.")


def check_standstills(now: datetime) -> Iterator[Finding]:
    """Does a schedule stand still for another reason, such as a rule that does not hold any more?

    Nothing is said where none does.
    """
    limit = now - timedelta(seconds=_OVERDUE_SECONDS)
    stands = Q(stuck_at__isnull=False) | Q(resume_at__lt=limit)
    rows = JobSchedule.objects.unarchived().filter(stands)
    for one in calendars_running_out(now):  # those are told of with it
        rows = rows.exclude(stuck_reason__startswith=stuck_reason(one.calendar))
    count, first = rows.count(), rows.select_related("job").order_by("pk").first()
    if first is None:
        return
    why = first.stuck_reason or f"its pause was to end at {show_time(first.resume_at)}"
    which = "1 stands still, that" if count == 1 else f"{count} stand still; one of them, that"
    hint = "Correct its rule; a change of the schedule lets it go on."
    yield fail("schedules", f"{which} of job {first.job.name}: {why}", hint)
