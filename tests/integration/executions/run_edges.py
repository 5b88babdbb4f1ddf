"""Edges between executions, as opening a run writes them."""

from datetime import datetime
from typing import Any

from core.ids import uuid7
from executions.models import JobExecution, RunEdge


def make_edge(
    execution: JobExecution,
    upstream: JobExecution,
    *,
    ready_at: datetime | None = None,
    **fields: Any,
) -> RunEdge:
    """Let ``execution`` wait for ``upstream``: met if that is over, unless told otherwise."""
    values: dict[str, Any] = {
        "dependency_id": uuid7(),
        "upstream_job": upstream.job,
        "condition": "success",
        "state": "met" if upstream.is_final else "open",
        "ready_at": ready_at or upstream.completed_at,
    }
    return RunEdge.objects.create(
        execution=execution, upstream_execution=upstream, **{**values, **fields}
    )
