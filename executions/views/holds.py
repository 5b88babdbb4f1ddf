"""Holds by REST."""

from typing import ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.openapi import LOCATION, page_of
from core.api.views import ApiViewSet
from executions.holds import end_hold, hold
from executions.serializers.holds import (
    HoldChangeRequest,
    HoldEndRequest,
    HoldQuery,
    HoldSerializer,
)
from jobs.holds import HoldTarget, change_hold
from jobs.models import Hold, HoldScope


class HoldViewSet(ApiViewSet):
    """``/api/holds``"""

    serializer_class = HoldSerializer
    permissions: ClassVar[dict[str, str]] = {
        "list": "jobs.view_hold",
        "retrieve": "jobs.view_hold",
        "create": "jobs.add_hold",
        "partial_update": "jobs.change_hold",
        "end": "jobs.change_hold",
    }

    def get_queryset(self) -> QuerySet[Hold]:
        return Hold.objects.select_related("job").order_by("-id")

    @extend_schema(parameters=[HoldQuery], responses=page_of(HoldSerializer))
    def list(self, request: Request) -> Response:
        """List what is held back at present, the newest hold first; or the holds that are over."""
        query = HoldQuery.read(request)
        rows = self.get_queryset().filter(ended_at__isnull=not query["ended"])
        return self.answer_page(rows, query=query)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one hold."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(parameters=[LOCATION])
    def create(self, request: Request) -> Response:
        """Hold back a job, a queue, the jobs of a team, or everything.

        Nothing of it is handed out any more; what no worker has claimed is taken back, what runs
        goes on. Everything takes the permission `hold_everything` beside.
        """
        body = self.read_body()
        given = body.validated_data
        self._refuse_everything(request, given["scope"])
        with body.naming_fields():
            held = hold(
                actor=actor_of(request, claims=given.get("updated_by")),
                target=HoldTarget(
                    scope=given["scope"],
                    team_name=given.get("team_name", ""),
                    queue=given.get("queue"),
                    job=given.get("job"),
                ),
                reason=given["reason"],
                until=given.get("until"),
            )
        answer = self.answer_row(held.pk, status=201)
        answer["Location"] = reverse("hold-detail", args=[held.pk])
        return answer

    @extend_schema(request=HoldChangeRequest, responses=HoldSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the reason of an open hold, or when it ends by itself."""
        held = self.get_object()
        self._refuse_everything(request, held.scope)
        body = HoldChangeRequest(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        actor = actor_of(request, claims=fields.pop("updated_by", None))
        with body.naming_fields():
            change_hold(actor=actor, hold=held, fields=fields)
        return self.answer_row(held.pk)

    @extend_schema(request=HoldEndRequest, responses=HoldSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """Let what was held go on.

        Slots that passed their misfire grace meanwhile run or are skipped by the misfire policy of
        their schedule; all else runs.
        """
        held = self.get_object()
        self._refuse_everything(request, held.scope)
        claims = self.validated(HoldEndRequest).get("updated_by")
        end_hold(actor=actor_of(request, claims=claims), hold=held)
        return self.answer_row(held.pk)

    def _refuse_everything(self, request: Request, scope: str) -> None:
        if scope == HoldScope.EVERYTHING and not request.user.has_perm("jobs.hold_everything"):
            raise PermissionDenied("Holding back everything takes the permission hold_everything.")
