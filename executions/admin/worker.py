"""Workers and beats in the admin, as they last reported themselves, with what they run."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from core.admin_display import NOTHING, badge, link, moment, short_moment, table
from core.admin_filters import ChoiceFilter
from core.admin_page import Link, Section
from core.admin_paging import HistoryAdmin, HistoryList
from core.clock import database_now
from core.times import show_span
from executions.admin.flower import worker_url
from executions.admin.progress import measure_progress
from executions.draining import drain, undrain
from executions.models import JobExecution, Worker, alive_since
from executions.workforce import WorkerLoad

_SILENT_FOR = timedelta(hours=1)  # then a silent one counts as gone
_MOST_RUNNING = 1_000
_MOST_NAMED = 3


class PresenceFilter(ChoiceFilter):
    """Those that are gone are out of sight unless asked for."""

    title = "presence"
    parameter_name = "presence"
    all_option = ("", "There now")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("gone", "Gone"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        here = Q(stopped_at__isnull=True, last_seen_at__gte=database_now() - _SILENT_FOR)
        match self.value():
            case "gone":
                return queryset.exclude(here)
            case "all":
                return queryset
        return queryset.filter(here)


class WorkerList(HistoryList):
    """Reads what all workers run at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and give each worker the time and what it runs."""
        super().get_results(request)
        running = defaultdict(list)
        executions = JobExecution.objects.running().select_related("job").order_by("started_at")
        for execution in executions.only("job__name", "worker")[:_MOST_RUNNING]:
            running[execution.worker].append(execution)
        now = database_now()
        self.result_list: Any = list(self.result_list)
        for worker in self.result_list:
            worker.now, worker.running = now, running[worker.name]


@admin.register(Worker)
class WorkerAdmin(HistoryAdmin):
    """Who is there, who was there."""

    list_display = (
        "name",
        "kind",
        "state",
        "queue_names",
        "concurrency",
        "runs",
        "seen",
        "started",
    )
    list_filter = (PresenceFilter, "kind")
    ordering = ("-kind", "name")  # type: ignore[assignment]
    actions = ("drain", "undrain")
    fields = (
        *("kind", "queue_names", "concurrency", "seen", "started", "stopped", "drains"),
        *("hostname", "pid"),
    )
    readonly_fields = fields

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WorkerList

    def page_head(self, request: HttpRequest, obj: Worker) -> SafeString:
        return presence_badge(obj, now=database_now())

    def page_buttons(self, obj: Worker) -> Iterable[str]:
        if obj.kind != Worker.Kind.WORKER or obj.stopped_at:
            return ()
        return ("drain",) if obj.drain_requested_at is None else ("undrain",)

    def has_drain_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "executions.change_worker")

    @admin.action(description="Drain …", permissions=["drain"])
    def drain(self, request: HttpRequest, queryset: Any) -> Any:
        question = (
            "Drain? It takes no more work; what it still runs after"
            f" {settings.SCHEDULER_DRAIN_SECONDS:g} s is handed back. It stays alive."
        )
        if page := self.ask(request, queryset, action="drain", question=question):
            return page
        actor = admin_actor(request)
        return self.act_on_each(
            request, queryset, lambda worker: drain(actor=actor, name=worker.name), "Draining"
        )

    @admin.action(description="Undrain", permissions=["drain"])
    def undrain(self, request: HttpRequest, queryset: Any) -> None:
        actor = admin_actor(request)
        self.act_on_each(
            request,
            queryset,
            lambda worker: undrain(actor=actor, name=worker.name),
            "Takes work again",
        )

    def page_links(self, request: HttpRequest, obj: Worker) -> Iterable[Link]:
        yield from super().page_links(request, obj)
        if (url := worker_url(obj.name)) and obj.kind == Worker.Kind.WORKER:
            yield Link(url, "Flower", "local_florist")

    def page_sections(self, request: HttpRequest, obj: Worker) -> Iterable[Section]:
        if obj.kind == Worker.Kind.WORKER and self.may(request, "executions.view_jobexecution"):
            yield Section("Running now", _running_table(obj), is_above=True)

    @admin.display(description="state")
    def state(self, worker: Any) -> SafeString:
        return presence_badge(worker, now=worker.now)

    @admin.display(description="queues")
    def queue_names(self, worker: Worker) -> str:
        return ", ".join(worker.queues) or "-"

    @admin.display(description="runs")
    def runs(self, worker: Any) -> SafeString:
        named = worker.running[:_MOST_NAMED]
        if not named:
            return NOTHING
        links = format_html_join(", ", "{}", ((link(one, one.job.name),) for one in named))
        rest = len(worker.running) - len(named)
        return format_html("{} and {} more", links, rest) if rest else links

    @admin.display(description="last seen (UTC)")
    def seen(self, worker: Worker) -> SafeString:
        return short_moment(worker.last_seen_at)

    @admin.display(description="started (UTC)")
    def started(self, worker: Worker) -> SafeString:
        return short_moment(worker.started_at)

    @admin.display(description="drains")
    def drains(self, worker: Worker) -> SafeString:
        if worker.drain_requested_at is None:
            return NOTHING
        return format_html(
            "asked by {} at {}; what still runs at {} is handed back",
            worker.drain_requested_by,
            moment(worker.drain_requested_at),
            moment(worker.drain_until),
        )

    @admin.display(description="stopped")
    def stopped(self, worker: Worker) -> SafeString:
        return moment(worker.stopped_at)


def presence_badge(worker: Worker, *, now: datetime) -> SafeString:
    """Return whether a worker is there."""
    if worker.stopped_at:
        return badge("stopped", look="stopped", sign="stop")
    if worker.last_seen_at >= alive_since(now):
        if worker.drain_requested_at is not None:
            runs = JobExecution.objects.running().filter(worker=worker.name).exists()
            return badge("draining" if runs else "drained", look="late", sign="water_drop")
        return badge("alive", look="good", sign="check")
    silent = show_span((now - worker.last_seen_at).total_seconds())
    return badge(f"silent for {silent}", look="bad", sign="close")


def has_fallen_silent(load: WorkerLoad, *, now: datetime) -> bool:
    """Return whether a worker stopped reporting itself not long ago, without saying goodbye."""
    worker = load.worker
    is_recent = worker.last_seen_at >= now - _SILENT_FOR
    return not load.is_alive and worker.stopped_at is None and is_recent


def _running_table(worker: Worker) -> SafeString:
    now = database_now()
    executions = JobExecution.objects.running().filter(worker=worker.name).select_related("job")
    rows = [
        (
            link(execution, execution.job.name),
            show_span(progress.elapsed_seconds),
            progress.words,
            execution.worker_pid,
        )
        for execution in executions.defer("input", "output", "stack_trace").order_by("started_at")
        for progress in [measure_progress(execution, now=now)]
    ]
    return table(["job", "for", "progress", "process"], rows, empty="Nothing.")
