"""A workflow 1 -> 100 at once -> 1 of no-ops, beside as many that do not wait for each other.

And beside a Celery chord of the same shape. All take turns in one run.
"""

import time
from datetime import datetime
from typing import Any, Protocol

from django.db import connection
from rich.console import Console

from audit.trail import Actor
from core.clock import database_now
from executions.models import JobExecution
from executions.services import trigger
from executions.wake import poke
from jobs.models import JobDefinition, JobDependency, JobVersion
from tests.bench import chord
from tests.bench.processes import Processes, processes
from tests.bench.report import Spread, Table
from tests.factories import make_job
from tests.platform import until

WIDTH = 100
NODES = WIDTH + 2
RUNS = 10  # of each contender in a turn
WARM_UP = 3
_LONGEST_SECONDS = 120.0
_BENCH = Actor(name="bench", id="bench")

# As many rows as a run has, each ready at once; one statement opens them all.
OPEN_INDEPENDENT = """
WITH opened AS (
    INSERT INTO executions_jobexecution (
        id, job_id, version_id, origin, correlation_id, triggered_by, scheduled_for, due_at,
        is_late, priority, status, fence, attempt, publish_count, input
    )
    SELECT id, job, version, 'manual', id, 'bench', now(), now(),
           false, 5, 'scheduled', 0, 0, 0, '{}'
    FROM (
        SELECT uuidv7() AS id, job, version
        FROM unnest(%(jobs)s::uuid[], %(versions)s::bigint[]) AS given (job, version)
    ) AS given
    RETURNING id
)
INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence, actor)
SELECT id, 'scheduled', 0, 0, 'bench' FROM opened
"""


class Contender(Protocol):
    """Something that carries out no-ops of one shape."""

    name: str

    def start(self, crew: Processes) -> None:
        """Start what it needs."""

    def carry_out(self, crew: Processes) -> float:
        """Do all ``NODES`` no-ops once; return the seconds from the opening to the last end."""


class _OnThePlatform:
    def __init__(self, name: str, jobs: list[JobDefinition]) -> None:
        self.name = name
        self.jobs = jobs

    def start(self, crew: Processes) -> None:
        crew.start_platform()

    def carry_out(self, crew: Processes) -> float:
        before, since = crew.calls()[0], database_now()
        self.open()
        crew.await_calls(before + NODES, within=_LONGEST_SECONDS)
        found = JobExecution.objects.filter(job__in=self.jobs)
        until(lambda: not found.unfinished().exists(), what="all settled")
        return _seconds(self.jobs, since)

    def open(self) -> None:
        raise NotImplementedError


class Workflow(_OnThePlatform):
    """Ours: one trigger opens the whole run."""

    def open(self) -> None:
        trigger(actor=_BENCH, job=self.jobs[0])


class Independent(_OnThePlatform):
    """As many executions that are all ready at once."""

    def open(self) -> None:
        jobs = (self.jobs * NODES)[:NODES]
        versions = dict(JobVersion.objects.filter(job__in=jobs).values_list("job", "pk"))
        with connection.cursor() as cursor:
            cursor.execute(
                OPEN_INDEPENDENT,
                {
                    "jobs": [job.pk for job in jobs],
                    "versions": [versions[job.pk] for job in jobs],
                },
            )
        poke()


class CeleryChord:
    """The same shape in a Celery chord, with results in Valkey."""

    name = "Celery chord"

    def start(self, crew: Processes) -> None:
        crew.start_worker("tests.bench.chord", environment={})

    def carry_out(self, crew: Processes) -> float:
        before, began = crew.calls()[0], time.time()
        chord.start(WIDTH)
        return crew.await_calls(before + NODES, within=_LONGEST_SECONDS) - began


def measure(*, rounds: int, say: Console) -> list[Table]:
    """Let the contenders take turns; compare medians, and ratios within each round."""
    alone = Independent("102 independent, of one job", [_make_job("bench-alone")])
    contenders: list[Contender] = [
        Workflow("workflow 1 -> 100 -> 1", make_workflow()),
        alone,
        Independent("102 independent, of 102 jobs", _make_jobs("bench-apart", NODES)),
        CeleryChord(),
    ]
    taken: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            seconds = take_turn(contender)
            taken[contender.name].append(seconds)
            say.print(f"round {number + 1}: {contender.name}: {1000 * seconds:.0f} ms")
    table = Table(
        "dag", f"{NODES} no-ops, concurrency 2", ["", "ms", "times as long as the independent"]
    )
    for name, each in taken.items():
        ratios = [one / of for one, of in zip(each, taken[alone.name], strict=True)]
        table.add(
            name,
            Spread.of([1000 * one for one in each], digits=0),
            Spread.of(ratios, digits=2),
        )
    return [table]


def take_turn(contender: Contender) -> float:
    """Return the median seconds of one contender's runs, its processes warm."""
    with processes() as crew:
        contender.start(crew)
        for _ in range(WARM_UP):
            contender.carry_out(crew)
        return Spread.of([contender.carry_out(crew) for _ in range(RUNS)]).median


def make_workflow() -> list[JobDefinition]:
    """Return the jobs of the workflow, the first one first."""
    first, last = _make_job("bench-first"), _make_job("bench-last")
    middle = _make_jobs("bench-middle", WIDTH)
    pairs = [(first, one) for one in middle] + [(one, last) for one in middle]
    JobDependency.objects.bulk_create(
        JobDependency(upstream=upstream, job=job, created_by="bench") for upstream, job in pairs
    )
    return [first, *middle, last]


def _make_jobs(name: str, count: int) -> list[JobDefinition]:
    return [_make_job(f"{name}-{number}") for number in range(count)]


def _make_job(name: str) -> JobDefinition:
    return make_job(name=name, execution_type_name="bench.noop", max_concurrent_executions=10_000)


def _seconds(jobs: list[JobDefinition], since: datetime) -> float:
    """From the first row's opening to the last row's completion, by the database clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), extract(epoch FROM max(completed_at) - min(opened_at))::float8"
            " FROM executions_jobexecution"
            " WHERE job_id = ANY(%s) AND opened_at >= %s AND status = 'succeeded'",
            [[job.pk for job in jobs], since],
        )
        row: Any = cursor.fetchone()
    assert row[0] == NODES, f"{row[0]} of {NODES} succeeded"
    return float(row[1])
