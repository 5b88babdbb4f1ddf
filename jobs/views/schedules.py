"""Schedules by REST."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from core.clock import database_now
from core.errors import Conflict
from jobs.models import JobSchedule
from jobs.pausing import pause_schedule, resume_schedule
from jobs.previewing import preview_change, preview_fields, preview_schedule
from jobs.schedules import InvalidRule
from jobs.scheduling import archive_schedule, change_schedule, create_schedule
from jobs.serializers import (
    ChangePreviewSerializer,
    PauseRequest,
    PreviewQuery,
    PreviewRequest,
    PreviewSerializer,
    ScheduleQuery,
    ScheduleSerializer,
)
from jobs.views.changing import ChangingViewSet


class ScheduleViewSet(ChangingViewSet):
    """``/api/schedules``"""

    serializer_class = ScheduleSerializer
    kept_by_put = frozenset({"is_active"})  # replacing a rule does not start what was stopped
    permissions: ClassVar[dict[str, str]] = {
        "list": "jobs.view_jobschedule",
        "retrieve": "jobs.view_jobschedule",
        "create": "jobs.add_jobschedule",
        "update": "jobs.change_jobschedule",
        "partial_update": "jobs.change_jobschedule",
        "destroy": "jobs.delete_jobschedule",
        "preview": "jobs.view_jobschedule",
        "preview_saved": "jobs.view_jobschedule",
        "preview_change": "jobs.view_jobschedule",
        "pause": "jobs.change_jobschedule",
        "resume": "jobs.change_jobschedule",
    }

    def get_queryset(self) -> QuerySet[JobSchedule]:
        return JobSchedule.objects.select_related("calendar")

    def list(self, request: Request) -> Response:
        query = ScheduleQuery.read(request)
        return self.answer_page(_filtered(self.get_queryset(), query), query=query)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    def create(self, request: Request) -> Response:
        body = self.read_body()
        fields = dict(body.validated_data)
        fields.pop("updated_by", None)
        actor = actor_of(request, claims=fields.pop("created_by", None))
        with body.naming_fields():
            schedule = create_schedule(actor=actor, fields=fields)
        answer = self.answer_row(schedule.pk, status=201)
        answer["Location"] = reverse("schedule-detail", args=[schedule.pk])
        return answer

    def change(self, request: Request, *, is_whole: bool) -> Response:
        schedule = self.get_object()
        body, fields = self.read_change(schedule, is_whole=is_whole)
        actor = actor_of(request, claims=fields.pop("updated_by", None))
        with body.naming_fields():
            change_schedule(actor=actor, schedule=schedule, fields=fields)
        return self.answer_row(schedule.pk)

    def destroy(self, request: Request, pk: str) -> Response:
        archive_schedule(actor=actor_of(request), schedule=self.get_object())
        return Response(status=204)

    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        body = PreviewRequest(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        for name in ("created_by", "updated_by"):
            fields.pop(name, None)
        if fields.get("job") is None:
            fields.pop("job", None)
        count, after = fields.pop("count"), fields.pop("after_utc", None)
        with body.naming_fields():
            preview = preview_fields(fields, after=after or database_now(), count=count)
        return Response(PreviewSerializer(preview).data)

    @action(detail=True, url_path="preview")
    def preview_saved(self, request: Request, pk: str) -> Response:
        query = PreviewQuery.read(request)
        after = query.get("after_utc") or database_now()
        try:
            preview = preview_schedule(self.get_object(), after=after, count=query["count"])
        except InvalidRule as error:
            detail = f"The schedule's rule does not hold any more: {error}. Change the schedule."
            raise Conflict("rule_invalid", detail) from None
        return Response(PreviewSerializer(preview).data)

    @preview_saved.mapping.post
    def preview_change(self, request: Request, pk: str) -> Response:
        schedule = self.get_object()
        if schedule.archived_at is not None:
            raise Conflict("schedule_archived", "The schedule is archived and cannot be changed.")
        body, fields = self.read_change(schedule, is_whole=False)
        fields.pop("updated_by", None)
        with body.naming_fields():
            preview = preview_change(schedule, fields, now=database_now())
        return Response(ChangePreviewSerializer(preview).data)

    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        body = PauseRequest(data=request.data)
        body.is_valid(raise_exception=True)
        with body.naming_fields():
            pause_schedule(
                actor=actor_of(request), schedule=self.get_object(), **body.validated_data
            )
        return self.answer_row(pk)

    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        resume_schedule(actor=actor_of(request), schedule=self.get_object())
        return self.answer_row(pk)


def _filtered(schedules: QuerySet[JobSchedule], query: dict[str, Any]) -> QuerySet[JobSchedule]:
    """Apply the filters; archived schedules have left the list for good."""
    schedules = schedules.filter(archived_at__isnull=True)
    if job := query.get("job_definition_id"):
        schedules = schedules.filter(job=job)
    if kinds := query.get("schedule_type"):
        schedules = schedules.filter(schedule_type__in=kinds)
    if "is_active" in query:
        schedules = schedules.filter(is_active=query["is_active"])
    return schedules
