"""Exclusion windows by REST."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from jobs.models import ExclusionWindow
from jobs.serializers.exclusions import ExclusionQuery, ExclusionSerializer
from jobs.views.changing import ChangingViewSet
from jobs.windows import archive_window, change_window, create_window


class ExclusionViewSet(ChangingViewSet):
    """``/api/exclusions``"""

    serializer_class = ExclusionSerializer
    permissions: ClassVar[dict[str, str]] = {
        "list": "jobs.view_exclusionwindow",
        "retrieve": "jobs.view_exclusionwindow",
        "create": "jobs.add_exclusionwindow",
        "update": "jobs.change_exclusionwindow",
        "partial_update": "jobs.change_exclusionwindow",
        "destroy": "jobs.delete_exclusionwindow",
    }

    def get_queryset(self) -> QuerySet[ExclusionWindow]:
        return ExclusionWindow.objects.select_related("calendar")

    @extend_schema(parameters=[ExclusionQuery])
    def list(self, request: Request) -> Response:
        """List exclusion windows, newest first."""
        query = ExclusionQuery.read(request)
        return self.answer_page(_filtered(self.get_queryset(), query), query=query)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one exclusion window."""
        return Response(self.get_serializer(self.get_object()).data)

    def create(self, request: Request) -> Response:
        """Create an exclusion window; the schedules it holds for follow from now on."""
        body = self.read_body()
        fields = dict(body.validated_data)
        fields.pop("updated_by", None)
        actor = actor_of(request, claims=fields.pop("created_by", None))
        with body.naming_fields():
            window = create_window(actor=actor, fields=fields)
        answer = self.answer_row(window.pk, status=201)
        answer["Location"] = reverse("exclusion-detail", args=[window.pk])
        return answer

    def update(self, request: Request, pk: str) -> Response:
        """Change an exclusion window; what is left out returns to its default."""
        return super().update(request, pk)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is given of an exclusion window.

        Another form replaces the one it has when the fields of that are sent as null.
        """
        return super().partial_update(request, pk)

    def change(self, request: Request, *, is_whole: bool) -> Response:
        window = self.get_object()
        body, fields = self.read_change(window, is_whole=is_whole)
        actor = actor_of(request, claims=fields.pop("updated_by", None))
        with body.naming_fields():
            change_window(actor=actor, window=window, fields=fields)
        return self.answer_row(window.pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Archive an exclusion window: it holds no more."""
        archive_window(actor=actor_of(request), window=self.get_object())
        return Response(status=204)


def _filtered(windows: QuerySet[ExclusionWindow], query: dict[str, Any]) -> Any:
    """Apply the filters; archived windows have left the list for good."""
    windows = windows.filter(archived_at__isnull=True)
    if scopes := query.get("scope"):
        windows = windows.filter(scope__in=scopes)
    if team := query.get("team_name"):
        windows = windows.filter(team_name=team)
    return windows
