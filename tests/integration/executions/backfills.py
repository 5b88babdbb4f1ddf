"""What the tests of backfills have in common: a schedule every hour, and a range of its past."""

from datetime import datetime, timedelta
from typing import Any

from core.clock import database_now
from executions.backfills import BackfillRequest
from executions.models import Backfill, JobExecution
from jobs.models import JobDefinition, JobSchedule
from tests.factories import make_job, make_schedule

HOURLY = {"schedule_type": "cron", "cron_expression": "0 * * * *"}
BEGIN = datetime.fromisoformat("2026-05-04T00:00:00+00:00")


def hour(number: int) -> datetime:
    """The slot so many hours after ``BEGIN``."""
    return BEGIN + timedelta(hours=number)


def make_hourly(job: JobDefinition | None = None, **fields: Any) -> JobSchedule:
    """A schedule with a slot each hour that was there long before ``BEGIN``."""
    later = database_now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return make_schedule(job or make_job(), **{**HOURLY, "next_fire_at": later, **fields})


def request(hours: int = 4, **fields: Any) -> BackfillRequest:
    """A request for the first hours from ``BEGIN`` on."""
    return BackfillRequest(**{"from_at": BEGIN, "until_at": hour(hours), **fields})


def states(backfill: Backfill) -> list[str]:
    """The status of each execution, in the order they are to go."""
    return list(executions(backfill).values_list("status", flat=True))


def executions(backfill: Backfill) -> Any:
    return JobExecution.objects.filter(backfill=backfill).order_by("pk")
