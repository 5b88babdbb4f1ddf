"""Workers by REST."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.openapi import page_of
from core.api.views import ApiView, answer_all
from executions.draining import drain, undrain
from executions.filters import WorkerQuery
from executions.serializers import WorkerSerializer
from executions.serializers.workforce import DrainRequest, UndrainRequest
from executions.workforce import list_workers, load_of_worker


class WorkerList(ApiView):
    """``/api/workers``"""

    permissions: ClassVar[dict[str, str]] = {"get": "executions.view_worker"}

    @extend_schema(parameters=[WorkerQuery], responses=page_of(WorkerSerializer))
    def get(self, request: Request) -> Response:
        """List workers, then beats, by name, and what each worker runs; all on one page."""
        loads = list_workers(**WorkerQuery.read(request))
        return answer_all(loads, serializer=WorkerSerializer)


class DrainWorker(ApiView):
    """``/api/workers/{name}/drain``"""

    permissions: ClassVar[dict[str, str]] = {"post": "executions.change_worker"}

    @extend_schema(request=DrainRequest, responses=WorkerSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Let a worker take no more work, and hand back in time what it still runs.

        It hears of it within some seconds and stays alive. Asking again moves the deadline.
        """
        body = DrainRequest(data=request.data)
        body.is_valid(raise_exception=True)
        actor = actor_of(request, claims=body.validated_data.get("updated_by"))
        with body.naming_fields():
            drain(actor=actor, name=name, within=body.validated_data.get("within"))
        return _answer(name)


class UndrainWorker(ApiView):
    """``/api/workers/{name}/undrain``"""

    permissions: ClassVar[dict[str, str]] = {"post": "executions.change_worker"}

    @extend_schema(request=UndrainRequest, responses=WorkerSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Let a worker take work again."""
        body = UndrainRequest(data=request.data)
        body.is_valid(raise_exception=True)
        undrain(actor=actor_of(request, claims=body.validated_data.get("updated_by")), name=name)
        return _answer(name)


def _answer(name: str) -> Response:
    return Response(WorkerSerializer(load_of_worker(name)).data)
