"""The graph of all dependencies that hold: what may be added to it, and who may look meanwhile."""

from uuid import UUID

from django.db import connection

from core.errors import FieldProblem
from jobs.dag import Graph
from jobs.models import JobDefinition, JobDependency

MOST_JOBS = 500
"""So many jobs may hang together.

A run opens with a row for each, in the transaction of its first execution. With this many, and with
as many dependencies as there may be, that takes up to a second; beat's transactions may take 5.
"""

MOST_DEPENDENCIES = 5_000
"""So many dependencies may be between them: a run has a row for each of these too."""

_KEY = 0x5C4ED005


def hold_graph() -> None:
    """Wait until nobody else adds to the graph, and keep it so in this transaction.

    Two who add the two halves of a cycle at once would each look at a graph without the other's.
    It is taken before any row is locked, or the two could wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_KEY])


def graph_problems(dependency: JobDependency) -> list[FieldProblem]:
    """Return what keeps a dependency that is to hold from the graph: a cycle, or its size."""
    others = JobDependency.objects.live().exclude(pk=dependency.pk)
    edges: list[tuple[UUID, UUID]] = list(others.values_list("upstream_id", "job_id"))
    graph = Graph([*edges, (dependency.upstream_id, dependency.job_id)])
    path = graph.path(dependency.job_id, dependency.upstream_id)
    if path is not None:
        return [_cycle(path)]
    jobs, dependencies = graph.connected(dependency.job_id).count()
    if jobs > MOST_JOBS or dependencies > MOST_DEPENDENCIES:
        detail = (
            f"{jobs} jobs with {dependencies} dependencies would hang together; at most {MOST_JOBS}"
            f" with {MOST_DEPENDENCIES} may. Where one part need not wait for each job of the"
            " other, give it a schedule of its own."
        )
        return [FieldProblem("upstream", "too_many", detail)]
    return []


def _cycle(path: list[UUID]) -> FieldProblem:
    names = dict(JobDefinition.objects.filter(pk__in=path).values_list("pk", "name"))
    shown = " -> ".join(names[pk] for pk in [*path, path[0]])
    detail = f"That would close a cycle: {shown}. Take one of these dependencies out first."
    return FieldProblem("upstream", "cycle", detail)
