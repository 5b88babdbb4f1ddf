"""Rows in a named state, with timestamps that fit each other."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from audit.trail import Actor
from core.clock import database_now
from executions.models import JobExecution, Origin
from executions.states import FINAL, ExecutionStatus
from jobs.definitions import create_job
from jobs.models import (
    Hold,
    JobDefinition,
    JobSchedule,
    JobVersion,
    Queue,
    ScheduleVersion,
    Standing,
)
from jobs.rules import spec_of, write_spec
from jobs.scheduling import create_schedule
from jobs.versions import keep_version

TESTER = Actor(name="tester", id="1")


def make_job(**fields: Any) -> JobDefinition:
    """Return an active job named at random whose handler does nothing."""
    values = {
        "name": f"job-{uuid4().hex[:8]}",
        "execution_type_name": "tests.noop",
        "max_concurrent_executions": 10,
    }
    return create_job(actor=TESTER, fields=values | fields)


def make_schedule(job: JobDefinition | None = None, **fields: Any) -> JobSchedule:
    """Return a schedule, every 10 s unless told otherwise; ``next_fire_at`` may be set."""
    next_fire_at = fields.pop("next_fire_at", None)
    # A new schedule must not have ended; one with a slot of the past may have.
    end_at = fields.pop("end_at", None) if next_fire_at is not None else fields.get("end_at")
    values: dict[str, Any] = {"schedule_type": "interval", "interval_seconds": 10}
    if "schedule_type" in fields:
        values = {}
    schedule = create_schedule(actor=TESTER, fields={"job": job or make_job(), **values, **fields})
    if next_fire_at is not None:
        # An interval is counted from its anchor: the slot has to be one of its own.
        schedule.next_fire_at = schedule.next_run_at = schedule.anchor_at = next_fire_at
        schedule.end_at = end_at
        since = min(schedule.created_at, next_fire_at - timedelta(days=1))
        schedule.versions.all().delete()
        schedule.version = 0
        keep_version(schedule, since=since, by="tester")
        schedule.save()
    return schedule


def break_rule(schedule: JobSchedule) -> None:
    """Make its kept rule one that cannot be compiled, as an engine that got stricter would."""
    version = schedule.versions.get(number=schedule.version)
    version.spec["timezone"] = "Mars/Olympus"
    version.save()


def make_schedules(rows: Iterable[JobSchedule]) -> list[JobSchedule]:
    """Save many schedules at once, each with the version that its rule has held since its creation.

    They have no calendar and no windows.
    """
    made = list(rows)
    for row in made:
        row.version, row.versioned_at, row.next_run_at = 1, row.created_at, row.next_fire_at
    JobSchedule.objects.bulk_create(made, batch_size=5_000)
    ScheduleVersion.objects.bulk_create(
        (
            ScheduleVersion(
                schedule=row,
                number=1,
                since=row.created_at,
                standing=Standing.FIRING,
                spec=write_spec(spec_of(row, exclusions=())),
                created_by=row.created_by,
            )
            for row in made
        ),
        batch_size=5_000,
    )
    return made


def make_queue(name: str, *, is_paused: bool = False, **fields: Any) -> Queue:
    """Return a queue."""
    queue = Queue.objects.create(name=name, **fields)
    if is_paused:
        pause_queue(name)
    return queue


def pause_queue(name: str) -> None:
    """Hold a queue back, as a row alone: nothing is taken back."""
    Hold.objects.create(
        scope="queue", queue_id=name, reason="test", held_by="tester", held_at=database_now()
    )


def make_execution(
    job: JobDefinition | None = None,
    *,
    status: str = ExecutionStatus.SCHEDULED,
    now: datetime | None = None,
    **fields: Any,
) -> JobExecution:
    """Return an execution in ``status``, due (and claimed, and finished) shortly before ``now``."""
    job = job or make_job()
    now = now or database_now()
    values: dict[str, Any] = {
        "origin": Origin.MANUAL,
        "triggered_by": "tester",
        "scheduled_for": now - timedelta(seconds=10),
        "due_at": now - timedelta(seconds=10),
        "status": status,
        "version": JobVersion.objects.get(job=job, number=job.version),
    }
    if status != ExecutionStatus.SCHEDULED:
        values |= {"fence": 1, "queue": "default", "queued_at": now - timedelta(seconds=9)}
    if status == ExecutionStatus.QUEUED:
        values |= {"publish_again_at": now + timedelta(seconds=51)}
    if status in (ExecutionStatus.RUNNING, ExecutionStatus.RETRYING, *FINAL):
        values |= {"attempt": 1, "worker": "worker1@test", "worker_pid": 1}
        values |= {"started_at": now - timedelta(seconds=8)}
    if status == ExecutionStatus.RUNNING:
        values |= {"renewed_at": now, "lease_until": now + timedelta(seconds=60)}
    if status in FINAL:
        values |= {"completed_at": now - timedelta(seconds=1)}
    return JobExecution.objects.create(job=job, **{**values, **fields})
