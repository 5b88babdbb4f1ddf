"""The circuit breaker of a job by REST."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from executions.circuits import breaker_of, close_breaker, open_breaker
from executions.serializers.breakers import (
    BreakerCloseRequest,
    BreakerOpenRequest,
    BreakerSerializer,
    show_breaker,
)
from executions.views.backfills import BackfillsOfJob


class BreakerOfJob(BackfillsOfJob):
    """``/api/jobs/{id}/breaker``"""

    permissions: ClassVar[dict[str, str]] = {
        **BackfillsOfJob.permissions,
        "breaker": "jobs.view_jobdefinition",
        "open_breaker": "jobs.change_jobdefinition",
        "close_breaker": "jobs.change_jobdefinition",
    }

    @extend_schema(responses=BreakerSerializer)
    @action(detail=True)
    def breaker(self, request: Request, pk: str) -> Response:
        """Show how the circuit breaker of a job stands."""
        job = self.get_object()
        return Response(show_breaker(job, breaker_of(job)))

    @extend_schema(request=BreakerOpenRequest, responses=BreakerSerializer)
    @action(detail=True, methods=["post"], url_path="breaker/open")
    def open_breaker(self, request: Request, pk: str) -> Response:
        """Open the circuit breaker of a job until somebody closes it; slots are skipped."""
        reason = self.validated(BreakerOpenRequest)["reason"]
        job = self.get_object()
        return Response(
            show_breaker(job, open_breaker(actor=actor_of(request), job=job, reason=reason))
        )

    @extend_schema(request=BreakerCloseRequest, responses=BreakerSerializer)
    @action(detail=True, methods=["post"], url_path="breaker/close")
    def close_breaker(self, request: Request, pk: str) -> Response:
        """Close the circuit breaker of a job; failures are counted from now on."""
        reason = self.validated(BreakerCloseRequest).get("reason") or None
        job = self.get_object()
        return Response(
            show_breaker(job, close_breaker(actor=actor_of(request), job=job, reason=reason))
        )
