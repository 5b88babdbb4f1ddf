"""Random graphs with random outcomes: every node ends once, and as the rules of its edges say."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import database_now
from executions.models import ExecutionTransition, JobExecution, RunEdge
from executions.rescuer import rescue
from executions.services import cancel, trigger
from executions.states import FINAL
from jobs.models import FailFast, JobDefinition
from tests.factories import TESTER, make_job
from tests.graphs import OUTCOMES, begin, depend, end

pytestmark = pytest.mark.django_db

MOST_NODES = 8
FAILED = ("failed", "timed_out")


@dataclass(frozen=True)
class Edge:
    """A dependency between two nodes, by number; edges go from lower to higher numbers."""

    upstream: int
    job: int
    condition: str
    is_strict: bool

    def is_met_by(self, status: str | None) -> bool:
        """Whether the end of the upstream meets it; None: it is no part of the run."""
        if status is None:
            return not self.is_strict
        met = {
            "success": status == "succeeded",
            "failure": status in FAILED,
            "completion": True,
        }
        return met[self.condition] or not self.is_strict


@st.composite
def graphs(draw: st.DrawFn) -> list[Edge]:
    size = draw(st.integers(2, MOST_NODES))
    pairs = [(one, two) for two in range(size) for one in range(two)]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=14, unique=True))
    return [
        Edge(
            *pair,
            draw(st.sampled_from(["success", "success", "failure", "completion"])),
            draw(st.booleans()),
        )
        for pair in chosen
    ]


outcomes_of_nodes = st.lists(
    st.sampled_from(["succeeded", "succeeded", *OUTCOMES]),
    min_size=MOST_NODES,
    max_size=MOST_NODES,
)
seeds = st.integers(0, 2**32)
some = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def make_jobs(edges: list[Edge], **fields: Any) -> dict[int, JobDefinition]:
    jobs = {n: make_job(**fields) for edge in edges for n in (edge.upstream, edge.job)}
    for edge in edges:
        depend(
            jobs[edge.job],
            jobs[edge.upstream],
            condition=edge.condition,
            fail_if_dependency_fails=edge.is_strict,
        )
    return jobs


def expected(edges: list[Edge], root: int, how: list[str]) -> dict[int, str]:
    """Work out by the rules alone how each node of the run of ``root`` ends."""
    ends = {root: how[root]}
    for node in range(root + 1, MOST_NODES):
        own = [edge for edge in edges if edge.job == node]
        if any(edge.upstream in ends for edge in own):
            is_met = all(edge.is_met_by(ends.get(edge.upstream)) for edge in own)
            ends[node] = how[node] if is_met else "skipped"
    return ends


@some
@given(edges=graphs(), how=outcomes_of_nodes, seed=seeds)
def test_every_node_ends_as_the_rules_say_in_whatever_order(
    edges: list[Edge], how: list[str], seed: int
) -> None:
    jobs = make_jobs(edges)
    number = {job.pk: n for n, job in jobs.items()}
    first = min(jobs)
    root = trigger(actor=TESTER, job=jobs[first])
    run = JobExecution.objects.filter(correlation_id=root.pk)
    random = Random(seed)  # noqa: S311 - no secret

    while ready := list(run.filter(status="scheduled").order_by("pk")):
        chosen = random.choice(ready)
        end(chosen, how[number[chosen.job_id]])

    ends = {number[job]: status for job, status in run.values_list("job", "status")}
    assert ends == expected(edges, first, how)
    assert not RunEdge.objects.filter(execution__in=run, state="open").exists()


@some
@given(
    edges=graphs(),
    how=outcomes_of_nodes,
    seed=seeds,
    ends_run=st.lists(st.booleans(), min_size=MOST_NODES, max_size=MOST_NODES),
)
def test_cancels_kills_and_failures_that_end_the_run_leave_no_node_behind(
    edges: list[Edge], how: list[str], seed: int, ends_run: list[bool]
) -> None:
    jobs = make_jobs(edges)
    number = {job.pk: n for n, job in jobs.items()}
    for n, job in jobs.items():
        fail_fast = FailFast.RUN if ends_run[n] else FailFast.BRANCH
        JobDefinition.objects.filter(pk=job.pk).update(fail_fast=fail_fast)
    root = trigger(actor=TESTER, job=jobs[min(jobs)])
    run = JobExecution.objects.filter(correlation_id=root.pk)
    random = Random(seed)  # noqa: S311 - no secret

    while unfinished := list(run.exclude(status__in=FINAL).order_by("pk")):
        act = random.choice(["end", "end", "end", "kill", "cancel"])
        ready = [row for row in unfinished if row.status == "scheduled"]
        assert ready, "something waits, and nothing can let it go"
        chosen = random.choice(unfinished if act == "cancel" else ready)
        if act == "cancel":
            cancel(actor=TESTER, execution=chosen)
        elif act == "end":
            end(chosen, how[number[chosen.job_id]])
        else:
            begin(chosen)  # and its worker is never heard of again
            rescue(now=database_now() + timedelta(seconds=1))

    assert_started_as_allowed(run.values_list("pk", flat=True))


def assert_started_as_allowed(run: Any) -> None:
    """No node began before its edges allowed it, and none ended twice."""
    moves = ExecutionTransition.objects.filter(execution__in=run)
    for pk in run:
        own = [(move.from_status, move.to_status) for move in moves if move.execution_id == pk]
        assert sum(to in FINAL for _, to in own) == 1
        released = ("waiting", "scheduled") in own
        states = set(RunEdge.objects.filter(execution=pk).values_list("state", flat=True))
        assert not released or states == {"met"}
