"""Why an execution does not go on, or how it ended."""

from datetime import datetime

from core.clock import database_now
from executions.models import JobExecution
from executions.waits import Case, find_causes
from executions.why.answers import Why
from executions.why.endings import find_ending


def explain_execution(execution: JobExecution, *, now: datetime | None = None) -> Why:
    """Answer for one execution; its job has to be loaded, or is read."""
    case = Case(execution, now or database_now())
    found = find_ending(execution) if execution.is_final else find_causes(case)
    return Why.of(
        "execution",
        execution.pk,
        job_name=execution.job.name,
        status=execution.status,
        causes=tuple(found),
    )
