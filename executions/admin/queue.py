"""What executions add to queues in the admin: what waits in them, and who serves them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from audit.trail import Actor
from core.admin_display import NOTHING, badge
from core.admin_page import Link, Section
from core.clock import database_now
from core.times import show_span
from executions.admin.hold import hold_link
from executions.queues import QueueLoad, change_queue, queue_loads
from jobs.admin.queue import QueueAdmin
from jobs.models import Queue

admin.site.unregister(Queue)


class QueueList(ChangeList):
    """Reads the loads of all queues at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and give each queue its load."""
        super().get_results(request)
        now = database_now()
        loads = {load.queue.pk: load for load in queue_loads(now=now)}
        self.result_list: Any = list(self.result_list)
        for queue in self.result_list:
            queue.load, queue.now = loads.get(queue.pk), now


@admin.register(Queue)
class LoadedQueueAdmin(QueueAdmin):
    """A queue, what is in it, and the workers that serve it."""

    list_display: Any = ("name", "state", "served", "running", "waiting", "limit", "job_count")
    actions: Any = ("pause", "resume")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return QueueList

    def page_sections(self, request: HttpRequest, obj: Queue) -> Iterable[Section]:
        load = next(load for load in queue_loads() if load.queue.pk == obj.pk)
        executions = reverse("admin:executions_jobexecution_changelist", query={"queue": obj.name})
        context = {"load": load, "now": database_now(), "executions": executions}
        shown = render_to_string("executions/admin/queue_load.html", context)
        yield Section("Load", shown, is_above=True)
        yield from super().page_sections(request, obj)

    def change(self, *, actor: Actor, queue: Queue, fields: dict[str, Any]) -> Queue:
        return change_queue(actor=actor, queue=queue, fields=fields)

    def page_links(self, request: HttpRequest, obj: Queue) -> Iterable[Link]:
        yield from super().page_links(request, obj)
        if self.may(request, "jobs.add_hold"):
            yield hold_link(scope="queue", key=obj.pk)

    def page_buttons(self, obj: Any) -> Iterable[str]:
        return ("resume",) if obj.is_held else ("pause",)

    @admin.action(description="Pause …", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: Any) -> Any:
        question = "Pause? What no worker has claimed is taken back and waits; what runs goes on."
        if page := self.ask(
            request, queryset, action="pause", question=question, wants_reason=True
        ):
            return page
        return self._set_paused(request, queryset, True, "Paused")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: Any) -> None:
        self._set_paused(request, queryset, False, "Resumed")

    def _set_paused(self, request: HttpRequest, queryset: Any, is_paused: bool, done: str) -> None:
        actor, reason = admin_actor(request), self.reason_given(request)
        self.act_on_each(
            request,
            queryset,
            lambda queue: change_queue(
                actor=actor, queue=queue, fields={}, reason=reason, is_paused=is_paused
            ),
            done,
        )

    @admin.display(description="served by")
    def served(self, queue: Any) -> SafeString:
        return served_by(queue.load)

    @admin.display(description="running")
    def running(self, queue: Any) -> str:
        return f"{queue.load.running:,}" if queue.load else ""

    @admin.display(description="waiting")
    def waiting(self, queue: Any) -> str | SafeString:
        load = queue.load
        if load is None or not load.ready + load.queued:
            return "0"
        return format_html(
            '{} <span class="quiet">since {}</span>',
            f"{load.ready + load.queued:,}",
            show_span((queue.now - load.oldest_due_at).total_seconds()),
        )


def served_by(load: QueueLoad | None) -> SafeString:
    """Return how many workers serve a queue; a warning when none does."""
    if load is None:
        return NOTHING
    if not load.is_served:
        look = "bad" if load.lacks_worker else "late"
        return badge("nobody", look=look, sign="warning")
    workers = len(load.worker_names)
    return format_html(
        "{} worker{}, {} place{}",
        *(workers, "s" * (workers != 1), load.slots, "s" * (load.slots != 1)),
    )
