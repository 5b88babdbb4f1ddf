"""Jobs and schedules by REST with what is known of their executions, and the trigger."""

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.api.openapi import LOCATION, page_of
from core.api.queries import PageQuery
from executions.last import with_last_of_job, with_last_of_schedule
from executions.serializers import (
    ExecutionOpened,
    JobWithLastExecution,
    ScheduleWithLastExecution,
    TriggerRequest,
)
from executions.services import trigger
from executions.views.breakers import BreakerOfJob
from executions.views.examples import JOB, SCHEDULE
from executions.views.executions import answer_opened
from executions.views.slots import ScheduleSlots
from jobs.models import JobDefinition, JobSchedule
from jobs.serializers import (
    ChangePreviewSerializer,
    JobQuery,
    PauseRequest,
    PreviewQuery,
    PreviewRequest,
    PreviewSerializer,
    ScheduleQuery,
    StatusChange,
)


@extend_schema_view(
    list=extend_schema(
        summary="List jobs, newest first; archived ones only when asked for",
        parameters=[JobQuery],
    ),
    retrieve=extend_schema(summary="Show one job"),
    create=extend_schema(
        summary="Create a job",
        description="Its handler need not be known here: workers know theirs.",
        examples=[JOB],
    ),
    update=extend_schema(
        summary="Change a job; what is left out returns to its default",
        description="Its status stays as it is: `/status` changes that, with a reason.",
    ),
    partial_update=extend_schema(summary="Change what is given of a job"),
    destroy=extend_schema(summary="Archive a job and its schedules, for good"),
    set_status=extend_schema(
        summary="Enable, disable or archive a job",
        request=StatusChange,
        responses=JobWithLastExecution,
    ),
    schedules=extend_schema(
        summary="List the schedules of a job",
        parameters=[PageQuery],
        responses=page_of(ScheduleWithLastExecution),
    ),
)
class JobViewSet(BreakerOfJob):
    """``/api/jobs`` with what its executions tell, and the trigger."""

    serializer_class = JobWithLastExecution
    schedule_serializer_class = ScheduleWithLastExecution
    permissions: ClassVar[dict[str, str]] = {
        **BreakerOfJob.permissions,
        "trigger": "executions.add_jobexecution",
    }

    def get_queryset(self) -> QuerySet[JobDefinition]:
        return with_last_of_job(super().get_queryset())

    def get_schedules(self, job: JobDefinition) -> QuerySet[JobSchedule]:
        return with_last_of_schedule(super().get_schedules(job))

    @extend_schema(parameters=[LOCATION], request=TriggerRequest, responses={202: ExecutionOpened})
    @action(detail=True, methods=["post"])
    def trigger(self, request: Request, pk: str) -> Response:
        """Run a job now, with parameters if it takes any."""
        body = self.validated(TriggerRequest)
        execution = trigger(
            actor=actor_of(request, claims=body.get("triggered_by")),
            job=self.get_object(),
            parameters=body.get("parameters"),
        )
        return answer_opened(execution)


@extend_schema_view(
    list=extend_schema(summary="List schedules, newest first", parameters=[ScheduleQuery]),
    retrieve=extend_schema(summary="Show one schedule"),
    create=extend_schema(summary="Give a job a schedule", examples=[SCHEDULE]),
    update=extend_schema(summary="Change a schedule; what is left out returns to its default"),
    partial_update=extend_schema(summary="Change what is given of a schedule"),
    destroy=extend_schema(summary="Archive a schedule; what is due already still runs"),
    preview=extend_schema(
        summary="Show the next fires of a rule, without saving it",
        request=PreviewRequest,
        responses=PreviewSerializer,
    ),
    preview_saved=extend_schema(
        summary="Show the next fires of a schedule",
        parameters=[PreviewQuery],
        responses=PreviewSerializer,
    ),
    pause=extend_schema(
        summary="Pause a schedule, with a reason and perhaps an end",
        description="What is due already still runs. Slots of the pause are no misfires.",
        request=PauseRequest,
        responses={200: ScheduleWithLastExecution},
    ),
    resume=extend_schema(
        summary="Let a paused schedule go on, from now on",
        request=None,
        responses={200: ScheduleWithLastExecution},
    ),
)
class ScheduleViewSet(ScheduleSlots):
    """``/api/schedules`` with their last execution, and what became of their slots."""

    serializer_class = ScheduleWithLastExecution

    def get_queryset(self) -> QuerySet[JobSchedule]:
        return with_last_of_schedule(super().get_queryset())

    @extend_schema(
        request=ScheduleWithLastExecution(partial=True), responses={200: ChangePreviewSerializer}
    )
    def preview_change(self, request: Request, pk: str) -> Response:
        """Show what a change adds to the fires of the next 30 days, and takes away.

        Takes what `PATCH` takes, and saves nothing.
        """
        return super().preview_change(request, pk)
