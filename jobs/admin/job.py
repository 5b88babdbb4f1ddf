"""Jobs in the admin."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import ServiceAdmin, admin_actor
from core.admin_display import link, moment, short_moment, table
from core.admin_page import Section
from jobs.admin.display import job_badge, rule_words, schedule_badge
from jobs.admin.job_form import JobForm
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus
from jobs.ownership import OWNERSHIP_FIELDS


class StatusFilter(admin.SimpleListFilter):
    """Archived jobs are out of sight unless asked for."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, status.label) for status in JobStatus]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value():
            return queryset.filter(status=self.value())
        return queryset.unarchived()


@admin.register(JobDefinition)
class JobAdmin(ServiceAdmin):
    """What runs. ``executions`` adds what has run, and Run now."""

    form = JobForm
    list_display: Any = ("name", "status_badge", "next_fire", "category", "lane", "team")
    list_filter = (StatusFilter, "queue")
    list_select_related = ("ownership",)
    search_fields = ("name", "execution_type_name", "category", "ownership__team_name")
    ordering = ("name",)
    actions: Any = ("enable", "disable", "archive")
    readonly_fields = ("status_badge", "disabled", "version", "created", "updated")
    fieldsets = (
        (None, {"fields": ("name", "description", "category", "status_badge", "disabled")}),
        (
            "What runs",
            {"fields": ("execution_mode", "execution_type_name", "queue", "priority")},
        ),
        (
            "Limits",
            {
                "fields": (
                    *("timeout_seconds", "expected_duration_seconds"),
                    *("max_concurrent_executions", "allowed_environments", "allow_manual_trigger"),
                )
            },
        ),
        (
            "Retries",
            {
                "fields": (
                    *("max_retries", "retry_strategy", "base_delay_seconds", "max_delay_seconds"),
                )
            },
        ),
        ("Who answers for it", {"fields": OWNERSHIP_FIELDS}),
        ("Parameters", {"fields": ("parameter_schema",), "classes": ("collapse",)}),
        ("History", {"fields": ("version", "created", "updated")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        schedules = JobSchedule.objects.filter(job=OuterRef("pk")).order_by("next_fire_at")
        next_fire_at = Subquery(schedules.values("next_fire_at")[:1])
        return super().get_queryset(request).annotate(next_fire_at=next_fire_at)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new job has neither state nor history."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        return ((None, {"fields": ("name", "description", "category")}), *fieldsets[1:-1])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_archived = obj is not None and obj.status == JobStatus.ARCHIVED
        return not is_archived and super().has_change_permission(request, obj)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "jobs.delete_jobdefinition")

    def page_buttons(self, obj: JobDefinition) -> Iterable[str]:
        if obj.status == JobStatus.ARCHIVED:
            return ()
        return ("disable" if obj.status == JobStatus.ACTIVE else "enable", "archive")

    def page_sections(self, request: HttpRequest, obj: JobDefinition) -> Iterable[Section]:
        yield Section("Schedules", self._schedules(request, obj))
        yield Section("Versions", self._versions(obj))

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
        question = "Archive for good? Its schedules are archived with it; its history stays."
        if page := self.ask(
            request, queryset, action="archive", question=question, wants_reason=True
        ):
            return page
        return self._set_status(request, queryset, JobStatus.ARCHIVED, "Archived")

    def _set_status(
        self, request: HttpRequest, queryset: Any, status: JobStatus, done: str
    ) -> None:
        actor, reason = admin_actor(request), request.POST.get("reason", "").strip() or None
        self.act_on_each(
            request,
            queryset,
            lambda job: set_job_status(actor=actor, job=job, status=status, reason=reason),
            done,
        )

    def _schedules(self, request: HttpRequest, job: JobDefinition) -> SafeString:
        rows = [
            (
                link(schedule, rule_words(schedule)),
                schedule.timezone,
                schedule_badge(schedule),
                short_moment(schedule.next_fire_at),
            )
            for schedule in job.schedules.unarchived().order_by("created_at")[:50]
        ]
        shown = table(["rule", "time zone", "state", "next fire (UTC)"], rows, empty="None.")
        if job.status == JobStatus.ARCHIVED or not self.may(request, "jobs.add_jobschedule"):
            return shown
        url = reverse("admin:jobs_jobschedule_add", query={"job": str(job.pk)})
        return format_html('{}<p><a class="addlink" href="{}">Add a schedule</a></p>', shown, url)

    def _versions(self, job: JobDefinition) -> SafeString:
        rows = [
            (version.number, short_moment(version.created_at), version.created_by)
            for version in job.versions.defer("snapshot").order_by("-number")[:10]
        ]
        return table(["version", "at (UTC)", "by"], rows, empty="None.")

    @admin.display(description="status", ordering="status")
    def status_badge(self, job: JobDefinition) -> SafeString:
        return job_badge(job)

    @admin.display(description="team")
    def team(self, job: JobDefinition) -> str:
        return job.ownership.team_name if hasattr(job, "ownership") else ""

    @admin.display(description="next fire (UTC)", ordering="next_fire_at")
    def next_fire(self, job: Any) -> SafeString:
        return short_moment(job.next_fire_at)

    @admin.display(description="queue", ordering="queue_id")
    def lane(self, job: JobDefinition) -> str:
        return str(job.queue_id)

    @admin.display(description="disabled")
    def disabled(self, job: JobDefinition) -> str | SafeString:
        if job.disabled_at is None:
            return "no"
        text = format_html("{} by {}", moment(job.disabled_at), job.disabled_by)
        return format_html("{}: {}", text, job.disabled_reason) if job.disabled_reason else text

    @admin.display(description="created")
    def created(self, job: JobDefinition) -> SafeString:
        return format_html("{} by {}", moment(job.created_at), job.created_by)

    @admin.display(description="changed")
    def updated(self, job: JobDefinition) -> SafeString:
        if job.updated_at is None:
            return moment(None)
        return format_html("{} by {}", moment(job.updated_at), job.updated_by)
