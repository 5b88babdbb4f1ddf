"""Queues in the admin. ``executions`` adds what waits and runs in them, and who serves them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.admin_forms import ServiceAdmin, ServiceForm, admin_actor
from audit.trail import Actor
from core.admin_display import NOTHING, badge
from jobs.models import JobStatus, Queue
from jobs.queues import change_queue, create_queue


class QueueForm(ServiceForm):
    """Creates a queue, or changes its limit."""

    model_admin: "QueueAdmin"

    class Meta:
        model = Queue
        fields = ("name", "max_concurrent_executions")
        labels = {"max_concurrent_executions": "At most at once"}
        help_texts = {
            "name": "Lower-case letters, digits, '.', '_' and '-'. It cannot be changed later.",
            "max_concurrent_executions": "Executions under way, over all workers; empty: no limit.",
        }

    def write(self) -> Queue:
        limit = {"max_concurrent_executions": self.cleaned_data["max_concurrent_executions"]}
        if self.instance._state.adding:
            name = self.cleaned_data["name"]
            return create_queue(actor=self.actor, fields={"name": name, **limit})
        return self.model_admin.change(actor=self.actor, queue=self.instance, fields=limit)


@admin.register(Queue)
class QueueAdmin(ServiceAdmin):
    """Lanes of executions, with their limits."""

    form = QueueForm
    list_display: Any = ("name", "state", "limit", "job_count")
    ordering = ("name",)
    search_fields = ("name",)
    search_help_text = "A part of the name."
    actions: Any = ("pause", "resume")
    fields = ("name", "max_concurrent_executions")
    pause_question = "Pause? Nothing new starts until it is resumed; what runs goes on."

    def change(
        self, *, actor: Actor, queue: Queue, fields: dict[str, Any], reason: str | None = None
    ) -> Queue:
        """Change a queue. Every change of these pages goes through here."""
        return change_queue(actor=actor, queue=queue, fields=fields, reason=reason)

    def get_queryset(self, request: HttpRequest) -> Any:
        of_use = Count("jobs", filter=~Q(jobs__status=JobStatus.ARCHIVED))
        return super().get_queryset(request).annotate(job_count=of_use)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.model_admin = self
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = super().get_readonly_fields(request, obj)
        return (*own, "name") if obj else own

    def page_head(self, request: HttpRequest, obj: Queue) -> SafeString | str:
        return self.state(obj)

    def page_buttons(self, obj: Queue) -> Iterable[str]:
        return ("resume",) if obj.is_paused else ("pause",)

    @admin.action(description="Pause …", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: Any) -> Any:
        if page := self.ask(
            request, queryset, action="pause", question=self.pause_question, wants_reason=True
        ):
            return page
        return self._set_paused(request, queryset, True, "Paused")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: Any) -> None:
        self._set_paused(request, queryset, False, "Resumed")

    def _set_paused(self, request: HttpRequest, queryset: Any, is_paused: bool, done: str) -> None:
        actor, fields = admin_actor(request), {"is_paused": is_paused}
        reason = self.reason_given(request)
        self.act_on_each(
            request,
            queryset,
            lambda queue: self.change(actor=actor, queue=queue, fields=fields, reason=reason),
            done,
        )

    @admin.display(description="state", ordering="is_paused")
    def state(self, queue: Queue) -> SafeString:
        if queue.is_paused:
            return badge("paused", look="late", sign="pause")
        return badge("open", look="good", sign="check")

    @admin.display(description="at most at once", ordering="max_concurrent_executions")
    def limit(self, queue: Queue) -> SafeString | str:
        most = queue.max_concurrent_executions
        return NOTHING if most is None else str(most)

    @admin.display(description="jobs", ordering="job_count")
    def job_count(self, queue: Any) -> int:
        return int(queue.job_count)
