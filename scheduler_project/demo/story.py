"""The demo jobs, and putting them into an installation that lacks them."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from django.db import transaction

from audit.trail import Actor
from executions.services import trigger
from jobs.definitions import create_job
from jobs.models import JobDefinition, RetryStrategy, ScheduleType
from jobs.scheduling import create_schedule

ACTOR = Actor(name="demo")


@dataclass(frozen=True)
class DemoJob:
    """One job, what it shows, and when it runs."""

    name: str
    shows: str
    handler: str
    settings: dict[str, Any]
    schedule: dict[str, Any]
    team: str = "Demo"
    category: str = "Demo"


STORY = (
    DemoJob(
        name="Heartbeat",
        shows="Succeeds every ten seconds.",
        handler="demo.heartbeat",
        settings={"timeout_seconds": 10},
        schedule={"schedule_type": ScheduleType.INTERVAL, "interval_seconds": 10},
    ),
    DemoJob(
        name="Flaky exchange rates",
        shows="Fails twice, is tried again, then succeeds.",
        handler="demo.flaky",
        settings={
            "timeout_seconds": 30,
            "max_retries": 3,
            "retry_strategy": RetryStrategy.EXPONENTIAL,
            "base_delay_seconds": 3,
        },
        schedule={"schedule_type": ScheduleType.CRON, "cron_expression": "* * * * *"},
    ),
    DemoJob(
        name="Slow supplier",
        shows="Takes longer than its timeout of three seconds and is stopped.",
        handler="demo.too_slow",
        settings={"timeout_seconds": 3},
        schedule={"schedule_type": ScheduleType.CRON, "cron_expression": "*/2 * * * *"},
    ),
    DemoJob(
        name="Record migration",
        shows="Runs two and a half minutes, shows its progress and can be cancelled.",
        handler="demo.migration",
        settings={"timeout_seconds": 600, "expected_duration_seconds": 150},
        schedule={"schedule_type": ScheduleType.INTERVAL, "interval_seconds": 300},
    ),
    DemoJob(
        name="Sales report (demo)",
        shows="Reports every morning; takes the parameters date and region.",
        handler="SalesReports.DailyReportJob",
        settings={"timeout_seconds": 300, "max_retries": 3},
        schedule={"schedule_type": ScheduleType.DAILY, "time_of_day": time(6)},
        team="Data Analytics",
        category="Reporting",
    ),
)


def tell() -> list[str]:
    """Create the jobs that are missing and run each of those once; return their names.

    An archived demo job is not missing: somebody has put it away.
    """
    created = []
    for part in STORY:
        with transaction.atomic():
            if not JobDefinition.objects.filter(name=part.name).exists():
                _create(part)
                created.append(part.name)
    return created


def _create(part: DemoJob) -> None:
    job = create_job(
        actor=ACTOR,
        fields={
            "name": part.name,
            "description": part.shows,
            "category": part.category,
            "execution_type_name": part.handler,
            **part.settings,
        },
        ownership={"team_name": part.team},
    )
    create_schedule(actor=ACTOR, fields={"job": job, **part.schedule})
    trigger(actor=ACTOR, job=job)
