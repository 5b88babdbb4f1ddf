"""The REST API of executions, and of jobs and schedules with what their executions tell."""

from executions.views.dashboard import DashboardStats
from executions.views.executions import ExecutionViewSet
from executions.views.jobs import JobViewSet, ScheduleViewSet

__all__ = ["DashboardStats", "ExecutionViewSet", "JobViewSet", "ScheduleViewSet"]
