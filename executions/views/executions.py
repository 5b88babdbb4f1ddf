"""Executions by REST."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.views import ApiViewSet
from core.clock import database_now
from executions.filters import ExecutionQuery
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog
from executions.serializers import (
    EmptyRequest,
    ExecutionSerializer,
    LogLineSerializer,
    OneExecutionSerializer,
    TransitionSerializer,
)
from executions.services import cancel
from executions.states import FINAL


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
    }

    def get_queryset(self) -> Any:
        return JobExecution.objects.select_related("version")

    def list(self, request: Request) -> Response:
        query = ExecutionQuery.read(request)
        return self.answer_page(_filtered(self.get_queryset(), query), query=query)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(OneExecutionSerializer(self.get_object()).data)

    @action(detail=False)
    def running(self, request: Request) -> Response:
        return self.answer_page(self.get_queryset().running())

    @action(detail=False, url_path="failed-today")
    def failed_today(self, request: Request) -> Response:
        return self.answer_page(self.get_queryset().failed_since(_midnight(database_now())))

    @action(detail=False, url_path=f"job/(?P<job_id>{ApiViewSet.lookup_value_regex})")
    def of_job(self, request: Request, job_id: str) -> Response:
        return self.answer_page(self.get_queryset().filter(job=job_id))

    @action(detail=True)
    def logs(self, request: Request, pk: str) -> Response:
        lines = JobExecutionLog.objects.filter(execution=self.get_object())
        return self.answer_rows_after(lines, serializer=LogLineSerializer)

    @action(detail=True)
    def transitions(self, request: Request, pk: str) -> Response:
        moves = ExecutionTransition.objects.filter(execution=self.get_object())
        return self.answer_rows_after(moves, serializer=TransitionSerializer)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        self.validated(EmptyRequest)
        execution = cancel(actor=actor_of(request), execution=self.get_object())
        return self.answer_row(execution.pk, status=202)


def _filtered(executions: QuerySet[JobExecution], query: dict[str, Any]) -> QuerySet[JobExecution]:
    if job := query.get("job_definition_id") or query.get("job"):
        executions = executions.filter(job=job)
    if statuses := query.get("status"):
        executions = executions.filter(status__in=statuses)
        if set(statuses) <= set(FINAL):
            # True of them all, and what the index ``execution_completed`` is limited to.
            executions = executions.filter(completed_at__isnull=False)
    return executions


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
