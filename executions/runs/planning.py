"""What of a run is opened again when it is run again; decided before anything is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.errors import Conflict
from core.ids import uuid7
from executions.models import EdgeState, JobExecution, Origin, RunEdge
from executions.runs.reading import FAILED, newest_of_each_job
from executions.states import ExecutionStatus
from jobs.dag import Graph
from jobs.models import DependencyCondition

S = ExecutionStatus


@dataclass
class Again:
    """One execution that is to be opened again, with what it waits for.

    A root was chosen itself; its edges count as met, whatever had become of them.
    """

    of: JobExecution
    is_root: bool
    id: UUID = field(default_factory=uuid7)
    edges: list[RunEdge] = field(default_factory=list)
    given: dict[str, Any] | None = None

    @property
    def open_edges(self) -> int:
        return sum(edge.state == EdgeState.OPEN for edge in self.edges)

    @property
    def origin(self) -> Origin:
        return Origin.MANUAL if self.is_root else Origin.DEPENDENCY

    @property
    def takes_outputs(self) -> bool:
        """Whether outputs are to be taken over now: a root that has run has had them."""
        has_had = self.given is not None or (self.is_root and self.of.attempt > 0)
        return not has_had and not self.open_edges


class _Planner:
    """The run as it is now, and what of it is planned to be opened again so far."""

    def __init__(self, rows: Sequence[JobExecution], chosen: Sequence[JobExecution]) -> None:
        self.newest = newest_of_each_job(rows)
        self.chosen = {row.job_id: row for row in chosen}
        self.planned: dict[UUID, Again] = {}
        wanted = {row.pk for row in (*self.newest.values(), *chosen)}
        self.edges: dict[UUID, list[RunEdge]] = {pk: [] for pk in wanted}
        for edge in RunEdge.objects.filter(execution__in=wanted).order_by("id"):
            self.edges[edge.execution_id].append(edge)
        self.graph = Graph(
            (edge.upstream_job_id, row.job_id)
            for row in self.newest.values()
            for edge in self.edges[row.pk]
            if edge.upstream_job_id in self.newest
        )

    def below(self) -> list[JobExecution]:
        """What comes after the chosen ones, each after its upstreams."""
        found = [self.graph.descendants(job) for job in self.chosen]
        return [self.newest[job] for job in self.graph.in_order(set().union(*found))]

    def add_root(self, row: JobExecution) -> None:
        """Plan one that was chosen: what it waited for has been waited for."""
        again = Again(of=row, is_root=True)
        for edge in self.edges[row.pk]:
            copy = _copy(edge, again.id, edge.upstream_execution_id, EdgeState.MET)
            if row.attempt == 0:
                # It has not run: what its upstreams have come to since counts.
                last = self.newest.get(edge.upstream_job_id) or _last_success(edge)
                if last is not None and last.is_final:
                    copy.upstream_execution_id = last.pk
            again.edges.append(copy)
        self.planned[row.job_id] = again

    def add_below(self, row: JobExecution) -> None:
        """Plan one that comes after others, unless it could not run even then."""
        again = Again(of=row, is_root=False)
        again.edges = [self._judge(edge, again.id) for edge in self.edges[row.pk]]
        if all(edge.state != EdgeState.DEAD for edge in again.edges):
            self.planned[row.job_id] = again

    def _judge(self, edge: RunEdge, execution_id: UUID) -> RunEdge:
        if (upstream := self.planned.get(edge.upstream_job_id)) is not None:
            return _copy(edge, execution_id, upstream.id, EdgeState.OPEN)
        kept = self.newest.get(edge.upstream_job_id)
        if kept is None and edge.condition != DependencyCondition.FAILURE:
            kept = _last_success(edge)
        if kept is None:
            state = EdgeState.DEAD if edge.fail_if_dependency_fails else EdgeState.MET
            return _copy(edge, execution_id, None, state)
        refuse_unfinished([kept])
        state = EdgeState.MET if _is_met(edge, kept.status) else EdgeState.DEAD
        copy = _copy(edge, execution_id, kept.pk, state)
        if state == EdgeState.MET and kept.completed_at is not None:
            copy.ready_at = kept.completed_at + timedelta(seconds=edge.delay_seconds)
        return copy


def plan_again(
    rows: Sequence[JobExecution],
    chosen: Sequence[JobExecution],
    *,
    with_below: bool,
    keep_succeeded: bool,
) -> list[Again]:
    """Return what is to be opened again of a run (``rows``, oldest first), upstreams first.

    What is not opened again counts by what its job's newest execution in the run has come to, a job
    outside the run by its last success. Raise ``Conflict`` for what is not over.
    """
    planner = _Planner(rows, chosen)
    refuse_unfinished(chosen)
    below = planner.below() if with_below else []
    if with_below:
        refuse_unfinished([*(planner.newest[row.job_id] for row in chosen), *below])
    jobs_below = {row.job_id for row in below}
    for row in chosen:
        if row.job_id not in jobs_below:
            planner.add_root(row)
    for row in below:
        if row.status != S.SUCCEEDED or not keep_succeeded or row.job_id in planner.chosen:
            planner.add_below(row)
    return list(planner.planned.values())


def refuse_unfinished(rows: Iterable[JobExecution]) -> None:
    """Raise ``Conflict`` if one of them is not over, naming it."""
    for row in rows:
        if not row.is_final:
            raise Conflict(
                "execution_not_finished",
                f"Execution {row.pk} of job {row.job.name} is {row.status}; only a finished one can"
                " be run again. Wait for its end, or cancel it.",
            )


def _is_met(edge: RunEdge, status: str) -> bool:
    met: Mapping[str, bool] = {
        DependencyCondition.SUCCESS: status == S.SUCCEEDED,
        DependencyCondition.FAILURE: status in FAILED,
        DependencyCondition.COMPLETION: True,
    }
    return met[edge.condition] or not edge.fail_if_dependency_fails


def _last_success(edge: RunEdge) -> JobExecution | None:
    successes = JobExecution.objects.filter(job=edge.upstream_job_id, status=S.SUCCEEDED)
    return successes.only("status", "completed_at").order_by("-pk").first()


def _copy(edge: RunEdge, execution_id: UUID, upstream: UUID | None, state: EdgeState) -> RunEdge:
    """Return the edge for another execution; whoever asked for that does not wait for a delay."""
    return RunEdge(
        execution_id=execution_id,
        dependency_id=edge.dependency_id,
        upstream_job_id=edge.upstream_job_id,
        upstream_execution_id=upstream,
        condition=edge.condition,
        delay_seconds=edge.delay_seconds,
        fail_if_dependency_fails=edge.fail_if_dependency_fails,
        output_mapping=edge.output_mapping,
        state=state,
    )
