"""Transitions and log lines of all executions in the admin, by execution."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from core.admin_display import link_to, pretty_json, short_moment
from core.admin_paging import HistoryAdmin
from executions.admin.display import status_badge
from executions.admin.job_filters import as_uuid
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog


class OfExecutionAdmin(HistoryAdmin):
    """Rows that belong to executions: searched by the whole id of one."""

    search_fields = ("execution",)
    search_help_text = "The whole id of an execution."

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if not search_term.strip():
            return queryset, False
        key = as_uuid(search_term)
        return (queryset.filter(execution_id=key) if key else queryset.none()), False

    @admin.display(description="at (UTC)")
    def when(self, row: Any) -> SafeString:
        return short_moment(row.at)

    @admin.display(description="execution")
    def execution_link(self, row: Any) -> SafeString:
        return link_to(JobExecution, row.execution_id, row.execution_id)


@admin.register(ExecutionTransition)
class TransitionAdmin(OfExecutionAdmin):
    """Every move of every execution."""

    list_display = ("when", "execution_link", "from_state", "to_state", "attempt", "reason")
    fields = (*list_display, "fence", "actor", "details")
    readonly_fields = fields

    @admin.display(description="from")
    def from_state(self, move: ExecutionTransition) -> SafeString:
        return status_badge(move.from_status)

    @admin.display(description="to")
    def to_state(self, move: ExecutionTransition) -> SafeString:
        return status_badge(move.to_status)

    @admin.display(description="details")
    def details(self, move: ExecutionTransition) -> SafeString:
        return pretty_json(move.data)


@admin.register(JobExecutionLog)
class LogAdmin(OfExecutionAdmin):
    """Every line of every execution."""

    list_display = ("when", "execution_link", "attempt", "level", "stream", "message")
    fields = (*list_display, "sequence")
    readonly_fields = fields
