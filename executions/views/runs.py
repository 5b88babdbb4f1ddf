"""Whole runs by REST."""

from typing import ClassVar
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.openapi import LOCATION
from core.api.queries import Query
from core.api.views import ApiViewSet
from executions.runs import cancel_run, read_run, rerun_run
from executions.serializers import (
    RunCancelRequest,
    RunReopened,
    RunRerunRequest,
    RunSerializer,
)


class RunViewSet(ApiViewSet):
    """``/api/runs``"""

    serializer_class = RunSerializer
    permissions: ClassVar[dict[str, str]] = {
        "retrieve": "executions.view_jobexecution",
        "cancel": "executions.change_jobexecution",
        "rerun": "executions.add_jobexecution",
    }

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show a run: its executions, the edges between them, and how it stands as a whole.

        Its key is the `correlationId` of its executions. What retention has deleted is missing.
        """
        Query.read(request)
        return Response(RunSerializer(read_run(UUID(pk))).data)

    @extend_schema(request=RunCancelRequest, responses={202: RunSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a run: what no worker has claimed ends at once, what runs is asked to stop."""
        body = self.validated(RunCancelRequest)
        run = cancel_run(
            actor=actor_of(request, claims=body.get("triggered_by")),
            correlation_id=UUID(pk),
            reason=body["reason"],
        )
        return Response(RunSerializer(run).data, status=202)

    @extend_schema(parameters=[LOCATION], request=RunRerunRequest, responses={202: RunReopened})
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, pk: str) -> Response:
        """Run what has failed again, in the same run, with all that comes below it.

        Or the execution that the body names. What has succeeded is kept unless told otherwise.
        """
        body = self.validated(RunRerunRequest)
        opened = rerun_run(
            actor=actor_of(request, claims=body.pop("triggered_by", None)),
            correlation_id=UUID(pk),
            **body,
        )
        found = {"correlation_id": pk, "execution_ids": [row.pk for row in opened]}
        location = reverse("run-detail", args=[pk])
        return Response(RunReopened(found).data, status=202, headers={"Location": location})
