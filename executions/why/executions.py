"""Why an execution does not go on, or how it ended."""

from datetime import datetime

from core.clock import database_now
from executions.models import JobExecution
from executions.waits import Case, find_causes
from executions.why.answers import Why
from executions.why.endings import find_ending


def explain_execution(
    execution: JobExecution, *, now: datetime | None = None, asks_broker: bool = True
) -> Why:
    """Answer for one execution. The broker, if asked, may take seconds to say that it is away."""
    case = Case(execution, now or database_now())
    if execution.is_final:
        found = find_ending(execution)
    else:
        found = find_causes(case, asks_broker=asks_broker)
    return Why.of(
        "execution",
        execution.pk,
        job_name=execution.job.name,
        status=execution.status,
        causes=tuple(found),
    )
