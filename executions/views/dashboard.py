"""The figures of the dashboard by REST."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ApiView
from executions.stats import dashboard_stats


class DashboardStats(ApiView):
    """``/api/dashboard/stats``"""

    permissions: ClassVar[dict[str, str]] = {"get": "executions.view_jobexecution"}

    def get(self, request: Request) -> Response:
        return Response(dashboard_stats())
