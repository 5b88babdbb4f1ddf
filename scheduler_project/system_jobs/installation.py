"""Which jobs the platform brings along, and putting them into an installation that lacks them."""

from dataclasses import dataclass
from datetime import time
from itertools import chain, count
from typing import Any

from django.db import transaction

from audit.trail import PLATFORM
from jobs.definitions import create_job
from jobs.models import JobDefinition, Queue, RetryStrategy, ScheduleType
from jobs.scheduling import create_schedule

_COMMON = {
    "category": "Platform",
    "max_retries": 3,
    "retry_strategy": RetryStrategy.EXPONENTIAL_WITH_JITTER,
    "base_delay_seconds": 60,
}


@dataclass(frozen=True)
class SystemJob:
    """One job of the platform's own, as it is first created."""

    handler: str
    name: str
    does: str
    settings: dict[str, Any]
    schedule: dict[str, Any]


SYSTEM_JOBS = (
    SystemJob(
        handler="platform.rollups",
        name="Platform rollups",
        does="Adds up the executions of each day once it is over, for the dashboard.",
        settings={"timeout_seconds": 900, "expected_duration_seconds": 60},
        # A day can be counted ten minutes after it is over; hourly, because one may have failed.
        schedule={"schedule_type": ScheduleType.CRON, "cron_expression": "12 * * * *"},
    ),
    SystemJob(
        handler="platform.retention",
        name="Platform retention",
        does="Deletes finished executions, log lines, sessions and the rows of vanished processes"
        " that are older or more than is kept. With the parameter dry_run it only counts.",
        settings={
            "timeout_seconds": 7200,
            "expected_duration_seconds": 1800,
            "priority": 2,
            "parameter_schema": {
                "type": "object",
                "properties": {
                    "dry_run": {
                        "type": "boolean",
                        "default": False,
                        "title": "Only count",
                        "description": "Count the executions that would be deleted.",
                    }
                },
                "additionalProperties": False,
            },
        },
        schedule={"schedule_type": ScheduleType.DAILY, "time_of_day": time(2, 30)},
    ),
    SystemJob(
        handler="platform.ledger",
        name="Platform ledger check",
        does="Works out every slot of the last two days anew, and fails when one of them has no"
        " execution: a due slot that nobody looked at. Warns of calendars whose years end.",
        settings={
            "timeout_seconds": 3600,
            "expected_duration_seconds": 60,
            "priority": 2,
            "parameter_schema": {
                "type": "object",
                "properties": {
                    "hours": {
                        "type": "integer",
                        "default": 48,
                        "minimum": 1,
                        "maximum": 8760,
                        "title": "Hours",
                        "description": "How far to look back.",
                    }
                },
                "additionalProperties": False,
            },
        },
        # Before retention, which may delete what this compares with.
        schedule={"schedule_type": ScheduleType.DAILY, "time_of_day": time(2, 10)},
    ),
)


@transaction.atomic
def install() -> list[str]:
    """Create the system jobs that no job's handler stands for yet; return the names they got.

    Where somebody's job has the name that was meant, another one is used. A job is known by its
    handler, whatever people have made of it: renamed, changed, disabled or archived, it is left as
    it is.
    """
    # Two that install at once take turns.
    Queue.objects.select_for_update().get(name="default")
    missing = [job for job in SYSTEM_JOBS if not _is_there(job)]
    return [_create(job).name for job in missing]


def _is_there(job: SystemJob) -> bool:
    return JobDefinition.objects.filter(execution_type_name=job.handler).exists()


def _free_name(name: str) -> str:
    """Return the name, or one close to it: somebody's job of that name must not stop an upgrade."""
    taken = JobDefinition.objects.unarchived()
    others = (f"{name} (system {number})" for number in count(2))
    names = chain((name, f"{name} (system)"), others)
    return next(free for free in names if not taken.filter(name=free).exists())


def _create(system_job: SystemJob) -> JobDefinition:
    job = create_job(
        actor=PLATFORM,
        fields={
            "name": _free_name(system_job.name),
            "description": system_job.does,
            "execution_type_name": system_job.handler,
            **_COMMON,
            **system_job.settings,
        },
        ownership={"team_name": "Platform"},
    )
    create_schedule(actor=PLATFORM, fields={"job": job, **system_job.schedule})
    return job
