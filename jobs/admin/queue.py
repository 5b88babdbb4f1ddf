"""Queues in the admin."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.admin_forms import ServiceAdmin, ServiceForm, admin_actor
from core.admin_display import badge
from jobs.models import Queue
from jobs.queues import change_queue, create_queue


class QueueForm(ServiceForm):
    """Creates a queue, or changes its limit."""

    class Meta:
        model = Queue
        fields = ("name", "max_concurrent_executions")

    def write(self) -> Queue:
        limit = {"max_concurrent_executions": self.cleaned_data["max_concurrent_executions"]}
        if self.instance._state.adding:
            name = self.cleaned_data["name"]
            return create_queue(actor=self.actor, fields={"name": name, **limit})
        return change_queue(actor=self.actor, queue=self.instance, fields=limit)


@admin.register(Queue)
class QueueAdmin(ServiceAdmin):
    """Lanes of executions, with their limits."""

    form = QueueForm
    list_display = ("name", "state", "max_concurrent_executions")
    ordering = ("name",)
    search_fields = ("name",)
    actions = ("pause", "resume")
    fields = ("name", "max_concurrent_executions", "state")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("state", "name") if obj else ("state",)

    def page_buttons(self, obj: Queue) -> Iterable[str]:
        return ("resume",) if obj.is_paused else ("pause",)

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: Any) -> None:
        self._set_paused(request, queryset, True, "Paused; what runs goes on")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: Any) -> None:
        self._set_paused(request, queryset, False, "Resumed")

    def _set_paused(self, request: HttpRequest, queryset: Any, is_paused: bool, done: str) -> None:
        actor, fields = admin_actor(request), {"is_paused": is_paused}
        self.act_on_each(
            request,
            queryset,
            lambda queue: change_queue(actor=actor, queue=queue, fields=fields),
            done,
        )

    @admin.display(description="state", ordering="is_paused")
    def state(self, queue: Queue) -> SafeString:
        if queue.is_paused:
            return badge("paused", look="late", sign="pause")
        return badge("open", look="good", sign="check")
