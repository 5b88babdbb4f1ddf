"""Opening a run: what comes after an execution is opened with it, as the graph is at that moment.

The root is open already; each job of its run gets one execution that waits, and each dependency
between them one edge. Later edits of the graph do not change them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from core.ids import uuid7
from core.sql import Row, load
from executions.mapping import map_outputs
from executions.models import EdgeState, Origin
from executions.states import ExecutionStatus
from jobs.concurrency_keys import concurrency_key
from jobs.dag import Graph

FIND_ROOTS = load(__file__, "find_roots")
LOAD_GRAPH = load(__file__, "load_graph")
LAST_SUCCESSES = load(__file__, "last_successes")
OPEN_RUNS = load(__file__, "open_runs")

# Roots that somebody asked for, rather than a schedule: all that comes after them is in their run.
_ASKED_FOR = (Origin.MANUAL, Origin.BACKFILL)


@dataclass(frozen=True)
class Edge:
    """One edge of a run that is being opened, by a dependency as it was read."""

    dependency: Row
    upstream_id: UUID | None
    state: EdgeState


@dataclass(frozen=True)
class Node:
    """One execution of a run that is being opened; ``note`` says why it is skipped at once."""

    id: UUID
    job_id: UUID
    root_id: UUID
    key: str | None
    status: ExecutionStatus
    note: str | None
    edges: list[Edge]


@dataclass(frozen=True)
class Plan:
    """The graph below some jobs, and what is known of the jobs outside a run."""

    dependencies: Mapping[UUID, list[Row]]
    graph: Graph[UUID]
    successes: Mapping[UUID, UUID] = field(default_factory=dict)


def open_runs(execution_ids: Sequence[UUID]) -> list[UUID]:
    """Open what comes after each of these executions, just opened.

    Call it in the transaction that opened them. A run of a schedule's slot has those jobs all of
    whose upstreams are in it; a job that also waits for others is a join (``joins``). A run that
    somebody asked for has all, and what lies outside counts by its last success. Return what failed
    at once, because an output that it needs is not there: that is to be followed.
    """
    roots = FIND_ROOTS.rows(ids=list(execution_ids)) if execution_ids else []
    if not roots:
        return []
    plan = _plan(roots)
    nodes = [node for root in roots for node in _open(root, plan)]
    _write(nodes)
    # All of its upstreams lie outside, or were skipped at once.
    ready = [node.id for node in nodes if node.status == ExecutionStatus.SCHEDULED]
    return map_outputs(ready) if ready else []


def run_sizes(job_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many rows, executions and edges, a run of each of these jobs has at most."""
    jobs = set(job_ids)
    if not jobs:
        return {}
    rows = LOAD_GRAPH.rows(jobs=list(jobs))
    graph = Graph((row["upstream_id"], row["job_id"]) for row in rows)
    below = {job: graph.descendants(job) for job in jobs}
    return {
        job: len(nodes) + sum(len(graph.upstreams(node)) for node in nodes)
        for job, nodes in below.items()
    }


def _plan(roots: Sequence[Row]) -> Plan:
    rows = LOAD_GRAPH.rows(jobs=list({root["job_id"] for root in roots}))
    dependencies: dict[UUID, list[Row]] = {}
    for row in rows:
        dependencies.setdefault(row["job_id"], []).append(row)
    graph = Graph((row["upstream_id"], row["job_id"]) for row in rows)
    if not any(root["origin"] in _ASKED_FOR for root in roots):
        return Plan(dependencies, graph)
    upstreams = list({row["upstream_id"] for row in rows})
    found = LAST_SUCCESSES.rows(jobs=upstreams)
    return Plan(dependencies, graph, {row["job_id"]: row["execution_id"] for row in found})


def _open(root: Row, plan: Plan) -> list[Node]:
    """Return the nodes of one run, each after its upstreams."""
    job_id = root["job_id"]
    if root["origin"] in _ASKED_FOR:
        members = plan.graph.in_order(plan.graph.descendants(job_id))
    else:
        members = plan.graph.members(job_id)
    opened: dict[UUID, Node] = {}
    for member in members:
        opened[member] = _node(member, root, plan, opened)
    return list(opened.values())


def _node(job_id: UUID, root: Row, plan: Plan, opened: Mapping[UUID, Node]) -> Node:
    edges, notes = [], []
    for row in plan.dependencies[job_id]:
        edge, note = _edge(row, root, plan, opened)
        edges.append(edge)
        notes += [note] if edge.state == EdgeState.DEAD else []
    status = ExecutionStatus.WAITING
    if notes:
        status = ExecutionStatus.SKIPPED
    elif all(edge.state == EdgeState.MET for edge in edges):
        status = ExecutionStatus.SCHEDULED
    return Node(
        id=uuid7(),
        job_id=job_id,
        root_id=root["id"],
        key=concurrency_key(plan.dependencies[job_id][0]["concurrency_key"], {}),
        status=status,
        note=notes[0] if notes else None,
        edges=edges,
    )


def _edge(row: Row, root: Row, plan: Plan, opened: Mapping[UUID, Node]) -> tuple[Edge, str]:
    """Return one edge as it is at first, and what is to be said if it is dead already."""
    upstream = row["upstream_id"]
    name, is_regardless = row["upstream_name"], not row["fail_if_dependency_fails"]
    if upstream == root["job_id"]:
        return Edge(row, root["id"], EdgeState.OPEN), ""
    if (node := opened.get(upstream)) is None:
        success = plan.successes.get(upstream)
        is_met = is_regardless or (success is not None and row["condition"] != "failure")
        why = f"Job {name} is not part of this run, and its last success counts"
        why += ": it has none." if success is None else ", but it would have to fail."
        return Edge(row, success, _met(is_met)), why
    if node.status != ExecutionStatus.SKIPPED:
        return Edge(row, node.id, EdgeState.OPEN), ""
    is_met = is_regardless or row["condition"] == "completion"
    return Edge(row, node.id, _met(is_met)), f"Job {name} was skipped. {node.note}"


def _met(is_met: bool) -> EdgeState:
    return EdgeState.MET if is_met else EdgeState.DEAD


def _write(nodes: Iterable[Node]) -> None:
    nodes = list(nodes)
    edges = [(node, edge) for node in nodes for edge in node.edges]
    is_skipped = ExecutionStatus.SKIPPED
    OPEN_RUNS.rows(
        ids=[node.id for node in nodes],
        jobs=[node.job_id for node in nodes],
        roots=[node.root_id for node in nodes],
        keys=[node.key for node in nodes],
        statuses=[node.status.value for node in nodes],
        notes=[node.note for node in nodes],
        open_edges=[
            sum(edge.state == EdgeState.OPEN for edge in node.edges)
            if node.status != is_skipped
            else 0
            for node in nodes
        ],
        edge_nodes=[node.id for node, _ in edges],
        edge_dependencies=[edge.dependency["id"] for _, edge in edges],
        edge_jobs=[edge.dependency["upstream_id"] for _, edge in edges],
        edge_conditions=[edge.dependency["condition"] for _, edge in edges],
        edge_delays=[edge.dependency["delay"] for _, edge in edges],
        edge_stricts=[edge.dependency["fail_if_dependency_fails"] for _, edge in edges],
        edge_mappings=[edge.dependency["output_mapping"] for _, edge in edges],
        edge_upstreams=[edge.upstream_id for _, edge in edges],
        edge_states=[
            EdgeState.DEAD.value
            if node.status == is_skipped and edge.state == EdgeState.OPEN
            else edge.state.value
            for node, edge in edges
        ],
    )
