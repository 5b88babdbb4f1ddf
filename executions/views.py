"""Executions by REST, and what jobs and schedules gain from them: trigger and last execution."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.views import ApiView, ApiViewSet
from core.clock import database_now
from executions.last import with_last_of_job, with_last_of_schedule
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog
from executions.serializers import (
    EmptyRequest,
    ExecutionQuery,
    ExecutionSerializer,
    JobWithLastExecution,
    LogLineSerializer,
    OneExecutionSerializer,
    ScheduleWithLastExecution,
    TransitionSerializer,
    TriggerRequest,
)
from executions.services import cancel, trigger
from executions.states import FINAL
from executions.stats import dashboard_stats
from jobs import views as jobs
from jobs.models import JobDefinition, JobSchedule


class JobViewSet(jobs.JobViewSet):
    """``/api/jobs`` with what its executions tell, and the trigger."""

    serializer_class = JobWithLastExecution
    schedule_serializer_class = ScheduleWithLastExecution
    permissions: ClassVar[dict[str, str]] = {
        **jobs.JobViewSet.permissions,
        "trigger": "executions.add_jobexecution",
    }

    def get_queryset(self) -> QuerySet[JobDefinition]:
        return with_last_of_job(super().get_queryset())

    def get_schedules(self, job: JobDefinition) -> QuerySet[JobSchedule]:
        return with_last_of_schedule(super().get_schedules(job))

    @action(detail=True, methods=["post"])
    def trigger(self, request: Request, pk: str) -> Response:
        body = self.validated(TriggerRequest)
        execution = trigger(
            actor=actor_of(request, claims=body.get("triggered_by")),
            job=self.get_object(),
            parameters=body.get("parameters"),
        )
        location = reverse("execution-detail", args=[execution.pk])
        return Response(
            {"executionId": str(execution.pk)}, status=202, headers={"Location": location}
        )


class ScheduleViewSet(jobs.ScheduleViewSet):
    """``/api/schedules`` with their last execution."""

    serializer_class = ScheduleWithLastExecution

    def get_queryset(self) -> QuerySet[JobSchedule]:
        return with_last_of_schedule(super().get_queryset())


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


class DashboardStats(ApiView):
    """``/api/dashboard/stats``"""

    permissions: ClassVar[dict[str, str]] = {"get": "executions.view_jobexecution"}

    def get(self, request: Request) -> Response:
        return Response(dashboard_stats())


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
