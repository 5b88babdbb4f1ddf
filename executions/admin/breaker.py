"""The circuit breaker of a job in the admin: how it stands, opening and closing it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from core.admin_display import badge, moment
from executions.circuits import close_breaker, open_breaker
from executions.models import Circuit, CircuitState
from jobs.admin import JobAdmin
from jobs.models import JobDefinition, JobStatus


class BreakerAdmin(JobAdmin):
    """A job with its circuit breaker."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("ownership", "circuit")

    def page_head(self, request: HttpRequest, obj: JobDefinition) -> SafeString:
        return format_html("{}{}", super().page_head(request, obj), _breaker_of(obj))

    def page_buttons(self, obj: JobDefinition) -> Iterable[str]:
        buttons = super().page_buttons(obj)
        if obj.status == JobStatus.ARCHIVED:
            return buttons
        return (*buttons, "close_breaker" if hasattr(obj, "circuit") else "open_breaker")

    @admin.action(description="Open breaker …", permissions=["change"])
    def open_breaker(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Open the circuit breaker? Slots are skipped until somebody closes it."
        if page := self.ask(
            request, queryset, action="open_breaker", question=question, wants_reason=True
        ):
            return page
        actor, reason = admin_actor(request), self.reason_given(request) or ""
        return self.act_on_each(
            request,
            queryset,
            lambda job: open_breaker(actor=actor, job=job, reason=reason),
            "Opened the breaker of",
        )

    @admin.action(description="Close breaker", permissions=["change"])
    def close_breaker(self, request: HttpRequest, queryset: Any) -> None:
        actor = admin_actor(request)
        self.act_on_each(
            request,
            queryset,
            lambda job: close_breaker(actor=actor, job=job),
            "Closed the breaker of",
        )


def _breaker_of(job: JobDefinition) -> SafeString | str:
    circuit: Circuit | None = getattr(job, "circuit", None)
    if circuit is None:
        return ""
    if circuit.state == CircuitState.HALF_OPEN:
        shown, end = badge("breaker half open", look="late", sign="electrical_services"), ""
    else:
        shown, end = badge("breaker open", look="bad", sign="power_off"), "until somebody closes it"
    if circuit.state == CircuitState.OPEN and circuit.half_open_at is not None:
        end = format_html("until {}", moment(circuit.half_open_at))
    return format_html(
        " {}<span>since {} by {}: {} {}</span>",
        *(shown, moment(circuit.opened_at), circuit.opened_by, circuit.reason, end),
    )
