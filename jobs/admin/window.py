"""Exclusion windows in the admin."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import ServiceAdmin, admin_actor
from core.admin_display import badge, link, moment, table
from core.admin_page import Section
from jobs.admin.display import rule_words, schedule_badge
from jobs.admin.filters import ArchivedFilter, ScopeFilter
from jobs.admin.window_form import WINDOW_FIELDS, WindowForm, conditional_fields
from jobs.admin.window_words import excluded_words, scope_words, window_words
from jobs.models import ExclusionScope, ExclusionWindow, JobSchedule
from jobs.refreshing import schedules_of_window
from jobs.windows import archive_window

_MOST_HELD = 50


@admin.register(ExclusionWindow)
class WindowAdmin(ServiceAdmin):
    """Times at which nothing may run."""

    form = WindowForm
    list_display = ("name", "excluded", "holds_for", "a_slot")
    list_filter = (ArchivedFilter, ScopeFilter)
    list_filter_submit = True
    list_select_related = ("calendar",)
    ordering = ("name",)
    search_fields = ("name", "description", "team_name")
    search_help_text = "A part of the name, the description or the team."
    actions = ("archive",)
    readonly_fields = ("created", "updated")
    conditional_fields = conditional_fields()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_write = obj is None or self.has_change_permission(request, obj)
        fields = (*WINDOW_FIELDS[:5], *(["form"] if may_write else []), *WINDOW_FIELDS[5:])
        return [
            (None, {"fields": fields}),
            *([("History", {"fields": ("created", "updated")})] if obj else []),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_archived = isinstance(obj, ExclusionWindow) and obj.archived_at is not None
        return not is_archived and super().has_change_permission(request, obj)

    def has_archive_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "jobs.delete_exclusionwindow")

    def page_head(self, request: HttpRequest, obj: ExclusionWindow) -> SafeString | str:
        said = f"{window_words(obj)}, for {scope_words(obj)}: a slot in it {excluded_words(obj)}."
        if obj.archived_at is None:
            return said
        return format_html("{} {}", badge("archived", look="stopped", sign="inventory_2"), said)

    def page_buttons(self, obj: ExclusionWindow) -> Iterable[str]:
        return () if obj.archived_at else ("archive",)

    def page_sections(self, request: HttpRequest, obj: ExclusionWindow) -> Iterable[Section]:
        if obj.archived_at is None and self.may(request, "jobs.view_jobschedule"):
            yield Section("Schedules that it holds for", _held_by(obj))

    @admin.action(description="Archive …", permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Archive for good? It excludes nothing from then on."
        if page := self.ask(request, queryset, action="archive", question=question):
            return page
        actor = admin_actor(request)
        return self.act_on_each(
            request,
            queryset,
            lambda window: archive_window(actor=actor, window=window),
            "Archived",
        )

    @admin.display(description="excluded")
    def excluded(self, window: ExclusionWindow) -> str:
        return window_words(window)

    @admin.display(description="holds for", ordering="scope")
    def holds_for(self, window: ExclusionWindow) -> str:
        return scope_words(window)

    @admin.display(description="a slot in it", ordering="on_excluded")
    def a_slot(self, window: ExclusionWindow) -> str:
        return excluded_words(window)

    @admin.display(description="created")
    def created(self, window: ExclusionWindow) -> SafeString:
        return format_html("{} by {}", moment(window.created_at), window.created_by)

    @admin.display(description="changed")
    def updated(self, window: ExclusionWindow) -> SafeString:
        if window.updated_by is None:
            return moment(None)
        return format_html("{} by {}", moment(window.updated_at), window.updated_by)


def _held_by(window: ExclusionWindow) -> SafeString:
    if window.scope == ExclusionScope.GLOBAL:
        return format_html('<p class="quiet">{}</p>', "All of them.")
    held = JobSchedule.objects.filter(pk__in=schedules_of_window(window)).select_related("job")
    rows = [
        (link(one, one.job), rule_words(one), schedule_badge(one))
        for one in held.order_by("job__name", "pk")[:_MOST_HELD]
    ]
    return table(["job", "rule", "state"], rows, empty="None: no schedule names it.")
