"""The figures of the dashboard by REST."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from core.api.queries import Query
from core.api.views import ApiView
from executions.filters import DaysQuery, FailingQuery, StaleQuery, UpcomingQuery
from executions.stats import (
    dashboard_stats,
    execution_trends,
    stale_jobs,
    top_failing_jobs,
    upcoming_jobs,
)


class _Dashboard(ApiView):
    permissions: ClassVar[dict[str, str]] = {"get": "executions.view_jobexecution"}


class DashboardStats(_Dashboard):
    """``/api/dashboard/stats``"""

    def get(self, request: Request) -> Response:
        Query.read(request)
        return Response(dashboard_stats())


class ExecutionTrends(_Dashboard):
    """``/api/dashboard/execution-trends``"""

    def get(self, request: Request) -> Response:
        return Response(execution_trends(**DaysQuery.read(request)))


class TopFailingJobs(_Dashboard):
    """``/api/dashboard/top-failing-jobs``"""

    def get(self, request: Request) -> Response:
        return Response(top_failing_jobs(**FailingQuery.read(request)))


class UpcomingJobs(_Dashboard):
    """``/api/dashboard/upcoming-jobs``"""

    def get(self, request: Request) -> Response:
        return Response(upcoming_jobs(**UpcomingQuery.read(request)))


class StaleJobs(_Dashboard):
    """``/api/dashboard/stale-jobs``"""

    def get(self, request: Request) -> Response:
        return Response(stale_jobs(**StaleQuery.read(request)))
