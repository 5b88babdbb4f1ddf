"""The rows of execution: one per slot or trigger, its moves, its log, and who carries it out."""

from executions.models.backfill import Backfill, BackfillOrder
from executions.models.callback import Callback
from executions.models.circuit import Circuit, CircuitClosing, CircuitState, CountedStart
from executions.models.condition import ConditionCheck, ConditionResult
from executions.models.execution import JobExecution, Origin
from executions.models.history import ExecutionTransition, JobExecutionLog
from executions.models.rollup import JobDay, RolledUpDay
from executions.models.run import EdgeState, RunEdge
from executions.models.worker import Worker, alive_since

__all__ = [
    "Backfill",
    "BackfillOrder",
    "Callback",
    "Circuit",
    "CircuitClosing",
    "CircuitState",
    "ConditionCheck",
    "ConditionResult",
    "CountedStart",
    "EdgeState",
    "ExecutionTransition",
    "JobDay",
    "JobExecution",
    "JobExecutionLog",
    "Origin",
    "RolledUpDay",
    "RunEdge",
    "Worker",
    "alive_since",
]
