"""Executions, and what hangs on them, on the wire."""

from executions.serializers.executions import (
    EmptyRequest,
    ExecutionSerializer,
    ListedExecutionSerializer,
    LogLineSerializer,
    OneExecutionSerializer,
    RerunRequest,
    TransitionSerializer,
    TriggerRequest,
)
from executions.serializers.jobs import JobWithLastExecution, ScheduleWithLastExecution
from executions.serializers.workforce import QueueSerializer, WorkerSerializer

__all__ = [
    "EmptyRequest",
    "ExecutionSerializer",
    "JobWithLastExecution",
    "ListedExecutionSerializer",
    "LogLineSerializer",
    "OneExecutionSerializer",
    "QueueSerializer",
    "RerunRequest",
    "ScheduleWithLastExecution",
    "TransitionSerializer",
    "TriggerRequest",
    "WorkerSerializer",
]
