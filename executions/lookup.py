"""Finding the job, schedule, execution, queue or calendar that a command means."""

from difflib import get_close_matches
from uuid import UUID

from django.core.management.base import CommandError

from core.program import PROGRAM
from executions.models import JobExecution
from jobs.models import HolidayCalendar, JobDefinition, JobSchedule, Queue

_MOST_COMPARED = 10_000


def find_job(text: str) -> JobDefinition:
    """Return the job of this id or name, archived ones only by id."""
    if identifier := as_uuid(text):
        job = JobDefinition.objects.filter(pk=identifier).first()
    else:
        job = JobDefinition.objects.unarchived().filter(name=text).first()
    if job is None:
        raise CommandError(
            f"There is no job {text!r}. Give its exact name (quoted) or its id.{_close_to(text)}"
        )
    return job


def find_schedule(text: str) -> JobSchedule:
    """Return the schedule of this id."""
    identifier = as_uuid(text)
    schedules = JobSchedule.objects.select_related("job")
    found = schedules.filter(pk=identifier).first() if identifier else None
    if found is None:
        raise CommandError(
            f"There is no schedule {text!r}. Give a whole id; `{PROGRAM} schedules` lists them."
        )
    return found


def find_execution(text: str) -> JobExecution:
    """Return the execution of this id.

    Beginnings of ids are not enough: executions opened at the same time share them.
    """
    identifier = as_uuid(text)
    executions = JobExecution.objects.select_related("job")
    found = executions.filter(pk=identifier).first() if identifier else None
    if found is None:
        raise CommandError(
            f"There is no execution {text!r}. Give a whole id; `{PROGRAM} executions` lists them."
        )
    return found


def find_queue(name: str) -> Queue:
    """Return the queue of this name."""
    queue = Queue.objects.filter(name=name).first()
    if queue is None:
        names = ", ".join(Queue.objects.order_by("name").values_list("name", flat=True))
        raise CommandError(f"There is no queue {name!r}. There are: {names}.")
    return queue


def find_calendar(text: str) -> HolidayCalendar:
    """Return the calendar of this id or name, archived ones only by id."""
    if identifier := as_uuid(text):
        calendar = HolidayCalendar.objects.filter(pk=identifier).first()
    else:
        calendar = HolidayCalendar.objects.unarchived().filter(name=text).first()
    if calendar is None:
        calendars = HolidayCalendar.objects.unarchived().order_by("name")
        names = ", ".join(calendars.values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no calendar {text!r}. There are: {names}.")
    return calendar


def as_uuid(text: str) -> UUID | None:
    """Return the id that ``text`` is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _close_to(text: str) -> str:
    names = JobDefinition.objects.unarchived().order_by("name").values_list("name", flat=True)
    by_key = {name.casefold(): name for name in names[:_MOST_COMPARED]}
    close = [by_key[key] for key in get_close_matches(text.casefold(), by_key, n=3)]
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
