"""Queues by REST."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.queries import Query
from core.api.views import ApiViewSet, answer_all
from executions.queues import QueueLoad, change_queue, create_queue, queue_loads
from executions.serializers import QueueSerializer
from jobs.models import Queue


class QueueViewSet(ApiViewSet):
    """``/api/queues``"""

    serializer_class = QueueSerializer
    lookup_url_kwarg = "name"
    lookup_value_regex = r"[^/\x00]+"
    permissions: ClassVar[dict[str, str]] = {
        "list": "jobs.view_queue",
        "retrieve": "jobs.view_queue",
        "create": "jobs.add_queue",
        "update": "jobs.change_queue",
        "partial_update": "jobs.change_queue",
    }

    def get_queryset(self) -> QuerySet[Queue]:
        return Queue.objects.all()

    def list(self, request: Request) -> Response:
        """List all queues by name with their load, on one page."""
        Query.read(request)
        return answer_all(queue_loads(), serializer=QueueSerializer)

    def retrieve(self, request: Request, name: str) -> Response:
        """Show one queue, what is in it, and who serves it."""
        return self._answer(name)

    def create(self, request: Request) -> Response:
        """Create a queue. It is served once a worker is started with its name."""
        body = self.read_body()
        actor = actor_of(request, claims=body.validated_data.get("updated_by"))
        with body.naming_fields():
            queue = create_queue(
                actor=actor,
                fields=body.validated_data["queue"],
                is_paused=body.validated_data.get("is_paused", False),
                reason=body.validated_data.get("reason") or None,
            )
        answer = self._answer(queue.name, status=201)
        answer["Location"] = reverse("queue-detail", args=[queue.name])
        return answer

    def update(self, request: Request, name: str) -> Response:
        """Change a queue's limits, or pause or resume it.

        A limit that is left out is lifted; whether it is paused stays as it is unless it is said.
        """
        return self._change(request, is_whole=True)

    def partial_update(self, request: Request, name: str) -> Response:
        """Change what is given of a queue: its limits, or whether it is paused."""
        return self._change(request, is_whole=False)

    def _change(self, request: Request, *, is_whole: bool) -> Response:
        """Change the fields that are given; PUT also lifts a limit that is left out."""
        queue = self.get_object()
        body = self.read_body(partial=True)
        fields: dict[str, Any] = dict(body.validated_data.get("queue", {}))
        if fields.pop("name", queue.name) != queue.name:
            raise ValidationError({"name": [ErrorDetail(_RENAMED, "not_changeable")]})
        if is_whole:
            fields = {"max_concurrent_executions": None, "starts_per_minute": None} | fields
        with body.naming_fields():
            change_queue(
                actor=actor_of(request, claims=body.validated_data.get("updated_by")),
                queue=queue,
                fields=fields,
                is_paused=body.validated_data.get("is_paused"),
                reason=body.validated_data.get("reason") or None,
            )
        return self._answer(queue.name)

    def _answer(self, name: str, *, status: int = 200) -> Response:
        return Response(QueueSerializer(_load_of(name)).data, status=status)


_RENAMED = "A queue keeps its name; create another one and move its jobs there."


def _load_of(name: str) -> QueueLoad:
    for load in queue_loads():
        if load.queue.name == name:
            return load
    raise Http404
