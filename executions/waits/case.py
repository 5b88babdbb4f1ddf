"""One execution that is asked about, with what several causes need; each is read once."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from executions.models import Circuit, JobExecution
from executions.waits.processes import Processes
from jobs.models import JobDefinition, JobSchedule


@dataclass
class Case:
    """The execution, and the database's time of the answer."""

    execution: JobExecution
    now: datetime

    @cached_property
    def job(self) -> JobDefinition:
        return load_job(self.execution.job_id)

    @cached_property
    def schedule(self) -> JobSchedule | None:
        pk = self.execution.schedule_id
        return None if pk is None else JobSchedule.objects.get(pk=pk)

    @cached_property
    def processes(self) -> Processes:
        return Processes(self.now)


def load_job(pk: UUID) -> JobDefinition:
    """Return a job with its queue, its team and its circuit breaker, in one query."""
    return JobDefinition.objects.select_related("queue", "ownership", "circuit").get(pk=pk)


def team_of(job: JobDefinition) -> str:
    ownership = getattr(job, "ownership", None)
    return ownership.team_name if ownership else ""


def circuit_of(job: JobDefinition) -> Circuit | None:
    """Return the job's circuit breaker; None while it is closed."""
    return getattr(job, "circuit", None)
