"""The REST API of executions, and of jobs and schedules with what their executions tell."""

from executions.views.backfills import BackfillViewSet
from executions.views.callbacks import CallbackReceiver
from executions.views.dashboard import (
    DashboardStats,
    ExecutionTrends,
    StaleJobs,
    TopFailingJobs,
    UpcomingJobs,
)
from executions.views.executions import ExecutionViewSet
from executions.views.holds import HoldViewSet
from executions.views.jobs import JobViewSet, ScheduleViewSet
from executions.views.locks import LockViewSet
from executions.views.queues import QueueViewSet
from executions.views.runs import RunViewSet
from executions.views.workers import DrainWorker, UndrainWorker, WorkerList

__all__ = [
    "BackfillViewSet",
    "CallbackReceiver",
    "DashboardStats",
    "DrainWorker",
    "ExecutionTrends",
    "ExecutionViewSet",
    "HoldViewSet",
    "JobViewSet",
    "LockViewSet",
    "QueueViewSet",
    "RunViewSet",
    "ScheduleViewSet",
    "StaleJobs",
    "TopFailingJobs",
    "UndrainWorker",
    "UpcomingJobs",
    "WorkerList",
]
