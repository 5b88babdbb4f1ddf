"""Executions by REST."""

from datetime import datetime
from typing import Any, ClassVar

from django.urls import reverse
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.views import ApiViewSet
from core.clock import database_now
from executions.filters import ExecutionQuery, wanted_executions
from executions.lists import Newest, described, listed
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog
from executions.serializers import (
    EmptyRequest,
    ExecutionSerializer,
    ListedExecutionSerializer,
    LogLineSerializer,
    OneExecutionSerializer,
    RerunRequest,
    TransitionSerializer,
)
from executions.services import cancel, rerun
from executions.states import ExecutionStatus
from jobs.models import JobDefinition


class ExecutionViewSet(ApiViewSet):
    """``/api/executions``"""

    serializer_class = ExecutionSerializer
    permissions: ClassVar[dict[str, str]] = {
        "list": "executions.view_jobexecution",
        "retrieve": "executions.view_jobexecution",
        "running": "executions.view_jobexecution",
        "failed_today": "executions.view_jobexecution",
        "of_job": "executions.view_jobexecution",
        "logs": "executions.view_jobexecution",
        "transitions": "executions.view_jobexecution",
        "cancel": "executions.change_jobexecution",
        "rerun": "executions.add_jobexecution",
    }

    def get_queryset(self) -> Any:
        return described(JobExecution.objects.all())

    def list(self, request: Request) -> Response:
        query = ExecutionQuery.read(request)
        return self._answer_list(wanted_executions(query), query=query)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(OneExecutionSerializer(self.get_object()).data)

    @action(detail=False)
    def running(self, request: Request) -> Response:
        return self._answer_list(Newest(statuses=(ExecutionStatus.RUNNING,)))

    @action(detail=False, url_path="failed-today")
    def failed_today(self, request: Request) -> Response:
        failed = JobExecution.objects.failed_since(_midnight(database_now()))
        return self._answer_list(listed(failed))

    @action(detail=False, url_path=f"job/(?P<job_id>{ApiViewSet.lookup_value_regex})")
    def of_job(self, request: Request, job_id: str) -> Response:
        return self._answer_list(Newest(jobs=JobDefinition.objects.filter(pk=job_id)))

    @action(detail=True)
    def logs(self, request: Request, pk: str) -> Response:
        lines = JobExecutionLog.objects.filter(execution=_existing(pk))
        return self.answer_rows_after(lines, serializer=LogLineSerializer)

    @action(detail=True)
    def transitions(self, request: Request, pk: str) -> Response:
        moves = ExecutionTransition.objects.filter(execution=_existing(pk))
        return self.answer_rows_after(moves, serializer=TransitionSerializer)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        self.validated(EmptyRequest)
        execution = cancel(actor=actor_of(request), execution=_existing(pk))
        return self.answer_row(execution.pk, status=202)

    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, pk: str) -> Response:
        body = self.validated(RerunRequest)
        again = rerun(
            actor=actor_of(request, claims=body.get("triggered_by")),
            execution=_existing(pk),
            parameters=body.get("parameters"),
        )
        return answer_opened(again)

    def _answer_list(self, rows: Any, *, query: dict[str, Any] | None = None) -> Response:
        return self.answer_page(rows, query=query, serializer=ListedExecutionSerializer)


def _existing(pk: str) -> JobExecution:
    """Return the execution without its fields, of which some are large."""
    return get_object_or_404(JobExecution.objects.only("pk"), pk=pk)


def answer_opened(execution: JobExecution) -> Response:
    """Answer a call that has opened an execution: it is accepted, and can be followed there."""
    location = reverse("execution-detail", args=[execution.pk])
    body = {"executionId": str(execution.pk)}
    return Response(body, status=202, headers={"Location": location})


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
