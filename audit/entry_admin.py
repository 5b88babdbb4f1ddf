"""The audit trail in the admin: to read, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.models import JobAudit
from core.admin_display import pretty_json, short_moment
from core.admin_paging import HistoryAdmin


class ActionFilter(admin.SimpleListFilter):
    """The contract's actions and ours; asking the table for those it holds would read all of it."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        actions = (
            *("JobCreated", "JobUpdated", "JobEnabled", "JobDisabled", "JobDeleted"),
            *("ScheduleChanged", "OwnershipChanged", "QueueChanged"),
            *("ManualTrigger", "ExecutionCancelled", "TokenIssued", "TokenRevoked"),
        )
        return [(action, action) for action in actions]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(JobAudit)
class JobAuditAdmin(HistoryAdmin):
    """Newest first; search by the id of what was acted on."""

    list_display = ("when", "actor", "action", "object_type", "object_label", "changes", "reason")
    list_filter = (ActionFilter,)
    search_fields = ("object_id",)
    search_help_text = "The whole id of a job, schedule or execution, or the name of a queue."
    fields = (
        *("when", "actor", "actor_id", "claimed_actor", "action"),
        *("object_type", "object_id", "object_label", "before_values", "after_values"),
        *("reason", "request_id"),
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Compare whole ids, with every kind of object, so that the index can be used."""
        kinds = ("job", "schedule", "execution", "queue", "token")
        if search_term.strip():
            queryset = queryset.filter(object_type__in=kinds, object_id=search_term.strip())
        return queryset, False

    @admin.display(description="at (UTC)")
    def when(self, entry: JobAudit) -> SafeString:
        return short_moment(entry.at)

    @admin.display(description="changed")
    def changes(self, entry: JobAudit) -> str:
        if entry.before is None:
            return ""
        names = sorted({*entry.before, *(entry.after or {})})
        return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")

    @admin.display(description="before")
    def before_values(self, entry: JobAudit) -> SafeString:
        return pretty_json(entry.before)

    @admin.display(description="after")
    def after_values(self, entry: JobAudit) -> SafeString:
        return pretty_json(entry.after)
