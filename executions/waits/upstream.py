"""What is opened and waits for others: of its run, of several runs, or of its backfill."""

from collections.abc import Iterator

from executions.models import Backfill, EdgeState, JobExecution, Origin, RunEdge
from executions.states import ExecutionStatus
from executions.waits.case import Case
from executions.waits.causes import (
    MOST_NAMED,
    Cause,
    Code,
    Holder,
    holders_of,
    name_some,
)

_UNDER_WAY = (
    ExecutionStatus.SCHEDULED,
    ExecutionStatus.QUEUED,
    ExecutionStatus.RUNNING,
    ExecutionStatus.RETRYING,
)


def find_upstream_causes(case: Case) -> Iterator[Cause]:
    """What has to come before it."""
    found = False
    open_edges = RunEdge.objects.filter(execution=case.execution.pk, state=EdgeState.OPEN)
    edges = open_edges.select_related("upstream_job", "upstream_execution").order_by("id")
    # So many are named; how many there are in all the execution itself counts.
    if some := list(edges[:MOST_NAMED]):
        found = True
        yield _dependency(case, some)
    if (backfill_id := case.execution.backfill_id) is not None:
        found = True
        yield _backfill(Backfill.objects.get(pk=backfill_id), case)
    if not found:
        detail = "What it waited for has ended: it is about to be let go, or skipped."
        yield Cause(Code.RELEASE, detail)


def _dependency(case: Case, edges: list[RunEdge]) -> Cause:
    execution = case.execution
    is_join = execution.origin == Origin.JOIN
    said = [_edge(edge, is_join=is_join) for edge in edges]
    others = max(execution.open_edges - len(edges), 0)
    more = f"; and {others} others" if others else ""
    holders = tuple(
        Holder(
            edge.upstream_execution_id,
            edge.upstream_job.name,
            edge.upstream_execution.worker if edge.upstream_execution else None,
        )
        for edge in edges
        if edge.upstream_execution_id is not None
    )
    return Cause(
        Code.JOIN if is_join else Code.DEPENDENCY,
        f"Waits for {'; '.join(said)}{more}.",
        since=execution.opened_at,
        holders=holders,
        link=f"/api/runs/{execution.correlation_id}",
    )


def _edge(edge: RunEdge, *, is_join: bool) -> str:
    condition = edge.get_condition_display()
    name, delay = edge.upstream_job.name, edge.delay_seconds
    later = f", and for {delay} s after that" if delay else ""
    if is_join or edge.upstream_execution_id is None:
        return f"job {name} to have {condition} since this job last ran{later}"
    upstream = edge.upstream_execution
    who = f"execution {edge.upstream_execution_id}, {upstream.status if upstream else 'gone'}"
    return f"job {name} to have {condition}{later} ({who})"


def _backfill(backfill: Backfill, case: Case) -> Cause:
    of_it = JobExecution.objects.filter(backfill=backfill).select_related("job")
    active = of_it.filter(status__in=_UNDER_WAY).only("worker", "job__name").order_by("pk")
    limit = backfill.max_concurrent_executions
    holders, count = holders_of(active[:MOST_NAMED]), active.count()
    under_way = f" ({name_some(holders, count)})" if holders else ""
    if count >= limit:
        why = f"it lets {limit} go at once, and {count} {_are(count)} under way{under_way}"
    else:
        why = "its turn comes at beat's next look, or when an earlier one of it has begun"
    return Cause(
        Code.BACKFILL,
        f"Waits in its backfill: {why}.",
        since=case.execution.opened_at,
        holders=holders,
        link=f"/api/backfills/{backfill.pk}",
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
