"""What a look costs when nothing is due, with few schedules and with many."""

import time
from datetime import timedelta
from statistics import median

import psycopg
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from rich.console import Console

from core.clock import database_now
from executions.beat import NEXT_DUE
from executions.circuits import Circuits
from executions.dispatcher import dispatch
from executions.planner import plan
from jobs.models import JobSchedule, ScheduleType
from scheduler_project.embedded.servers import RunningServers
from tests.bench.report import Table, percentile
from tests.factories import make_job, make_schedules

SIZES = (10_000, 100_000)
TICKS = 200
WARM_UP = 20


def measure(servers: RunningServers, *, say: Console) -> list[Table]:
    """Take turns tick by tick between a database with few schedules and one with many."""
    own = connections["default"]
    own.close()
    links = {size: make_database(servers, size) for size in SIZES}
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    circuits = {size: Circuits() for size in SIZES}
    try:
        for size, link in links.items():
            say.print(f"{size} schedules")
            connections["default"] = link
            fill(size)
        for _ in range(WARM_UP + TICKS):
            for size, link in links.items():
                connections["default"] = link
                times[size].append(time_tick(circuits[size]))
    finally:
        for link in links.values():
            link.close()
        connections["default"] = own
    return [compare({size: taken[WARM_UP:] for size, taken in times.items()})]


def make_database(servers: RunningServers, size: int) -> BaseDatabaseWrapper:
    """Copy the migrated database and return a connection to the copy."""
    own, name = connections["default"], f"idle_{size}"
    with psycopg.connect(
        f"{servers.database_url.rsplit('/', 1)[0]}/template1", autocommit=True
    ) as link:
        link.execute(f"CREATE DATABASE {name} TEMPLATE {own.settings_dict['NAME']}")
    copied = own.copy()
    copied.settings_dict["NAME"] = name
    copied.settings_dict["OPTIONS"] |= {"options": "-c jit=off"}  # as beat's are
    return copied


def fill(size: int) -> None:
    """Make ``size`` schedules, the first of which is due in an hour."""
    job, first = make_job(), database_now() + timedelta(hours=1)
    JobSchedule.objects.update(next_fire_at=None)
    make_schedules(
        JobSchedule(
            job=job,
            schedule_type=ScheduleType.INTERVAL,
            interval_seconds=86_400,
            created_by="bench",
            created_at=first - timedelta(hours=1),
            anchor_at=first,
            next_fire_at=first + timedelta(seconds=number % 86_400),
        )
        for number in range(size)
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def time_tick(circuits: Circuits) -> float:
    """Do what beat does at each look; return the ms it took."""
    began = time.perf_counter()
    planned = plan()
    circuits.tend()
    dispatched = dispatch()
    row = NEXT_DUE.row(since=dispatched.decided_at)
    took = 1000 * (time.perf_counter() - began)
    assert planned.opened == 0
    assert dispatched.hints == []
    assert row is not None
    assert row["seconds"] > 0
    return took


def compare(times: dict[int, list[float]]) -> Table:
    """Return the ticks' medians side by side."""
    table = Table("d", f"an idle tick, ms of {TICKS}", ["schedules", "p50", "p99", "p50 / least"])
    least = min(median(taken) for taken in times.values())
    for size, taken in times.items():
        middle = median(taken)
        table.add(
            f"{size:,}",
            round(middle, 2),
            round(percentile(taken, 99), 2),
            round(middle / least, 2),
        )
    return table
