"""Schedules in the admin."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import ServiceAdmin, admin_actor
from core.admin_display import link, moment, short_moment
from core.clock import database_now
from jobs.admin.display import rule_words, schedule_badge
from jobs.admin.filters import KindFilter, ScheduleStateFilter
from jobs.admin.preview import preview_panel
from jobs.admin.schedule_form import KIND_FIELDS, ScheduleForm, shown_when
from jobs.models import JobSchedule
from jobs.scheduling import archive_schedule, change_schedule

BACK_TO_JOB = "job"


@admin.register(JobSchedule)
class ScheduleAdmin(ServiceAdmin):
    """When jobs run."""

    form = ScheduleForm
    list_display = ("rule_in_words", "job_link", "kind", "timezone", "state", "fires_next")
    list_filter = (ScheduleStateFilter, KindFilter)
    list_filter_submit = True
    list_select_related = ("job",)
    search_fields = ("job__name",)
    search_help_text = "A part of a job's name."
    autocomplete_fields = ("job",)
    ordering = ("job__name", "created_at")
    actions = ("enable", "disable", "archive")
    readonly_fields = ("next_fires", "created", "updated")
    conditional_fields = {name: shown_when(name) for name in KIND_FIELDS}
    fieldsets = (
        (None, {"fields": ("job", "schedule_type", *KIND_FIELDS, "timezone", "next_fires")}),
        ("From and until", {"fields": ("start_at", "end_at", "is_active")}),
        ("What the handler gets", {"fields": ("parameters",)}),
        ("History", {"fields": ("created", "updated")}),
    )

    class Media:
        js = ("jobs/schedule_preview.js",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *(["job"] if obj else []))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one has no history; who can only read sees the rule in words."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets[:-1]
        if self.has_change_permission(request, obj):
            return fieldsets
        fires = () if obj.archived_at else ("next_fires",)
        shown = ("job", "rule_in_words", "timezone", *fires)
        return ((None, {"fields": shown}), *fieldsets[1:])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_archived = isinstance(obj, JobSchedule) and obj.archived_at is not None
        return not is_archived and super().has_change_permission(request, obj)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "jobs.delete_jobschedule")

    def page_title(self, obj: JobSchedule) -> str:
        return f"{obj.job}: {rule_words(obj)}"

    def page_head(self, request: HttpRequest, obj: JobSchedule) -> SafeString:
        if obj.next_fire_at is None:
            return schedule_badge(obj)
        at = moment(obj.next_fire_at)
        return format_html("{}<span>next fire {}</span>", schedule_badge(obj), at)

    def page_buttons(self, obj: JobSchedule) -> Iterable[str]:
        if obj.archived_at:
            return ()
        return ("disable" if obj.is_active else "enable", "archive")

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return self._back(request, obj) or super().response_post_save_add(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return self._back(request, obj) or super().response_post_save_change(request, obj)

    def _back(self, request: HttpRequest, schedule: JobSchedule) -> HttpResponseRedirect | None:
        """Return to the job's page if the form was opened there."""
        if request.GET.get("_back") != BACK_TO_JOB:
            return None
        url = reverse("admin:jobs_jobdefinition_change", args=[schedule.job_id])
        return HttpResponseRedirect(url)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: Any) -> None:
        self._set_active(request, queryset, True, "Enabled")

    @admin.action(description="Disable …", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Disable? Nothing fires until it is enabled again."
        if page := self.ask(request, queryset, action="disable", question=question):
            return page
        return self._set_active(request, queryset, False, "Disabled")

    @admin.action(description="Archive …", permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Archive for good? Its executions and their history stay."
        if page := self.ask(request, queryset, action="archive", question=question):
            return page
        actor = admin_actor(request)
        return self.act_on_each(
            request,
            queryset,
            lambda schedule: archive_schedule(actor=actor, schedule=schedule),
            "Archived",
        )

    def _set_active(self, request: HttpRequest, queryset: Any, is_active: bool, done: str) -> None:
        actor, fields = admin_actor(request), {"is_active": is_active}
        self.act_on_each(
            request,
            queryset,
            lambda schedule: change_schedule(actor=actor, schedule=schedule, fields=fields),
            done,
        )

    @admin.display(description="rule")
    def rule_in_words(self, schedule: JobSchedule) -> str:
        return rule_words(schedule)

    @admin.display(description="next fires")
    def next_fires(self, schedule: JobSchedule) -> SafeString:
        return preview_panel(schedule, now=database_now())

    @admin.display(description="job", ordering="job__name")
    def job_link(self, schedule: JobSchedule) -> SafeString:
        return link(schedule.job)

    @admin.display(description="kind", ordering="schedule_type")
    def kind(self, schedule: JobSchedule) -> str:
        return schedule.get_schedule_type_display().lower()

    @admin.display(description="state")
    def state(self, schedule: JobSchedule) -> SafeString:
        return schedule_badge(schedule)

    @admin.display(description="next fire (UTC)", ordering="next_fire_at")
    def fires_next(self, schedule: JobSchedule) -> SafeString:
        return short_moment(schedule.next_fire_at)

    @admin.display(description="created")
    def created(self, schedule: JobSchedule) -> SafeString:
        return format_html("{} by {}", moment(schedule.created_at), schedule.created_by)

    @admin.display(description="changed")
    def updated(self, schedule: JobSchedule) -> SafeString:
        if schedule.updated_by is None:
            return moment(None)
        return format_html("{} by {}", moment(schedule.updated_at), schedule.updated_by)
