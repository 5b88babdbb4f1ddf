"""Backfills by REST."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.openapi import LOCATION, page_of
from core.api.paging import Place, RowsOf
from core.api.queries import PageQuery
from core.api.views import ApiViewSet
from executions.backfills import (
    BackfillRequest,
    Include,
    cancel_backfill,
    preview_backfill,
    progress_of,
    start_backfill,
)
from executions.lists import listed
from executions.models import Backfill, JobExecution
from executions.serializers.backfills import (
    BackfillCancelRequest,
    BackfillPreview,
    BackfillQuery,
    BackfillRequestBody,
    BackfillSerializer,
    show_range,
)
from executions.serializers.executions import ListedExecutionSerializer
from jobs import views as jobs


class _WithProgress(RowsOf):
    """Backfills with how far they are, a page in one query more."""

    def read(self, place: Place | None, *, limit: int) -> list[Any]:
        rows = super().read(place, limit=limit)
        progress = progress_of(rows)
        for row in rows:
            row.progress = progress[row.pk]
        return rows


class BackfillViewSet(ApiViewSet):
    """``/api/backfills``"""

    serializer_class = BackfillSerializer
    permissions: ClassVar[dict[str, str]] = {
        "list": "executions.view_jobexecution",
        "retrieve": "executions.view_jobexecution",
        "executions": "executions.view_jobexecution",
        "cancel": "executions.change_jobexecution",
    }

    def get_queryset(self) -> QuerySet[Backfill]:
        return Backfill.objects.select_related("job")

    @extend_schema(parameters=[BackfillQuery], responses=page_of(BackfillSerializer))
    def list(self, request: Request) -> Response:
        """List backfills and how far they are, newest first."""
        query = BackfillQuery.read(request)
        rows = self.get_queryset()
        if job := query.get("job_definition_id"):
            rows = rows.filter(job=job)
        return self.answer_page(_WithProgress(rows), query=query)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one backfill, and how far it is."""
        return Response(show_backfill(self.get_object()))

    @extend_schema(parameters=[PageQuery], responses=page_of(ListedExecutionSerializer))
    @action(detail=True)
    def executions(self, request: Request, pk: str) -> Response:
        """List the executions of a backfill, those that go last first."""
        rows = listed(JobExecution.objects.filter(backfill=self.get_object()))
        return self.answer_page(rows, serializer=ListedExecutionSerializer)

    @extend_schema(request=BackfillCancelRequest, responses=BackfillSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel what of a backfill no worker has claimed; what runs goes on unless told."""
        body = self.validated(BackfillCancelRequest)
        backfill = cancel_backfill(
            actor=actor_of(request),
            backfill=self.get_object(),
            stops_running=body["stop_running"],
            reason=body.get("reason") or None,
        )
        return Response(show_backfill(backfill))


class BackfillsOfJob(jobs.JobViewSet):
    """``/api/jobs/{id}/backfills``"""

    permissions: ClassVar[dict[str, str]] = {
        **jobs.JobViewSet.permissions,
        "backfills": "executions.add_jobexecution",
    }

    @extend_schema(
        parameters=[LOCATION],
        request=BackfillRequestBody,
        responses={200: BackfillPreview, 201: BackfillSerializer},
    )
    @action(detail=True, methods=["post"])
    def backfills(self, request: Request, pk: str) -> Response:
        """Run a job for the slots of a range of its past; with `dryRun` only say which.

        The slots are those of the schedule's present rule. Those that ran, or are under way, are
        left out.
        """
        body = BackfillRequestBody(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        is_dry_run = fields.pop("dry_run")
        actor = actor_of(request, claims=fields.pop("created_by", None))
        if "include" in fields:
            fields["include"] = Include(fields["include"])
        asked = BackfillRequest(**fields)
        job = self.get_object()
        with body.naming_fields():
            if is_dry_run:
                return Response(show_range(preview_backfill(job=job, request=asked)))
            backfill = start_backfill(actor=actor, job=job, request=asked)
        location = reverse("backfill-detail", args=[backfill.pk])
        return Response(show_backfill(backfill), status=201, headers={"Location": location})


def show_backfill(backfill: Any) -> dict[str, Any]:
    """Return one backfill, and how far it is."""
    backfill.progress = progress_of([backfill])[backfill.pk]
    return dict(BackfillSerializer(backfill).data)
