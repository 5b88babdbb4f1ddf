"""Why? One honest answer about an execution, a schedule or a job (``docs/why.md``)."""

from executions.why.answers import Why
from executions.why.executions import explain_execution
from executions.why.jobs import explain_job
from executions.why.schedules import explain_schedule

__all__ = ["Why", "explain_execution", "explain_job", "explain_schedule"]
