"""Locks by REST."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.openapi import page_of
from core.api.queries import Query
from core.api.views import ApiViewSet, answer_all
from executions.locking import break_lock, list_locks
from executions.models import JobExecution
from executions.serializers.locks import BreakLockRequest, LockSerializer


class LockViewSet(ApiViewSet):
    """``/api/locks``"""

    serializer_class = LockSerializer
    queryset = JobExecution.objects.none()  # they live in Redis
    lookup_url_kwarg = "name"
    lookup_value_regex = r"[^/\x00]+"
    permissions: ClassVar[dict[str, str]] = {
        "list": "executions.view_jobexecution",
        "break_lock": "executions.change_jobexecution",
    }

    @extend_schema(responses=page_of(LockSerializer))
    def list(self, request: Request) -> Response:
        """List the locks that handlers hold, by name, with who waits; all on one page."""
        Query.read(request)
        return answer_all(list_locks(), serializer=LockSerializer)

    @extend_schema(request=BreakLockRequest, responses={204: None})
    @action(detail=True, methods=["post"], url_path="break")
    def break_lock(self, request: Request, name: str, **_: Any) -> Response:
        """Take a lock from its holder, whose job is stopped and retried by its policy.

        It notices within seconds; until then it may go on beside the next holder.
        """
        body = self.validated(BreakLockRequest)
        break_lock(actor=actor_of(request), name=name, reason=body["reason"])
        return Response(status=204)
