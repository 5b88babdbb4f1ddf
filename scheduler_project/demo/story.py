"""Putting the demo jobs into an installation that lacks them."""

from django.conf import settings
from django.db import transaction

from audit.trail import Actor
from core.clock import database_now
from executions.queues import create_queue
from executions.services import trigger
from jobs.calendars.changing import create_calendar
from jobs.definitions import create_job
from jobs.dependencies import add_dependency
from jobs.models import HolidayCalendar, JobDefinition, Queue
from jobs.scheduling import create_schedule
from scheduler_project.demo import CALENDAR, COMMAND, QUEUE
from scheduler_project.demo.jobs import DemoJob, demo_jobs

ACTOR = Actor(name="demo")


def tell() -> list[str]:
    """Create the jobs that are missing and run them once; return their names.

    An archived demo job is not missing: somebody has put it away. A job whose command these
    settings do not allow would only fail; it is left out.
    """
    created: list[DemoJob] = []
    for part in demo_jobs(now=database_now()):
        with transaction.atomic():
            if _can_run(part) and not JobDefinition.objects.filter(name=part.name).exists():
                _create(part)
                created.append(part)
    for part in created:
        if not part.after:  # the others run with what they wait for
            trigger(actor=ACTOR, job=_find_job(part.name))
    return [part.name for part in created]


def _can_run(part: DemoJob) -> bool:
    is_command = "execution_command" in part.settings
    return not is_command or COMMAND in settings.SCHEDULER_ALLOWED_COMMANDS


def _create(part: DemoJob) -> None:
    if part.settings.get("queue_id") == QUEUE and not Queue.objects.filter(name=QUEUE).exists():
        create_queue(
            actor=ACTOR,
            fields={"name": QUEUE},
            is_paused=True,
            reason="The demo shows a queue that waits.",
        )
    job = create_job(
        actor=ACTOR,
        fields={
            "name": part.name,
            "description": part.shows,
            "category": part.category,
            **part.settings,
        },
        ownership={"team_name": part.team},
    )
    for schedule in part.schedules:
        fields = {"job": job, **schedule}
        if "calendar" in fields:
            fields["calendar"] = _find_calendar()
        create_schedule(actor=ACTOR, fields=fields)
    for upstream, fields in part.after.items():
        fields = {"upstream": _find_job(upstream), **fields}
        add_dependency(actor=ACTOR, job=job, fields=fields)


def _find_job(name: str) -> JobDefinition:
    return JobDefinition.objects.unarchived().get(name=name)


def _find_calendar() -> HolidayCalendar:
    found = HolidayCalendar.objects.filter(name=CALENDAR).first()
    sources = [{"country": "GB", "subdivision": "ENG"}]
    return found or create_calendar(actor=ACTOR, fields={"name": CALENDAR, "sources": sources})
