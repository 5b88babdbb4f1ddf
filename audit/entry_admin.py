"""The audit trail in the admin: to read, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from audit.models import JobAudit
from core.admin_display import changes, moment, short_moment
from core.admin_filters import ChoiceFilter, WordFilter
from core.admin_page import Section
from core.admin_paging import HistoryAdmin

_ACTIONS = (
    *("JobCreated", "JobUpdated", "JobEnabled", "JobDisabled", "JobDeleted"),
    *("ScheduleChanged", "OwnershipChanged", "QueueChanged"),
    *("ManualTrigger", "ExecutionCancelled", "TokenIssued", "TokenRevoked"),
    *("BackfillStarted", "BackfillCancelled"),
    *("HoldOpened", "HoldChanged", "HoldEnded", "WorkerDrained", "WorkerUndrained"),
)
# Kinds of objects, with the page of each. By name: what owns these pages stands above the trail.
_PAGES = {
    "job": "jobs_jobdefinition",
    "schedule": "jobs_jobschedule",
    "queue": "jobs_queue",
    "execution": "executions_jobexecution",
    "backfill": "executions_backfill",
    "worker": "executions_worker",
    "team": None,  # held back, as is the platform
    "platform": None,
    "token": None,  # recorded by its key, which is not the key of its row
}


class ActionFilter(ChoiceFilter):
    """The contract's actions and ours; asking the table for those it holds would read all of it."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(action, action) for action in _ACTIONS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


class ObjectTypeFilter(ChoiceFilter):
    """By what was acted on."""

    title = "kind of object"
    parameter_name = "object"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in _PAGES]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(object_type=self.value()) if self.value() else queryset


class ActorFilter(WordFilter):
    """By who acted: the whole name of an account."""

    title = "who acted"
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        name = (self.value() or "").strip()
        return queryset.filter(actor=name) if name else queryset


@admin.register(JobAudit)
class JobAuditAdmin(HistoryAdmin):
    """Newest first; what was changed stands on the entry's page."""

    list_display = ("when", "actor", "action", "acted_on", "changed", "because")
    list_filter = (ActionFilter, ObjectTypeFilter, ActorFilter)
    list_filter_submit = True
    search_fields = ("object_id",)
    search_help_text = "A whole id, or a part of a name."
    fields = (
        *("at_time", "actor", "actor_id", "claimed_actor", "action"),
        *("acted_on", "object_id", "reason", "request_id"),
    )
    readonly_fields = fields

    def page_title(self, obj: JobAudit) -> str:
        return f"{obj.action}: {obj.object_label}"

    def page_head(self, request: HttpRequest, obj: JobAudit) -> SafeString:
        return format_html("<span>{} by {}</span>", moment(obj.at), obj.actor)

    def page_sections(self, request: HttpRequest, obj: JobAudit) -> Any:
        if obj.before is not None or obj.after is not None:
            shown = changes(obj.before or {}, obj.after or {})
            yield Section("What changed", shown, is_above=True)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Find by the whole id of an object; what is no id of any is a part of a name.

        Ids are compared with every kind of object, so that the index can be used. Names have no
        index: their search reads entries, newest first, until a page is full.
        """
        term = search_term.strip()
        if not term:
            return queryset, False
        of_object = queryset.filter(object_type__in=_PAGES, object_id=term)
        if of_object.exists():
            return of_object, False
        return queryset.filter(object_label__icontains=term), False

    @admin.display(description="at (UTC)")
    def when(self, entry: JobAudit) -> SafeString:
        return short_moment(entry.at)

    @admin.display(description="at")
    def at_time(self, entry: JobAudit) -> SafeString:
        return moment(entry.at)

    @admin.display(description="object")
    def acted_on(self, entry: JobAudit) -> SafeString:
        name: SafeString | str = entry.object_label
        if page := _PAGES.get(entry.object_type):
            url = reverse(f"admin:{page}_change", args=[entry.object_id])
            name = format_html('<a href="{}">{}</a>', url, name)
        return format_html('<span class="quiet">{}</span> {}', entry.object_type, name)

    @admin.display(description="reason")
    def because(self, entry: JobAudit) -> str:
        return Truncator(entry.reason or "").chars(80)

    @admin.display(description="changed")
    def changed(self, entry: JobAudit) -> str:
        """The names of the fields that differ; what is new has none."""
        if entry.before is None:
            return ""
        names = sorted({*entry.before, *(entry.after or {})})
        shown = ", ".join(name.removesuffix("_id").replace("_", " ") for name in names[:4])
        return shown + (", …" if len(names) > 4 else "")
