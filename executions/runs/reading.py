"""Reading a run: its executions, the edges between them, and how it stands as a whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from core.errors import NotFound
from executions.lists import listed
from executions.models import JobExecution, RunEdge
from executions.states import ExecutionStatus

S = ExecutionStatus
FAILED = (S.FAILED, S.TIMED_OUT)


@dataclass(frozen=True)
class Node:
    """One execution of a run; another one of its job may have taken its place since."""

    execution: Any  # of JobExecution, with what a list shows of it
    is_current: bool
    edges: Sequence[RunEdge]
    """What it waits, or waited, for."""


@dataclass(frozen=True)
class Run:
    """All executions of one correlation id, in the order in which they were opened."""

    correlation_id: UUID
    nodes: Sequence[Node]

    @property
    def current(self) -> list[Any]:
        """The newest execution of each job."""
        return [node.execution for node in self.nodes if node.is_current]

    @property
    def edges(self) -> list[RunEdge]:
        return [edge for node in self.nodes for edge in node.edges]

    @property
    def label(self) -> str:
        """The name of the job that it began with, as far as that is still known."""
        return str(self.nodes[0].execution.job_name)

    @cached_property
    def status(self) -> ExecutionStatus:
        """How it stands: under way, or the worst that its current executions have come to."""
        found = {execution.status for execution in self.current}
        if any(not execution.is_final for execution in self.current):
            has_begun = any(execution.started_at for execution in self._executions)
            return S.RUNNING if has_begun else S.SCHEDULED
        if found & set(FAILED):
            return S.FAILED
        for status in (S.CANCELLED, S.SUCCEEDED):
            if status in found:
                return status
        return S.SKIPPED

    @property
    def opened_at(self) -> datetime:
        opened: list[datetime] = [execution.opened_at for execution in self._executions]
        return min(opened)

    @property
    def started_at(self) -> datetime | None:
        began: list[datetime] = [e.started_at for e in self._executions if e.started_at]
        return min(began, default=None)

    @property
    def ended_at(self) -> datetime | None:
        """When its last execution ended, once it is over."""
        if any(not execution.is_final for execution in self._executions):
            return None
        ended: list[datetime] = [execution.completed_at for execution in self._executions]
        return max(ended)

    @property
    def _executions(self) -> list[Any]:
        return [node.execution for node in self.nodes]


def executions_of_run(correlation_id: UUID) -> QuerySet[JobExecution]:
    """Return the executions of a run, oldest first.

    The first one's key is the run's own, so the index of the others can leave it out. It may be
    gone: retention deletes executions one by one.
    """
    first = Q(pk=correlation_id, correlation_id=correlation_id)
    others = Q(correlation_id=correlation_id) & ~Q(correlation_id=F("pk"))
    return JobExecution.objects.filter(first | others).order_by("pk")


def read_run(correlation_id: UUID) -> Run:
    """Return the run; raise ``NotFound`` if no execution of it is left."""
    executions = list(listed(executions_of_run(correlation_id)))
    if not executions:
        raise NotFound(f"There is no run {correlation_id}, or retention has deleted all of it.")
    edges: dict[UUID, list[RunEdge]] = {execution.pk: [] for execution in executions}
    for edge in RunEdge.objects.filter(execution__in=edges).order_by("id"):
        edges[edge.execution_id].append(edge)
    newest = newest_of_each_job(executions)
    return Run(
        correlation_id,
        [Node(e, e.pk == newest[e.job_id].pk, edges[e.pk]) for e in executions],
    )


def newest_of_each_job(executions: Iterable[JobExecution]) -> dict[UUID, JobExecution]:
    """Return, of executions in the order of their keys, the last of each job."""
    return {execution.job_id: execution for execution in executions}
