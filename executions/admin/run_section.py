"""The other executions of a run, on the page of one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from core.admin_display import link_to
from executions.admin.display import reason_words, status_badge
from executions.models import EdgeState, JobExecution, RunEdge
from executions.runs import Node, Run, read_run

_MOST_ROWS = 200
_SIGNS = {EdgeState.MET: "✓", EdgeState.DEAD: "✗", EdgeState.OPEN: "…"}


@dataclass(frozen=True)
class RunRow:
    """One execution of the run, as it is shown."""

    named: SafeString
    badge: SafeString
    after: str
    started_at: datetime | None
    seconds: float | None
    says: str
    is_current: bool
    is_shown_here: bool


def show_run(execution: JobExecution) -> dict[str, Any]:
    """Return what the page shows of the execution's run; nothing where it is alone in it."""
    run = read_run(execution.correlation_id)
    if len(run.nodes) < 2:
        return {"run": None}
    return {
        "run": run,
        "run_badge": status_badge(run.status),
        "run_rows": list(_rows(run, execution.pk)),
        "more_of_run": max(len(run.nodes) - _MOST_ROWS, 0),
    }


def _rows(run: Run, shown: UUID) -> Iterator[RunRow]:
    names = {node.execution.job_id: node.execution.job_name for node in run.nodes}
    for node in run.nodes[:_MOST_ROWS]:
        execution = node.execution
        yield RunRow(
            named=link_to(JobExecution, execution.pk, execution.job_name),
            badge=status_badge(execution.status),
            after=", ".join(_after(edge, names) for edge in node.edges),
            started_at=execution.started_at,
            seconds=execution.duration_seconds,
            says=_says(node),
            is_current=node.is_current,
            is_shown_here=execution.pk == shown,
        )


def _after(edge: RunEdge, names: dict[UUID, str]) -> str:
    """Name the job that is waited for; one of another run by a word, as its name is not read."""
    return f"{_SIGNS[EdgeState(edge.state)]} {names.get(edge.upstream_job_id, 'another run')}"


def _says(node: Node) -> str:
    execution = node.execution
    error = (execution.shown_error_message or "").partition("\n")[0][:120]
    return error or reason_words(execution.reason)
