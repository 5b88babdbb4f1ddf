"""Dependencies between jobs by REST: those of one job, and what waits for it."""

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.queries import PageQuery
from core.api.views import ApiViewSet
from jobs.dependencies import add_dependency, change_dependency, remove_dependency
from jobs.models import JobDefinition, JobDependency
from jobs.serializers.dependencies import DependencySerializer
from jobs.views.changing import ChangingViewSet

_EXAMPLE = OpenApiExample(
    "After the load, with what it has counted",
    request_only=True,
    value={
        "upstreamJobName": "Load Sales",
        "condition": "success",
        "delayAfterCompletionSeconds": 60,
        "outputMapping": {"rows": "counts.rows"},
    },
)


class _OfOneJob(ApiViewSet):
    """Addresses below that of a job."""

    @cached_property
    def job(self) -> JobDefinition:
        """The job of the address."""
        return get_object_or_404(JobDefinition, pk=self.kwargs["job_id"])


class DependencyViewSet(_OfOneJob, ChangingViewSet):
    """``/api/jobs/{jobId}/dependencies``"""

    serializer_class = DependencySerializer
    # The two jobs stay the same, and a replaced condition does not start what was stopped.
    kept_by_put = frozenset({"job", "upstream", "is_active"})
    permissions: ClassVar[dict[str, str]] = {
        "list": "jobs.view_jobdependency",
        "retrieve": "jobs.view_jobdependency",
        "create": "jobs.add_jobdependency",
        "update": "jobs.change_jobdependency",
        "partial_update": "jobs.change_jobdependency",
        "destroy": "jobs.delete_jobdependency",
    }

    def get_queryset(self) -> QuerySet[JobDependency]:
        return self.job.dependencies.select_related("job", "upstream")

    @extend_schema(operation_id="dependencies_list", parameters=[PageQuery])
    def list(self, request: Request, **address: str) -> Response:
        """List what a job waits for, newest first."""
        return self.answer_page(self.get_queryset())

    @extend_schema(operation_id="dependencies_retrieve")
    def retrieve(self, request: Request, pk: str, **address: str) -> Response:
        """Show how a job waits for another one."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(operation_id="dependencies_create", examples=[_EXAMPLE])
    def create(self, request: Request, **address: str) -> Response:
        """Let a job wait for another one, from the next run on.

        A dependency that would close a cycle is refused with the path that would close it.
        """
        job, body = self.job, self.read_body()
        fields = dict(body.validated_data)
        fields.pop("updated_by", None)
        actor = actor_of(request, claims=fields.pop("created_by", None))
        with body.naming_fields():
            dependency = add_dependency(actor=actor, job=job, fields=fields)
        answer = self.answer_row(dependency.pk, status=201)
        answer["Location"] = reverse("dependency-detail", args=[job.pk, dependency.pk])
        return answer

    @extend_schema(operation_id="dependencies_update")
    def update(self, request: Request, pk: str, **address: str) -> Response:
        """Change how a job waits; what is left out returns to its default.

        The two jobs stay the same, and so does `isActive` unless it is sent.
        """
        return super().update(request, pk)

    @extend_schema(operation_id="dependencies_partial_update")
    def partial_update(self, request: Request, pk: str, **address: str) -> Response:
        """Change what is given of how a job waits."""
        return super().partial_update(request, pk)

    def change(self, request: Request, *, is_whole: bool) -> Response:
        dependency = self.get_object()
        body, fields = self.read_change(dependency, is_whole=is_whole)
        actor = actor_of(request, claims=fields.pop("updated_by", None))
        with body.naming_fields():
            change_dependency(actor=actor, dependency=dependency, fields=fields)
        return self.answer_row(dependency.pk)

    @extend_schema(operation_id="dependencies_destroy")
    def destroy(self, request: Request, pk: str, **address: str) -> Response:
        """Let a job no longer wait for another one; runs under way still do."""
        remove_dependency(actor=actor_of(request), dependency=self.get_object())
        return Response(status=204)


class DependentViewSet(_OfOneJob):
    """``/api/jobs/{jobId}/dependents``"""

    serializer_class = DependencySerializer
    permissions: ClassVar[dict[str, str]] = {"list": "jobs.view_jobdependency"}

    def get_queryset(self) -> QuerySet[JobDependency]:
        return self.job.dependents.select_related("job", "upstream")

    @extend_schema(operation_id="dependents_list", parameters=[PageQuery])
    def list(self, request: Request, **address: str) -> Any:
        """List what waits for a job, newest first."""
        return self.answer_page(self.get_queryset())
