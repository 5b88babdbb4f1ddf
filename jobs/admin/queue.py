"""Queues in the admin. ``executions`` adds what waits and runs in them, and who serves them."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.admin_forms import ServiceAdmin, ServiceForm
from audit.trail import Actor
from core.admin_display import NOTHING, badge
from jobs.models import Hold, JobStatus, Queue
from jobs.queues import change_queue, create_queue

_LIMITS = ("max_concurrent_executions", "starts_per_minute")


class QueueForm(ServiceForm):
    """Creates a queue, or changes its limits."""

    model_admin: "QueueAdmin"

    class Meta:
        model = Queue
        fields = ("name", *_LIMITS)
        labels = {
            "max_concurrent_executions": "At most at once",
            "starts_per_minute": "Starts a minute at most",
        }
        help_texts = {
            "name": "Lower-case letters, digits, '.', '_' and '-'. It cannot be changed later.",
            "max_concurrent_executions": "Executions under way, over all workers; empty: no limit.",
            "starts_per_minute": "Attempts begun within any minute, of all its jobs; empty: no"
            " limit.",
        }

    def write(self) -> Queue:
        limits = {name: self.cleaned_data[name] for name in _LIMITS}
        if self.instance._state.adding:
            name = self.cleaned_data["name"]
            return create_queue(actor=self.actor, fields={"name": name, **limits})
        return self.model_admin.change(actor=self.actor, queue=self.instance, fields=limits)


@admin.register(Queue)
class QueueAdmin(ServiceAdmin):
    """Lanes of executions, with their limits."""

    form = QueueForm
    list_display: Any = ("name", "state", "limit", "job_count")
    ordering = ("name",)
    search_fields = ("name",)
    search_help_text = "A part of the name."
    fields = ("name", *_LIMITS)

    def change(self, *, actor: Actor, queue: Queue, fields: dict[str, Any]) -> Queue:
        """Change a queue. Every change of these pages goes through here."""
        return change_queue(actor=actor, queue=queue, fields=fields)

    def get_queryset(self, request: HttpRequest) -> Any:
        of_use = Count("jobs", filter=~Q(jobs__status=JobStatus.ARCHIVED))
        held = Exists(Hold.objects.open().filter(queue=OuterRef("pk")))
        return super().get_queryset(request).annotate(job_count=of_use, is_held=held)

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

    @admin.display(description="state", ordering="is_held")
    def state(self, queue: Any) -> SafeString:
        if queue.is_held:
            return badge("paused", look="late", sign="pause")
        return badge("open", look="good", sign="check")

    @admin.display(description="at most at once", ordering="max_concurrent_executions")
    def limit(self, queue: Queue) -> SafeString | str:
        most = queue.max_concurrent_executions
        return NOTHING if most is None else str(most)

    @admin.display(description="jobs", ordering="job_count")
    def job_count(self, queue: Any) -> int:
        return int(queue.job_count)
