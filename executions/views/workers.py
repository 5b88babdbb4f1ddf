"""Workers by REST."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ApiView, answer_all
from executions.filters import WorkerQuery
from executions.serializers import WorkerSerializer
from executions.workforce import list_workers


class WorkerList(ApiView):
    """``/api/workers``"""

    permissions: ClassVar[dict[str, str]] = {"get": "executions.view_worker"}

    def get(self, request: Request) -> Response:
        loads = list_workers(**WorkerQuery.read(request))
        return answer_all(loads, serializer=WorkerSerializer)
