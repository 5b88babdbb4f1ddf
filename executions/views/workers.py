"""Workers by REST."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.openapi import page_of
from core.api.views import ApiView, answer_all
from executions.filters import WorkerQuery
from executions.serializers import WorkerSerializer
from executions.workforce import list_workers


class WorkerList(ApiView):
    """``/api/workers``"""

    permissions: ClassVar[dict[str, str]] = {"get": "executions.view_worker"}

    @extend_schema(parameters=[WorkerQuery], responses=page_of(WorkerSerializer))
    def get(self, request: Request) -> Response:
        """List workers, then beats, by name, and what each worker runs; all on one page."""
        loads = list_workers(**WorkerQuery.read(request))
        return answer_all(loads, serializer=WorkerSerializer)
