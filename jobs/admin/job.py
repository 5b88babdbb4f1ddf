"""Jobs in the admin."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import ServiceAdmin, admin_actor
from core.admin_display import changes, moment, short_moment
from core.admin_page import Section
from jobs.admin.dependency import DependencyInline, dependents_of
from jobs.admin.display import environment_words, job_badge, stopped_words
from jobs.admin.filters import CategoryFilter, ModeFilter, QueueFilter, StatusFilter, TeamFilter
from jobs.admin.job_fields import (
    HISTORY_FIELDS,
    fieldsets_to_add,
    fieldsets_to_change,
    fieldsets_to_read,
)
from jobs.admin.job_form import JobForm
from jobs.admin.job_modes import MODE_FIELDS, shown_when
from jobs.admin.job_sections import next_fires_of, schedules_of, versions_of
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus
from jobs.ownership import OWNERSHIP_FIELDS


@admin.register(JobDefinition)
class JobAdmin(ServiceAdmin):
    """What runs. ``executions`` adds what has run, and Run now."""

    form = JobForm
    list_display: Any = ("name", "status_badge", "next_run", "category", "lane", "team")
    list_filter = (StatusFilter, TeamFilter, CategoryFilter, QueueFilter, ModeFilter)
    list_filter_submit = True
    list_select_related = ("ownership",)
    search_fields = ("name", "description", "ownership__owner_name", "ownership__team_name")
    search_help_text = "Name, description, owner or team."
    ordering = ("name",)
    actions: Any = ("enable", "disable", "archive")
    readonly_fields = HISTORY_FIELDS
    conditional_fields = {field: shown_when(field) for field in MODE_FIELDS}

    def get_queryset(self, request: HttpRequest) -> Any:
        schedules = JobSchedule.objects.filter(job=OuterRef("pk")).order_by("next_run_at")
        next_run_at = Subquery(schedules.values("next_run_at")[:1])
        return super().get_queryset(request).annotate(next_run_at=next_run_at)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return fieldsets_to_add()
        is_open = self.has_change_permission(request, obj)
        return fieldsets_to_change() if is_open else fieldsets_to_read(obj)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return () if obj is None else (DependencyInline,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_archived = isinstance(obj, JobDefinition) and obj.status == JobStatus.ARCHIVED
        return not is_archived and super().has_change_permission(request, obj)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "jobs.delete_jobdefinition")

    def page_buttons(self, obj: JobDefinition) -> Iterable[str]:
        if obj.status == JobStatus.ARCHIVED:
            return ()
        return ("disable" if obj.status == JobStatus.ACTIVE else "enable", "archive")

    def page_head(self, request: HttpRequest, obj: JobDefinition) -> SafeString:
        return format_html("{}<span>{}</span>", job_badge(obj), stopped_words(obj))

    def page_sections(self, request: HttpRequest, obj: JobDefinition) -> Iterable[Section]:
        if self.may(request, "jobs.view_jobschedule"):
            schedules = schedules_of(
                request,
                obj,
                may_add=self.may(request, "jobs.add_jobschedule"),
                may_change=self.may(request, "jobs.change_jobschedule"),
            )
            yield Section("Schedules", schedules, is_above=True)
            if obj.status == JobStatus.ACTIVE:
                yield Section("Next fires", next_fires_of(obj), is_above=True)
        if self.may(request, "jobs.view_jobdependency"):
            yield Section("What waits for it", dependents_of(obj))
        yield Section("Versions", versions_of(obj))

    def touched(self, obj: JobDefinition) -> str:
        schedules = obj.schedules.unarchived().filter(is_active=True).count()
        said = f"{obj}, with {schedules} active schedule{'s' * (schedules != 1)}"
        dependents = obj.dependents.live().count()
        if not dependents:
            return said
        return f"{said}; {dependents} job{'s wait' if dependents != 1 else ' waits'} for it"

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: Any) -> None:
        self._set_status(request, queryset, JobStatus.ACTIVE, "Enabled")

    @admin.action(description="Disable …", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Disable? Slots that come due meanwhile are skipped."
        if page := self.ask(
            request, queryset, action="disable", question=question, wants_reason=True
        ):
            return page
        return self._set_status(request, queryset, JobStatus.DISABLED, "Disabled")

    @admin.action(description="Archive …", permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: Any) -> Any:
        question = (
            "Archive for good? Its schedules are archived with it, and nothing waits for it any"
            " more; its history stays."
        )
        if page := self.ask(
            request, queryset, action="archive", question=question, wants_reason=True
        ):
            return page
        return self._set_status(request, queryset, JobStatus.ARCHIVED, "Archived")

    def _set_status(
        self, request: HttpRequest, queryset: Any, status: JobStatus, done: str
    ) -> None:
        actor, reason = admin_actor(request), self.reason_given(request)
        self.act_on_each(
            request,
            queryset,
            lambda job: set_job_status(actor=actor, job=job, status=status, reason=reason),
            done,
        )

    @admin.display(description="runs in")
    def environments(self, job: JobDefinition) -> str:
        return environment_words(job.allowed_environments)

    @admin.display(description="owner")
    def owner(self, job: JobDefinition) -> SafeString:
        owner = {name: getattr(job.ownership, name, "") for name in OWNERSHIP_FIELDS}
        return changes({}, owner)

    @admin.display(description="status", ordering="status")
    def status_badge(self, job: JobDefinition) -> SafeString:
        return job_badge(job)

    @admin.display(description="team")
    def team(self, job: JobDefinition) -> str:
        return job.ownership.team_name if hasattr(job, "ownership") else ""

    @admin.display(description="next run (UTC)", ordering="next_run_at")
    def next_run(self, job: Any) -> SafeString:
        return short_moment(job.next_run_at)

    @admin.display(description="queue", ordering="queue_id")
    def lane(self, job: JobDefinition) -> str:
        return str(job.queue_id)

    @admin.display(description="created")
    def created(self, job: JobDefinition) -> SafeString:
        return format_html("{} by {}", moment(job.created_at), job.created_by)

    @admin.display(description="changed")
    def updated(self, job: JobDefinition) -> SafeString:
        if job.updated_at is None:
            return moment(None)
        return format_html("{} by {}", moment(job.updated_at), job.updated_by)
