"""Jobs by REST."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actors import actor_of
from jobs.definitions import change_job, create_job, set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus
from jobs.ownership import OWNERSHIP_FIELDS
from jobs.serializers import JobQuery, JobSerializer, ScheduleSerializer, StatusChange
from jobs.views.changing import ChangingViewSet


class JobViewSet(ChangingViewSet):
    """``/api/jobs``"""

    serializer_class = JobSerializer
    schedule_serializer_class = ScheduleSerializer
    kept_by_put = frozenset({"status"})  # changed by itself, with a reason
    permissions: ClassVar[dict[str, str]] = {
        "list": "jobs.view_jobdefinition",
        "retrieve": "jobs.view_jobdefinition",
        "create": "jobs.add_jobdefinition",
        "update": "jobs.change_jobdefinition",
        "partial_update": "jobs.change_jobdefinition",
        "destroy": "jobs.delete_jobdefinition",
        "set_status": "jobs.change_jobdefinition",
        "schedules": "jobs.view_jobschedule",
    }

    def get_queryset(self) -> QuerySet[JobDefinition]:
        return JobDefinition.objects.select_related("ownership")

    def get_schedules(self, job: JobDefinition) -> QuerySet[JobSchedule]:
        """Return the job's schedules, ready for their serializer."""
        return JobSchedule.objects.unarchived().filter(job=job).select_related("calendar")

    def list(self, request: Request) -> Response:
        query = JobQuery.read(request)
        return self.answer_page(_filtered(self.get_queryset(), query), query=query)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    def create(self, request: Request) -> Response:
        body = self.read_body()
        fields = dict(body.validated_data)
        ownership = fields.pop("ownership", None)
        fields.pop("updated_by", None)
        actor = actor_of(request, claims=fields.pop("created_by", None))
        with body.naming_fields():
            job = create_job(actor=actor, fields=fields, ownership=ownership)
        answer = self.answer_row(job.pk, status=201)
        answer["Location"] = reverse("job-detail", args=[job.pk])
        return answer

    def change(self, request: Request, *, is_whole: bool) -> Response:
        job = self.get_object()
        body, fields = self.read_change(job, is_whole=is_whole)
        ownership = fields.pop("ownership", {})
        if is_whole:
            ownership = dict.fromkeys(OWNERSHIP_FIELDS, "") | ownership
        actor = actor_of(request, claims=fields.pop("updated_by", None))
        with body.naming_fields():
            change_job(actor=actor, job=job, fields=fields, ownership=ownership)
        return self.answer_row(job.pk)

    def destroy(self, request: Request, pk: str) -> Response:
        job = self.get_object()
        set_job_status(actor=actor_of(request), job=job, status=JobStatus.ARCHIVED)
        return Response(status=204)

    @action(detail=True, methods=["put"], url_path="status")
    def set_status(self, request: Request, pk: str) -> Response:
        change = self.validated(StatusChange)
        is_archiving = change["status"] == JobStatus.ARCHIVED
        if is_archiving and not request.user.has_perm(self.permissions["destroy"]):
            raise PermissionDenied("Archiving a job takes the permission to delete jobs.")
        job = set_job_status(
            actor=actor_of(request, claims=change.get("updated_by")),
            job=self.get_object(),
            status=change["status"],
            reason=change.get("reason") or None,
        )
        return self.answer_row(job.pk)

    @action(detail=True)
    def schedules(self, request: Request, pk: str) -> Response:
        rows = self.get_schedules(self.get_object())
        return self.answer_page(rows, serializer=self.schedule_serializer_class)


def _filtered(jobs: QuerySet[JobDefinition], query: dict[str, Any]) -> QuerySet[JobDefinition]:
    """Apply the filters; archived jobs show only when asked for."""
    if statuses := query.get("status"):
        jobs = jobs.filter(status__in=statuses)
    else:
        jobs = jobs.exclude(status="archived")
    if category := query.get("category"):
        jobs = jobs.filter(category=category)
    if team := query.get("team_name"):
        jobs = jobs.filter(ownership__team_name=team)
    if search := query.get("search"):
        jobs = jobs.filter(name__icontains=search)
    return jobs
