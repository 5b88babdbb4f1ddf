"""The rows of execution: one per slot or trigger, its moves, its log, and who carries it out."""

from executions.models.condition import ConditionCheck, ConditionResult
from executions.models.execution import JobExecution, Origin
from executions.models.history import ExecutionTransition, JobExecutionLog
from executions.models.rollup import JobDay, RolledUpDay
from executions.models.worker import Worker, alive_since

__all__ = [
    "ConditionCheck",
    "ConditionResult",
    "ExecutionTransition",
    "JobDay",
    "JobExecution",
    "JobExecutionLog",
    "Origin",
    "RolledUpDay",
    "Worker",
    "alive_since",
]
