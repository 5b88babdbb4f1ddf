"""How late 1,000 schedules start that fire once a minute each."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from rich.console import Console

from core.clock import database_now
from core.ids import uuid7
from executions.models import JobExecution
from jobs.models import JobDefinition, JobSchedule, JobVersion, ScheduleType
from jobs.rules import rule_of
from tests.bench.processes import processes
from tests.bench.report import Table, percentile
from tests.factories import make_schedules
from tests.platform import until

SCHEDULES = 1_000
INTERVAL_SECONDS = 60
RUN_SECONDS = 70.0
_HEAD_START = timedelta(seconds=3)


@dataclass(frozen=True)
class Slot:
    """One slot that has to be carried out."""

    schedule: UUID
    scheduled_for: datetime


def measure(*, say: Console) -> list[Table]:
    """Run beat and one worker for 70 s; hold each slot against what was carried out."""
    with processes() as crew:
        crew.start_platform()
        began = database_now()
        schedules = open_schedules(first=began + _HEAD_START)
        say.print(f"{SCHEDULES} schedules, {RUN_SECONDS:.0f} s")
        time.sleep(RUN_SECONDS)
        until_when = database_now()
        expected = expected_slots(schedules, before=until_when)
        JobSchedule.objects.update(next_fire_at=None)
        until(lambda: not JobExecution.objects.unfinished().exists(), within=30, what="all settled")
    return [compare(expected, late_by(before=until_when))]


def open_schedules(*, first: datetime) -> list[JobSchedule]:
    """Make jobs of one schedule each, whose first slots are spread evenly over a minute."""
    jobs = [
        JobDefinition(
            name=f"bench-minutely-{number}",
            execution_type_name="bench.noop",
            max_concurrent_executions=10,
            created_by="bench",
        )
        for number in range(SCHEDULES)
    ]
    JobDefinition.objects.bulk_create(jobs)
    JobVersion.objects.bulk_create(
        JobVersion(job=job, number=1, snapshot=job.snapshot(), created_by="bench") for job in jobs
    )
    step = timedelta(seconds=INTERVAL_SECONDS) / SCHEDULES
    return make_schedules(
        JobSchedule(
            id=uuid7(),
            job=job,
            schedule_type=ScheduleType.INTERVAL,
            interval_seconds=INTERVAL_SECONDS,
            created_by="bench",
            created_at=first + number * step - timedelta(seconds=1),
            anchor_at=first + number * step,
            next_fire_at=first + number * step,
        )
        for number, job in enumerate(jobs)
    )


def expected_slots(schedules: list[JobSchedule], *, before: datetime) -> set[Slot]:
    """Return the slots that the rules ask for, computed without the planner."""
    slots = set()
    for schedule in schedules:
        rule, slot = rule_of(schedule), schedule.next_fire_at
        while slot is not None and slot < before:
            slots.add(Slot(schedule.pk, slot))
            slot = rule.next(slot)
    return slots


def late_by(*, before: datetime) -> dict[Slot, float]:
    """Return by how many ms each slot's handler started after the slot, by the database clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schedule_id, scheduled_for,"
            " extract(epoch FROM started_at - scheduled_for)::float8 * 1000"
            " FROM executions_jobexecution"
            " WHERE origin = 'schedule' AND status = 'succeeded' AND scheduled_for < %s",
            [before],
        )
        return {Slot(schedule, at): late for schedule, at, late in cursor.fetchall()}


def compare(expected: set[Slot], late: dict[Slot, float]) -> Table:
    """Return how late the slots were, and how many are missing."""
    table = Table(
        "b",
        f"{SCHEDULES} schedules over a minute: start minus slot, ms",
        ["", "slots", "missed", "p50", "p99", "max"],
    )
    values = list(late.values())
    table.add(
        "the platform",
        len(expected),
        len(expected - late.keys()),
        *(round(percentile(values, percent), 1) for percent in (50, 99, 100)),
    )
    return table
