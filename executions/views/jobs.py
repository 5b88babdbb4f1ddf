"""Jobs and schedules by REST with what is known of their executions, and the trigger."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from executions.last import with_last_of_job, with_last_of_schedule
from executions.serializers import (
    JobWithLastExecution,
    ScheduleWithLastExecution,
    TriggerRequest,
)
from executions.services import trigger
from executions.views.executions import answer_opened
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
        return answer_opened(execution)


class ScheduleViewSet(jobs.ScheduleViewSet):
    """``/api/schedules`` with their last execution."""

    serializer_class = ScheduleWithLastExecution

    def get_queryset(self) -> QuerySet[JobSchedule]:
        return with_last_of_schedule(super().get_queryset())
