"""What why says is what dispatch does: random platforms, asked before and after one dispatch."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from core.clock import database_now
from executions.dispatcher import choose
from executions.models import Circuit, JobExecution
from executions.states import READY
from executions.waits import Code
from jobs.models import Hold, JobDefinition, JobOwnership, JobSchedule, Queue
from tests.factories import make_execution, make_job, make_schedule
from tests.integration.executions.causes import ask, make_beat, make_process

pytestmark = pytest.mark.django_db

SKIPS = (Code.JOB_STATUS, Code.ENVIRONMENT, Code.CIRCUIT)


class World:
    """A few jobs of one queue, with random limits, holds, breakers and executions."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311
        make_beat()
        make_process()
        Queue.objects.filter(name="default").update(
            max_concurrent_executions=self.maybe(range(1, 6)),
            starts_per_minute=self.maybe(range(1, 6)),
        )
        self.jobs = [self.make_job() for _ in range(3)]
        for job in self.jobs:
            self.make_executions(job)
        if self.random.random() < 0.3:
            self.hold(self.random.choice(self.jobs))

    def maybe(self, choices: Any) -> Any:
        return self.random.choice(list(choices)) if self.random.random() < 0.4 else None

    def make_job(self) -> JobDefinition:
        job = make_job(
            max_concurrent_executions=self.random.randint(1, 4),
            starts_per_minute=self.maybe(range(1, 4)),
            concurrency_key=self.maybe(["{key}"]) or "",
            max_concurrent_per_key=self.random.randint(1, 2),
            allowed_environments=self.random.choice([7, 7, 7, 7, 4]),
        )
        JobOwnership.objects.update_or_create(job=job, defaults={"team_name": "Analytics"})
        if self.random.random() < 0.1:
            JobDefinition.objects.filter(pk=job.pk).update(status="disabled")
        if state := self.maybe(["open", "half_open"]):
            Circuit.objects.create(
                job=job, state=state, opened_at=database_now(), opened_by="x", reason="x"
            )
        return job

    def make_executions(self, job: JobDefinition) -> None:
        schedule = make_schedule(job, overlap=self.random.choice(["queue_one", "allow"]))
        for number in range(self.random.randint(1, 5)):
            self.make_execution(job, schedule, number)

    def make_execution(self, job: JobDefinition, schedule: JobSchedule, number: int) -> None:
        origin = self.random.choice(["schedule", "manual", "backfill", "dependency"])
        status = self.random.choice(["scheduled"] * 4 + ["running", "queued"])
        now = database_now()
        make_execution(
            job,
            status=status,
            origin=origin,
            schedule=schedule if origin == "schedule" else None,
            scheduled_for=now - timedelta(seconds=60 - number),
            due_at=now + timedelta(seconds=self.random.choice([-60 + number, -30, 3600])),
            priority=self.random.randint(0, 9),
            concurrency_key=self.random.choice(["a", "b"]) if job.concurrency_key else None,
        )

    def hold(self, job: JobDefinition) -> None:
        scope = self.random.choice(["everything", "team", "queue", "job"])
        Hold.objects.create(
            scope=scope,
            team_name="Analytics" if scope == "team" else "",
            queue=job.queue if scope == "queue" else None,
            job=job if scope == "job" else None,
            reason="x",
            held_by="x",
            held_at=database_now(),
        )


@pytest.mark.parametrize("seed", range(40))
def test_what_goes_was_free_to_go_and_what_stays_is_held_back(seed: int) -> None:
    World(seed)
    now = database_now()
    due = list(JobExecution.objects.filter(status__in=READY, due_at__lte=now))
    before = {execution.pk: ask(execution).causes[0].code for execution in due}

    choose()

    for execution in JobExecution.objects.filter(pk__in=before):
        said = before[execution.pk]
        match execution.status:
            case "skipped":
                assert said in SKIPS, (said, execution.reason)
            case "queued":
                assert said == Code.DISPATCH or (said == Code.CIRCUIT and is_trial(execution)), said
            case _:
                assert ask(execution).causes[0].code != Code.DISPATCH, ask(execution)


def is_trial(execution: JobExecution) -> bool:
    return Circuit.objects.filter(trial_id=execution.pk).exists()
