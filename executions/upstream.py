"""What the executions returned that another one waited for."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform

from executions.authoring import UpstreamResult
from executions.models import JobExecution


def upstream_of(execution_id: UUID) -> dict[str, UpstreamResult]:
    """Return how the executions ended that met the edges of this one, by the names of their jobs.

    A job is called as it was when its execution was opened. What retention has deleted is missing.
    """
    ended = JobExecution.objects.filter(dependent_edges__execution=execution_id)
    rows = ended.annotate(job_name=KeyTextTransform("name", "version__snapshot")).values(
        "pk", "job_name", "status", "reason", "output", "completed_at"
    )
    return {
        row["job_name"]: UpstreamResult(
            execution_id=row["pk"],
            job_name=row["job_name"],
            status=row["status"],
            reason=row["reason"],
            output=row["output"],
            completed_at=row["completed_at"],
        )
        for row in rows.exclude(completed_at=None).order_by("pk")
    }


def upstream_document(results: Mapping[str, UpstreamResult]) -> dict[str, Any]:
    """Return the results as a program is told them, in JSON."""
    return {
        name: {
            "executionId": str(result.execution_id),
            "status": result.status,
            "reason": result.reason,
            "completedAtUtc": result.completed_at.astimezone(UTC)
            .isoformat()
            .replace("+00:00", "Z"),
            "output": result.output,
        }
        for name, result in results.items()
    }
