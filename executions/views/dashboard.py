"""The figures of the dashboard by REST."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.queries import Query
from core.api.views import ApiView
from executions.filters import DaysQuery, FailingQuery, StaleQuery, UpcomingQuery
from executions.serializers import (
    DashboardStatsSerializer,
    ExecutionTrendSerializer,
    FailingJobSerializer,
    StaleJobSerializer,
    UpcomingJobSerializer,
)
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

    @extend_schema(responses=DashboardStatsSerializer)
    def get(self, request: Request) -> Response:
        """Show the figures as they stand; today begins at midnight UTC."""
        Query.read(request)
        return Response(dashboard_stats())


class ExecutionTrends(_Dashboard):
    """``/api/dashboard/execution-trends``"""

    @extend_schema(parameters=[DaysQuery], responses=ExecutionTrendSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Show how executions ended, one row for each day, oldest first, empty days included."""
        return Response(execution_trends(**DaysQuery.read(request)))


class TopFailingJobs(_Dashboard):
    """``/api/dashboard/top-failing-jobs``"""

    @extend_schema(parameters=[FailingQuery], responses=FailingJobSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Show the jobs with the most failures, timeouts included."""
        return Response(top_failing_jobs(**FailingQuery.read(request)))


class UpcomingJobs(_Dashboard):
    """``/api/dashboard/upcoming-jobs``"""

    @extend_schema(parameters=[UpcomingQuery], responses=UpcomingJobSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Show the schedules that fire next, each with its next slot, earliest first.

        What would not run is left out: inactive schedules, jobs that are not active or may not run
        in this environment.
        """
        return Response(upcoming_jobs(**UpcomingQuery.read(request)))


class StaleJobs(_Dashboard):
    """``/api/dashboard/stale-jobs``"""

    @extend_schema(parameters=[StaleQuery], responses=StaleJobSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Show the jobs without success for longer than their schedules let expect, longest first.

        A job is stale when, since its last success, a slot of it has been due for a day; or when
        three have been due, the first for an hour. Looked at are active jobs that may run in this
        environment and have an active schedule with slots to come.
        """
        return Response(stale_jobs(**StaleQuery.read(request)))
