"""Schedules in the admin."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from audit.admin_forms import ServiceAdmin, admin_actor
from core.admin_display import link, moment, short_moment
from core.admin_page import Link, PlatformList
from core.clock import database_now
from jobs.admin.display import rule_words, schedule_badge
from jobs.admin.filters import CalendarFilter, KindFilter, ScheduleStateFilter
from jobs.admin.live_panel import LIVE_SCRIPT
from jobs.admin.live_preview import PreviewForm, answer_preview
from jobs.admin.pause_form import ask_pause
from jobs.admin.preview import preview_panel
from jobs.admin.schedule_fields import fieldsets, fieldsets_to_read
from jobs.admin.schedule_form import ScheduleForm
from jobs.admin.schedule_kinds import conditional_fields
from jobs.admin.simulator_page import show_simulator
from jobs.admin.standing import banners_of
from jobs.describing import describe_rules
from jobs.models import ExclusionWindow, JobSchedule
from jobs.pausing import pause_schedule, resume_schedule
from jobs.scheduling import archive_schedule, change_schedule

BACK_TO_JOB = "job"


class ScheduleList(PlatformList):
    """Says all rules of the page in words at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        words = describe_rules(list(self.result_list))
        for schedule in self.result_list:
            schedule.words = words[schedule.pk]


@admin.register(JobSchedule)
class ScheduleAdmin(ServiceAdmin):
    """When jobs run. ``executions`` adds what became of its slots."""

    form = ScheduleForm
    list_display: Any = ("rule_in_words", "job_link", "kind", "state", "runs_next")
    list_filter = (ScheduleStateFilter, KindFilter, CalendarFilter)
    list_filter_submit = True
    list_select_related = ("job",)
    search_fields = ("job__name",)
    search_help_text = "A part of a job's name."
    autocomplete_fields = ("job",)
    ordering = ("job__name", "created_at")
    actions: Any = ("enable", "disable", "pause", "resume", "archive")
    readonly_fields = ("next_fires", "created", "updated")
    conditional_fields = conditional_fields()

    class Media:
        js = (LIVE_SCRIPT,)

    def get_urls(self) -> list[URLPattern]:
        preview: Any = self.admin_site.admin_view(require_POST(self.show_preview))
        simulator: Any = self.admin_site.admin_view(self.show_simulator)
        return [
            path("preview/", preview, name="jobs_jobschedule_preview"),
            path("<uuid:pk>/preview/", preview, name="jobs_jobschedule_preview_saved"),
            path("<uuid:pk>/simulator/", simulator, name="jobs_jobschedule_simulator"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PlatformList]:
        return ScheduleList

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = (*super().get_readonly_fields(request, obj), *(["job"] if obj else []))
        may_change = obj is None or self.has_change_permission(request, obj)
        return own if may_change else (*own, "windows")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one has no history; who can only read sees the rule in words."""
        if obj is None:
            return fieldsets()[:-1]
        if self.has_change_permission(request, obj):
            return fieldsets()
        return fieldsets_to_read(is_archived=obj.archived_at is not None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_archived = isinstance(obj, JobSchedule) and obj.archived_at is not None
        return not is_archived and super().has_change_permission(request, obj)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "jobs.delete_jobschedule")

    def page_title(self, obj: JobSchedule) -> str:
        return f"{obj.job}: {rule_words(obj)}"

    def page_head(self, request: HttpRequest, obj: JobSchedule) -> SafeString:
        head = schedule_badge(obj)
        if obj.next_run_at is not None:
            head = format_html("{}<span>next run {}</span>", head, moment(obj.next_run_at))
        banners = ((banner,) for banner in banners_of(obj))
        return format_html("{}{}", head, format_html_join("", "{}", banners))

    def page_buttons(self, obj: JobSchedule) -> Iterable[str]:
        if obj.archived_at:
            return ()
        if not obj.is_active:
            return ("enable", "archive")
        return ("resume" if obj.paused_at else "pause", "disable", "archive")

    def page_links(self, request: HttpRequest, obj: JobSchedule) -> Iterable[Link]:
        url = reverse("admin:jobs_jobschedule_simulator", args=[obj.pk])
        yield Link(url, "Simulate 24 months", "calendar_month")
        yield from super().page_links(request, obj)

    def show_preview(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
        """Answer what the form as it stands would do; nothing is written."""
        schedule = self._readable(request, pk) if pk else None
        may_edit = self.has_change_permission if schedule else self.has_add_permission
        if not may_edit(request, *([schedule] if schedule else [])):
            raise PermissionDenied
        form_class = self.get_form(request, schedule, change=bool(schedule), form=PreviewForm)
        return answer_preview(request, form_class, schedule)

    def show_simulator(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the fires of two years."""
        schedule = self._readable(request, pk)
        back = reverse("admin:jobs_jobschedule_change", args=[pk])
        return show_simulator(self, request, schedule, back)

    def _readable(self, request: HttpRequest, pk: UUID) -> JobSchedule:
        if not self.has_view_permission(request):
            raise PermissionDenied
        schedule: JobSchedule | None = self.get_object(request, str(pk))
        if schedule is None:
            raise Http404
        return schedule

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

    @admin.action(description="Pause …", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: Any) -> Any:
        actor = admin_actor(request)

        def pause(schedule: JobSchedule, reason: str, until: datetime | None) -> None:
            pause_schedule(actor=actor, schedule=schedule, reason=reason, until=until)

        return ask_pause(self, request, queryset, pause)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: Any) -> None:
        actor = admin_actor(request)
        self.act_on_each(
            request,
            queryset,
            lambda schedule: resume_schedule(actor=actor, schedule=schedule),
            "Resumed",
        )

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
        words: str | None = getattr(schedule, "words", None)  # set for a whole list at once
        return words or rule_words(schedule)

    @admin.display(description="next fires")
    def next_fires(self, schedule: JobSchedule) -> SafeString:
        if schedule._state.adding:
            url = reverse("admin:jobs_jobschedule_preview")
        else:
            url = reverse("admin:jobs_jobschedule_preview_saved", args=[schedule.pk])
        return preview_panel(schedule, now=database_now(), url=url)

    @admin.display(description="exclusion windows")
    def windows(self, schedule: JobSchedule) -> str:
        named = ExclusionWindow.objects.filter(pk__in=schedule.exclusions).order_by("name")
        return ", ".join(named.values_list("name", flat=True))

    @admin.display(description="job", ordering="job__name")
    def job_link(self, schedule: JobSchedule) -> SafeString:
        return link(schedule.job)

    @admin.display(description="kind", ordering="schedule_type")
    def kind(self, schedule: JobSchedule) -> str:
        return schedule.get_schedule_type_display().lower()

    @admin.display(description="state")
    def state(self, schedule: JobSchedule) -> SafeString:
        return schedule_badge(schedule)

    @admin.display(description="next run (UTC)", ordering="next_run_at")
    def runs_next(self, schedule: JobSchedule) -> SafeString:
        return short_moment(schedule.next_run_at)

    @admin.display(description="created")
    def created(self, schedule: JobSchedule) -> SafeString:
        return format_html("{} by {}", moment(schedule.created_at), schedule.created_by)

    @admin.display(description="changed")
    def updated(self, schedule: JobSchedule) -> SafeString:
        if schedule.updated_by is None:
            return moment(None)
        return format_html("{} by {}", moment(schedule.updated_at), schedule.updated_by)
