"""Workers and beats in the admin, as they last reported themselves."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.safestring import SafeString

from core.admin_display import badge, moment
from core.admin_paging import HistoryAdmin
from core.times import show_span
from executions.models import Worker


@admin.register(Worker)
class WorkerAdmin(HistoryAdmin):
    """Who is there, who was there."""

    list_display = ("name", "kind", "state", "queue_names", "concurrency", "seen", "started")
    ordering = ("-last_seen_at",)
    fields = (*list_display, "hostname", "pid", "stopped")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(now=Now())

    @admin.display(description="state")
    def state(self, worker: Any) -> SafeString:
        if worker.stopped_at:
            return badge("stopped", look="stopped", sign="stop")
        silent = (worker.now - worker.last_seen_at).total_seconds()
        if silent <= 3 * settings.SCHEDULER_HEARTBEAT_SECONDS:
            return badge("alive", look="good", sign="check")
        return badge(f"silent for {show_span(silent)}", look="bad", sign="close")

    @admin.display(description="queues")
    def queue_names(self, worker: Worker) -> str:
        return ", ".join(worker.queues) or "-"

    @admin.display(description="last seen")
    def seen(self, worker: Worker) -> SafeString:
        return moment(worker.last_seen_at)

    @admin.display(description="started")
    def started(self, worker: Worker) -> SafeString:
        return moment(worker.started_at)

    @admin.display(description="stopped")
    def stopped(self, worker: Worker) -> SafeString:
        return moment(worker.stopped_at)
