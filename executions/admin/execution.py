"""Executions in the admin: everything about one, and Cancel."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from core.admin_display import NOTHING, block, link, moment, pretty_json, short_moment
from core.admin_page import Section
from core.admin_paging import HistoryAdmin
from core.times import show_span, show_time
from executions.admin import sections
from executions.admin.display import progress_words, reason_words, status_badge
from executions.admin.filters import JobFilter, StatusFilter, search_executions
from executions.models import JobExecution
from executions.services import cancel
from executions.states import FINAL
from executions.waits import explain_wait

# Rows of the page, and the column without which there is nothing to show in them.
_OPTIONAL = {
    "schedule_link": "schedule_id",
    "output_json": "output",
    "error": "error_message",
    "trace": "stack_trace",
    "started": "started_at",
    "completed": "completed_at",
    "took": "completed_at",
    "progress": "progress_fraction",
    "queue": "queue",
    "worker": "worker",
    "lease": "lease_until",
    "cancel_request": "cancel_requested_at",
}
_LARGE = ("input", "output", "stack_trace")


@admin.register(JobExecution)
class ExecutionAdmin(HistoryAdmin):
    """Read-only: an execution is moved by the engine and stopped by Cancel."""

    list_display = ("for_slot", "job_link", "state", "attempt", "took", "says")
    list_filter = (StatusFilter, JobFilter)
    list_select_related = ("job",)
    search_fields = ("pk",)
    search_help_text = "The whole id of an execution, or the name of a job."
    actions = ("cancel",)
    fieldsets = (
        (None, {"fields": ("state", "why", "job_link", "schedule_link", "slot", "due", "opened")}),
        ("Result", {"fields": ("output_json", "error", "trace")}),
        (
            "Latest attempt",
            {
                "fields": (
                    *("attempts", "started", "completed", "took", "progress"),
                    *("queue", "worker", "lease", "cancel_request"),
                )
            },
        ),
        (
            "Input",
            {"fields": ("input_json", "id", "correlation_id", "version_number", "priority")},
        ),
    )
    readonly_fields = flatten_fieldsets(fieldsets)

    def page_title(self, obj: JobExecution) -> str:
        return f"{obj.job}, {show_time(obj.scheduled_for)}"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what there is nothing to say about."""
        empty = {field for field, source in _OPTIONAL.items() if getattr(obj, source, None) is None}
        if obj is not None and obj.is_final and not obj.reason:
            empty.add("why")
        kept = [
            (title, [field for field in options["fields"] if field not in empty])
            for title, options in super().get_fieldsets(request, obj)
        ]
        return [(title, {"fields": fields}) for title, fields in kept if fields]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("job", "schedule__job", "version")

    def get_ordering(self, request: HttpRequest) -> Any:
        """Newest first; among all of one final status in the order of that index."""
        by_status = request.GET.get("status") in FINAL and not request.GET.get("job")
        return ("-completed_at", "-pk") if by_status else self.ordering

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        queryset = queryset.defer(*_LARGE)
        term = search_term.strip()
        return (search_executions(queryset, term) if term else queryset), False

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "executions.change_jobexecution")

    def page_buttons(self, obj: JobExecution) -> Iterable[str]:
        return () if obj.is_final else ("cancel",)

    def page_sections(self, request: HttpRequest, obj: JobExecution) -> Iterable[Section]:
        yield Section("What happened", sections.transitions(obj))
        yield Section("Log", sections.log(obj))

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: Any) -> None:
        """Stop the chosen ones, one page at most: a list of history is never chosen as a whole."""
        if request.POST.get("select_across", "0") != "0":
            self.message_user(request, "Choose executions one by one.", messages.ERROR)
            return
        actor = admin_actor(request)
        self.act_on_each(
            request,
            queryset.select_related("job"),
            lambda execution: cancel(actor=actor, execution=execution),
            "Stopped, or its worker asked to stop it",
        )

    @admin.display(description="slot")
    def slot(self, execution: JobExecution) -> SafeString:
        late = " (opened late)" if execution.is_late else ""
        return format_html("{}{}", moment(execution.scheduled_for), late)

    @admin.display(description="slot (UTC)")
    def for_slot(self, execution: JobExecution) -> SafeString:
        return short_moment(execution.scheduled_for)

    @admin.display(description="attempt")
    def attempts(self, execution: JobExecution) -> str:
        most = execution.version.snapshot["max_retries"] + 1
        return f"{execution.attempt} of at most {most}"

    @admin.display(description="job version")
    def version_number(self, execution: JobExecution) -> int:
        return execution.version.number

    @admin.display(description="job")
    def job_link(self, execution: JobExecution) -> SafeString:
        return link(execution.job)

    @admin.display(description="status")
    def state(self, execution: JobExecution) -> SafeString:
        return status_badge(execution.status)

    @admin.display(description="started")
    def started(self, execution: JobExecution) -> SafeString:
        return moment(execution.started_at)

    @admin.display(description="took")
    def took(self, execution: JobExecution) -> str:
        return show_span(execution.duration_seconds, unknown="-")

    @admin.display(description="says")
    def says(self, execution: JobExecution) -> str:
        """The first line of the error, else the progress, else the reason."""
        error = (execution.error_message or "").partition("\n")[0][:100]
        return error or progress_words(execution) or reason_words(execution.reason)

    @admin.display(description="why")
    def why(self, execution: JobExecution) -> str:
        return explain_wait(execution) or reason_words(execution.reason)

    @admin.display(description="opened by")
    def opened(self, execution: JobExecution) -> SafeString:
        return format_html("{} at {}", execution.triggered_by, moment(execution.opened_at))

    @admin.display(description="schedule")
    def schedule_link(self, execution: JobExecution) -> SafeString:
        return link(execution.schedule) if execution.schedule else NOTHING

    @admin.display(description="not before")
    def due(self, execution: JobExecution) -> SafeString:
        return moment(execution.due_at)

    @admin.display(description="completed")
    def completed(self, execution: JobExecution) -> SafeString:
        return moment(execution.completed_at)

    @admin.display(description="progress")
    def progress(self, execution: JobExecution) -> str | SafeString:
        return progress_words(execution) or NOTHING

    @admin.display(description="lease until")
    def lease(self, execution: JobExecution) -> SafeString:
        return moment(execution.lease_until)

    @admin.display(description="cancel asked for")
    def cancel_request(self, execution: JobExecution) -> SafeString:
        if execution.cancel_requested_at is None:
            return NOTHING
        at = moment(execution.cancel_requested_at)
        return format_html("{} by {}", at, execution.cancel_requested_by)

    @admin.display(description="input")
    def input_json(self, execution: JobExecution) -> SafeString:
        return pretty_json(execution.input)

    @admin.display(description="output")
    def output_json(self, execution: JobExecution) -> SafeString:
        return pretty_json(execution.output)

    @admin.display(description="error")
    def error(self, execution: JobExecution) -> SafeString:
        said = ": ".join(filter(None, [execution.error_type, execution.error_message]))
        return block(said)

    @admin.display(description="stack trace")
    def trace(self, execution: JobExecution) -> SafeString:
        return block(execution.stack_trace)
