"""No-op executions per second and their CPU cost, beside Celery without and with a result store."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import psycopg
from django.db import connection
from rich.console import Console

from core.clock import database_now
from executions.wake import poke
from jobs.models import JobDefinition, JobVersion
from scheduler_project.embedded.servers import RunningServers
from tests.bench import raw, stored
from tests.bench.processes import CPU, Processes, family_seconds, processes, spent
from tests.bench.report import Spread, Table
from tests.factories import make_job
from tests.platform import until

WARM_UP = 100
_LONGEST_SECONDS = 600.0

# The rows that `trigger` makes, without its audit entry; one statement opens them all.
OPEN = """
WITH opened AS (
    INSERT INTO executions_jobexecution (
        id, job_id, version_id, origin, correlation_id, triggered_by, scheduled_for, due_at,
        is_late, priority, status, fence, attempt, publish_count, input
    )
    SELECT uuidv7(), %(job)s, %(version)s, 'manual', uuidv7(), 'bench', now(), now(),
           false, 5, 'scheduled', 0, 0, 0, '{}'
    FROM generate_series(1, %(count)s)
    RETURNING id
)
INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence, actor)
SELECT id, 'scheduled', 0, 0, 'bench' FROM opened
"""


@dataclass(frozen=True)
class Sample:
    """One round of one contender."""

    count: int
    seconds: float
    cpu: CPU

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        return 1000 * sum(self.cpu.values()) / self.count


class Contender(Protocol):
    """Something that can do a number of no-ops."""

    name: str

    def start(self, crew: Processes) -> None:
        """Start what it needs."""

    def carry_out(self, crew: Processes, count: int) -> float:
        """Do ``count`` no-ops; return the seconds from the first opening to the last end."""


class Platform:
    """Ours: rows opened in PostgreSQL, until the last one is settled there."""

    name = "the platform"

    def __init__(self) -> None:
        self.job: JobDefinition = make_job(
            name="bench-noop", execution_type_name="bench.noop", max_concurrent_executions=10_000
        )
        self.version = JobVersion.objects.get(job=self.job)

    def start(self, crew: Processes) -> None:
        crew.start_platform()

    def carry_out(self, crew: Processes, count: int) -> float:
        before, since = crew.calls()[0], database_now()
        with connection.cursor() as cursor:
            cursor.execute(OPEN, {"job": self.job.pk, "version": self.version.pk, "count": count})
        poke()
        crew.await_calls(before + count, within=_LONGEST_SECONDS)
        until(lambda: not self.job.executions.unfinished().exists(), what="all settled")
        return self._seconds(since, count)

    def _seconds(self, since: Any, count: int) -> float:
        """From the first row's opening to the last row's completion, by the database clock."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), extract(epoch FROM max(completed_at) - min(opened_at))::float8"
                " FROM executions_jobexecution"
                " WHERE job_id = %s AND opened_at >= %s AND status = 'succeeded'",
                [self.job.pk, since],
            )
            succeeded, seconds = cursor.fetchone()
        assert succeeded == count, f"{succeeded} of {count} succeeded"
        return float(seconds)


class RawCelery:
    """Celery with ignored results: calls in a loop while a worker works."""

    name = "Celery alone"

    def start(self, crew: Processes) -> None:
        crew.start_worker("tests.bench.raw", environment={})

    def carry_out(self, crew: Processes, count: int) -> float:
        before, began = crew.calls()[0], time.time()
        for _ in range(count):
            raw.noop.apply_async()
        return crew.await_calls(before + count, within=_LONGEST_SECONDS) - began


