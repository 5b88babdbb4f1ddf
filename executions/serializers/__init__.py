"""Executions, and what hangs on them, on the wire."""

from executions.serializers.conditions import ConditionCheckSerializer
from executions.serializers.dashboard import (
    DashboardStatsSerializer,
    ExecutionTrendSerializer,
    FailingJobSerializer,
    StaleJobSerializer,
    UpcomingJobSerializer,
)
from executions.serializers.executions import (
    EmptyRequest,
    ExecutionOpened,
    ExecutionSerializer,
    ListedExecutionSerializer,
    LogLineSerializer,
    OneExecutionSerializer,
    RerunRequest,
    TransitionSerializer,
    TriggerRequest,
)
from executions.serializers.jobs import JobWithLastExecution, ScheduleWithLastExecution
from executions.serializers.runs import (
    RunCancelRequest,
    RunReopened,
    RunRerunRequest,
    RunSerializer,
)
from executions.serializers.workforce import QueueSerializer, WorkerSerializer

__all__ = [
    "ConditionCheckSerializer",
    "DashboardStatsSerializer",
    "EmptyRequest",
    "ExecutionOpened",
    "ExecutionSerializer",
    "ExecutionTrendSerializer",
    "FailingJobSerializer",
    "JobWithLastExecution",
    "ListedExecutionSerializer",
    "LogLineSerializer",
    "OneExecutionSerializer",
    "QueueSerializer",
    "RerunRequest",
    "RunCancelRequest",
    "RunReopened",
    "RunRerunRequest",
    "RunSerializer",
    "ScheduleWithLastExecution",
    "StaleJobSerializer",
    "TransitionSerializer",
    "TriggerRequest",
    "UpcomingJobSerializer",
    "WorkerSerializer",
]
