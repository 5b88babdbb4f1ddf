"""Schedules in the admin."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import ServiceAdmin, ServiceForm, admin_actor
from core.admin_display import link, moment, short_moment, table
from core.admin_page import Section
from core.clock import database_now
from jobs.admin.display import rule_words, schedule_badge
from jobs.models import JobSchedule
from jobs.schedules import InvalidRule
from jobs.scheduling import archive_schedule, change_schedule, create_schedule

_RULE_FIELDS = ("schedule_type", "time_of_day", "cron_expression", "interval_seconds", "timezone")
_FIELDS = (*_RULE_FIELDS, "start_at", "end_at", "is_active", "parameters")
_FIRES_SHOWN = 10


class ScheduleForm(ServiceForm):
    """Creates or changes a schedule; its job stays."""

    class Meta:
        model = JobSchedule
        fields = ("job", *_FIELDS)

    def clean_parameters(self) -> dict[str, Any]:
        parameters = self.cleaned_data["parameters"] or {}
        if not isinstance(parameters, dict):
            raise forms.ValidationError('Give a JSON object, such as {"region": "EU"}.')
        return parameters

    def write(self) -> JobSchedule:
        values = {name: self.cleaned_data[name] for name in _FIELDS}
        if self.instance._state.adding:
            values["job"] = self.cleaned_data["job"]
            return create_schedule(actor=self.actor, fields=values)
        return change_schedule(actor=self.actor, schedule=self.instance, fields=values)


class ArchivedFilter(admin.SimpleListFilter):
    """Archived schedules are out of sight unless asked for."""

    title = "archived"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Archived")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(archived_at__isnull=self.value() != "yes")


@admin.register(JobSchedule)
class ScheduleAdmin(ServiceAdmin):
    """When jobs run."""

    form = ScheduleForm
    list_display = ("rule_in_words", "job_link", "timezone", "state", "fires_next")
    list_filter = ("schedule_type", "is_active", ArchivedFilter)
    list_select_related = ("job",)
    search_fields = ("job__name",)
    autocomplete_fields = ("job",)
    ordering = ("job__name", "created_at")
    actions = ("archive",)
    readonly_fields = ("rule_in_words", "state", "next_fire", "created", "updated")
    fieldsets = (
        (None, {"fields": ("job", "state", "next_fire", "is_active")}),
        (
            "Rule",
            {
                "fields": ("rule_in_words", *_RULE_FIELDS, "start_at", "end_at"),
                "description": "Daily takes the time of day, cron the expression, interval the"
                " seconds. Start and end are in UTC.",
            },
        ),
        ("What the handler gets", {"fields": ("parameters",)}),
        ("History", {"fields": ("created", "updated")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *(["job"] if obj else []))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_archived = obj is not None and obj.archived_at is not None
        return not is_archived and super().has_change_permission(request, obj)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "jobs.delete_jobschedule")

    def page_buttons(self, obj: JobSchedule) -> Iterable[str]:
        return () if obj.archived_at else ("archive",)

    def page_sections(self, request: HttpRequest, obj: JobSchedule) -> Iterable[Section]:
        if obj.next_fire_at is not None:
            fires = [(short_moment(fire),) for fire in _next_fires(obj)]
            yield Section("Next fires", table(["at (UTC)"], fires, empty="None."))

    @admin.action(description="Archive …", permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Archive for good? Its executions and their history stay."
        if page := self.ask(request, queryset, action="archive", question=question):
            return page
        actor = admin_actor(request)
        self.act_on_each(
            request,
            queryset,
            lambda schedule: archive_schedule(actor=actor, schedule=schedule),
            "Archived",
        )
        return None

    @admin.display(description="rule")
    def rule_in_words(self, schedule: JobSchedule) -> str:
        return "-" if schedule._state.adding else rule_words(schedule)

    @admin.display(description="job", ordering="job__name")
    def job_link(self, schedule: JobSchedule) -> SafeString:
        return link(schedule.job)

    @admin.display(description="state")
    def state(self, schedule: JobSchedule) -> SafeString:
        return moment(None) if schedule._state.adding else schedule_badge(schedule)

    @admin.display(description="next fire", ordering="next_fire_at")
    def next_fire(self, schedule: JobSchedule) -> SafeString:
        return moment(schedule.next_fire_at)

    @admin.display(description="next fire (UTC)", ordering="next_fire_at")
    def fires_next(self, schedule: JobSchedule) -> SafeString:
        return short_moment(schedule.next_fire_at)

    @admin.display(description="created")
    def created(self, schedule: JobSchedule) -> SafeString:
        if schedule._state.adding:
            return moment(None)
        return format_html("{} by {}", moment(schedule.created_at), schedule.created_by)

    @admin.display(description="changed")
    def updated(self, schedule: JobSchedule) -> SafeString:
        if schedule.updated_by is None:
            return moment(None)
        return format_html("{} by {}", moment(schedule.updated_at), schedule.updated_by)


def _next_fires(schedule: JobSchedule) -> Iterable[Any]:
    try:
        rule = schedule.rule
    except InvalidRule:
        return
    fire = rule.next(database_now())
    for _ in range(_FIRES_SHOWN):
        if fire is None:
            return
        yield fire
        fire = rule.next(fire)