@dataclass
class StoredCelery:
    """Celery with django-celery-results in the same PostgreSQL.

    ``reuse`` keeps the worker's connection over many tasks, as CELERY_DB_REUSE_MAX lets it.
    """

    name: str
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, crew: Processes) -> None:
        crew.start_worker(
            "tests.bench.stored",
            environment={
                "DJANGO_SETTINGS_MODULE": "tests.bench.stored_settings",
                **self.environment,
            },
        )

    def carry_out(self, crew: Processes, count: int) -> float:
        before, began = crew.calls()[0], time.time()
        address = os.environ["BENCH_STORED_DATABASE"]
        with psycopg.connect(address, autocommit=True) as link:
            there = self._stored(link)
            for _ in range(count):
                stored.noop.apply_async()
            crew.await_calls(before + count, within=_LONGEST_SECONDS)
            until(lambda: self._stored(link) >= there + count, what="all stored")
        return time.time() - began

    def _stored(self, link: psycopg.Connection[Any]) -> int:
        row = link.execute(
            "SELECT count(*) FROM django_celery_results_taskresult WHERE status = 'SUCCESS'"
        ).fetchone()
        assert row is not None
        return int(row[0])


def measure(servers: RunningServers, *, rounds: int, count: int, say: Console) -> list[Table]:
    """Let the contenders take turns; compare medians, and ratios within each round."""
    prepare_stored(servers)
    contenders: list[Contender] = [
        Platform(),
        RawCelery(),
        StoredCelery("Celery + results"),
        StoredCelery("Celery + results, reuse", {"BENCH_DB_REUSE_MAX": "10000"}),
    ]
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            with take_turn(contender, servers) as crew:
                sample = take_sample(contender, crew, servers, count)
            samples[contender.name].append(sample)
            say.print(f"round {number + 1}: {contender.name}: {sample.rate:.0f}/s")
    return [compare(samples, count), break_down(samples)]


@contextmanager
def take_turn(contender: Contender, servers: RunningServers) -> Iterator[Processes]:
    """Start a contender's processes and warm them up."""
    with processes() as crew:
        contender.start(crew)
        contender.carry_out(crew, WARM_UP)
        yield crew


def take_sample(
    contender: Contender, crew: Processes, servers: RunningServers, count: int
) -> Sample:
    """Do ``count`` no-ops and read the CPU time of everybody involved before and after."""

    def read_cpu() -> CPU:
        return crew.cpu() | {
            "PostgreSQL": family_seconds(servers.postgres.pid),
            "Valkey": family_seconds(servers.valkey.pid),
        }

    before = read_cpu()
    seconds = contender.carry_out(crew, count)
    return Sample(count=count, seconds=seconds, cpu=spent(before, read_cpu()))


def compare(samples: dict[str, list[Sample]], count: int) -> Table:
    """Return rate and CPU cost per contender, and the rate as a part of raw Celery's."""
    table = Table(
        "a",
        f"{count} no-ops, concurrency 2",
        ["", "per second", "CPU ms each", "rate / Celery's"],
    )
    base = [sample.rate for sample in samples[RawCelery.name]]
    for name, taken in samples.items():
        rates = [sample.rate for sample in taken]
        table.add(
            name,
            Spread.of(rates, digits=0),
            Spread.of([sample.cpu_milliseconds for sample in taken], digits=2),
            Spread.of([rate / of for rate, of in zip(rates, base, strict=True)], digits=2),
        )
    return table


def break_down(samples: dict[str, list[Sample]]) -> Table:
    """Return whose CPU time it is, medians in ms per no-op."""
    parts = list(dict.fromkeys(part for taken in samples.values() for part in taken[0].cpu))
    table = Table("a", "CPU ms each, by part", ["", *parts])
    for name, taken in samples.items():
        cells = [
            Spread.of([1000 * s.cpu[part] / s.count for s in taken], digits=2).median_only()
            if part in taken[0].cpu
            else None
            for part in parts
        ]
        table.add(name, *cells)
    return table


def prepare_stored(servers: RunningServers) -> None:
    """Make the database of django-celery-results, beside ours on the same server."""
    address = servers.database_url.rsplit("/", 1)[0]
    with psycopg.connect(servers.database_url, autocommit=True) as link:
        link.execute("CREATE DATABASE stored")
    os.environ["BENCH_STORED_DATABASE"] = f"{address}/stored"
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.stored_settings"},
        check=True,
    )
