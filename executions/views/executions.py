"""Executions by REST."""

from datetime import datetime
from typing import Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.openapi import LOCATION, page_of
from core.api.queries import FollowQuery, PageQuery, Query
from core.api.views import ApiViewSet
from core.clock import database_now
from executions.filters import ExecutionQuery, wanted_executions
from executions.lists import Newest, described, listed
from executions.models import ConditionCheck, ExecutionTransition, JobExecution, JobExecutionLog
from executions.runs import rerun
from executions.serializers import (
    ConditionCheckSerializer,
    EmptyRequest,
    ExecutionOpened,
    ExecutionSerializer,
    ListedExecutionSerializer,
    LogLineSerializer,
    OneExecutionSerializer,
    RerunRequest,
    TransitionSerializer,
)
from executions.serializers.why import WhySerializer
from executions.services import cancel
from executions.states import ExecutionStatus
from executions.why import explain_execution
from jobs.models import JobDefinition

_LISTED = extend_schema(parameters=[PageQuery], responses=page_of(ListedExecutionSerializer))


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
        "condition_checks": "executions.view_jobexecution",
        "why": "executions.view_jobexecution",
        "cancel": "executions.change_jobexecution",
        "rerun": "executions.add_jobexecution",
    }

    def get_queryset(self) -> Any:
        return described(JobExecution.objects.all())

    @extend_schema(parameters=[ExecutionQuery], responses=page_of(ListedExecutionSerializer))
    def list(self, request: Request) -> Response:
        """List executions, newest first.

        Filters narrow each other; `status` may be given several times. Those of the job ask for the
        job as it is now. Large fields are cut, see `truncatedFields`.
        """
        query = ExecutionQuery.read(request)
        return self._answer_list(wanted_executions(query), query=query)

    @extend_schema(responses=OneExecutionSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one execution, whole, and what it waits for."""
        return Response(OneExecutionSerializer(self.get_object()).data)

    @_LISTED
    @action(detail=False)
    def running(self, request: Request) -> Response:
        """List what runs now."""
        return self._answer_list(Newest(statuses=(ExecutionStatus.RUNNING,)))

    @_LISTED
    @action(detail=False, url_path="failed-today")
    def failed_today(self, request: Request) -> Response:
        """List what has failed or timed out since midnight UTC."""
        failed = JobExecution.objects.failed_since(_midnight(database_now()))
        return self._answer_list(listed(failed))

    @_LISTED
    @action(detail=False, url_path=f"job/(?P<job_id>{ApiViewSet.lookup_value_regex})")
    def of_job(self, request: Request, job_id: str) -> Response:
        """List the executions of one job."""
        return self._answer_list(Newest(jobs=JobDefinition.objects.filter(pk=job_id)))

    @extend_schema(parameters=[FollowQuery], responses=page_of(LogLineSerializer))
    @action(detail=True)
    def logs(self, request: Request, pk: str) -> Response:
        """List the lines of the log, oldest first; `after` goes on where one has read to."""
        lines = JobExecutionLog.objects.filter(execution=_existing(pk))
        return self.answer_rows_after(lines, serializer=LogLineSerializer)

    @extend_schema(parameters=[FollowQuery], responses=page_of(TransitionSerializer))
    @action(detail=True)
    def transitions(self, request: Request, pk: str) -> Response:
        """List the moves between statuses, oldest first."""
        moves = ExecutionTransition.objects.filter(execution=_existing(pk))
        return self.answer_rows_after(moves, serializer=TransitionSerializer)

    @extend_schema(parameters=[FollowQuery], responses=page_of(ConditionCheckSerializer))
    @action(detail=True, url_path="condition-checks")
    def condition_checks(self, request: Request, pk: str) -> Response:
        """List the looks at the condition of its schedule, oldest first."""
        checks = ConditionCheck.objects.filter(execution=_existing(pk))
        return self.answer_rows_after(checks, serializer=ConditionCheckSerializer)

    @extend_schema(responses={200: WhySerializer})
    @action(detail=True)
    def why(self, request: Request, pk: str) -> Response:
        """Say why an execution does not go on, or how it ended.

        The first cause decides now; the others would hold it back if that were gone.
        """
        Query.read(request)
        found = JobExecution.objects.select_related("job", "version").defer("input", "output")
        return Response(WhySerializer(explain_execution(get_object_or_404(found, pk=pk))).data)

    @extend_schema(request=None, responses={202: ExecutionSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel an execution: at once if no worker has claimed it, else its worker is asked to."""
        self.validated(EmptyRequest)
        execution = cancel(actor=actor_of(request), execution=_existing(pk))
        return self.answer_row(execution.pk, status=202)

    @extend_schema(parameters=[LOCATION], request=RerunRequest, responses={202: ExecutionOpened})
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, pk: str) -> Response:
        """Run a finished execution again, as its job is defined now; alone, or with all below it.

        Without parameters, with those it had.
        """
        body = self.validated(RerunRequest)
        actor = actor_of(request, claims=body.pop("triggered_by", None))
        again = rerun(actor=actor, execution=_existing(pk), **body)[0]
        return answer_opened(again)

    def _answer_list(self, rows: Any, *, query: dict[str, Any] | None = None) -> Response:
        return self.answer_page(rows, query=query, serializer=ListedExecutionSerializer)


def _existing(pk: str) -> JobExecution:
    """Return the execution without its fields, of which some are large."""
    return get_object_or_404(JobExecution.objects.only("pk"), pk=pk)


def answer_opened(execution: JobExecution) -> Response:
    """Answer a call that has opened an execution: it is accepted, and can be followed there."""
    location = reverse("execution-detail", args=[execution.pk])
    body = ExecutionOpened(execution).data
    return Response(body, status=202, headers={"Location": location})


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
