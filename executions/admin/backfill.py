"""Backfills in the admin: how far each is, its executions, Cancel."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin_forms import admin_actor
from core.admin_display import NOTHING, badge, link, link_to, moment, short_moment, table
from core.admin_page import Section
from core.admin_paging import HistoryAdmin, HistoryList
from core.times import show_time
from executions.admin.display import reason_words, status_badge
from executions.backfills import Progress, cancel_backfill, progress_of
from executions.models import Backfill, JobExecution
from executions.states import ExecutionStatus as S
from jobs.admin.display import rule_words

_MOST_SHOWN = 200
_LOOKS = {
    "running": ("active", "play_arrow"),
    "finished": ("good", "check"),
    "cancelling": ("late", "hourglass_empty"),
    "cancelled": ("stopped", "cancel"),
}
# What somebody looks for first.
_FIRST = (S.RUNNING, S.QUEUED, S.SCHEDULED, S.RETRYING, S.FAILED, S.TIMED_OUT, S.WAITING)


class BackfillList(HistoryList):
    """Reads how far all of a page are at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and give each backfill its progress."""
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        progress = progress_of(self.result_list)
        for backfill in self.result_list:
            backfill.progress = progress[backfill.pk]


@admin.register(Backfill)
class BackfillAdmin(HistoryAdmin):
    """Read-only: a backfill is started from its job's page, let go by beat, stopped by Cancel."""

    list_display = ("job_name", "begin", "until", "state", "how_far", "at_once", "started_by")
    list_select_related = ("job",)
    actions = ("cancel",)
    fields = (
        *("job_link", "schedule_link", "begin", "until", "order", "at_once", "priority"),
        *("reason", "started", "cancelled"),
    )
    readonly_fields = fields

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BackfillList

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("job", "schedule")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "executions.view_jobexecution")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "executions.change_jobexecution")

    def page_title(self, obj: Backfill) -> str:
        return f"{obj.job}, {show_time(obj.from_at)} to {show_time(obj.until_at)}"

    def page_head(self, request: HttpRequest, obj: Any) -> SafeString:
        progress = progress_of([obj])[obj.pk]
        return format_html("{} {}", _state(progress), _bar(progress))

    def page_buttons(self, obj: Backfill) -> Iterable[str]:
        return () if progress_of([obj])[obj.pk].is_over else ("cancel",)

    def page_sections(self, request: HttpRequest, obj: Backfill) -> Iterable[Section]:
        yield Section("Executions", _executions(obj))

    @admin.action(description="Cancel …", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: Any) -> Any:
        """End what no worker has claimed of them."""
        question = "Cancel? What waits ends at once; what runs goes on."
        if page := self.ask(
            request, queryset, action="cancel", question=question, wants_reason=True
        ):
            return page
        actor, reason = admin_actor(request), self.reason_given(request)
        return self.act_on_each(
            request,
            queryset,
            lambda one: cancel_backfill(actor=actor, backfill=one, reason=reason),
            "Cancelled",
        )

    @admin.display(description="job")
    def job_name(self, backfill: Backfill) -> str:
        return backfill.job.name

    @admin.display(description="job")
    def job_link(self, backfill: Backfill) -> SafeString:
        return link(backfill.job)

    @admin.display(description="schedule")
    def schedule_link(self, backfill: Backfill) -> SafeString:
        return link(backfill.schedule, rule_words(backfill.schedule))

    @admin.display(description="from (UTC)")
    def begin(self, backfill: Backfill) -> SafeString:
        return short_moment(backfill.from_at)

    @admin.display(description="until (UTC)")
    def until(self, backfill: Backfill) -> SafeString:
        return short_moment(backfill.until_at)

    @admin.display(description="state")
    def state(self, backfill: Any) -> SafeString:
        return _state(backfill.progress)

    @admin.display(description="over")
    def how_far(self, backfill: Any) -> SafeString:
        return _bar(backfill.progress)

    @admin.display(description="at once")
    def at_once(self, backfill: Backfill) -> str:
        return f"{backfill.max_concurrent_executions:,}"

    @admin.display(description="started by")
    def started_by(self, backfill: Backfill) -> str:
        return backfill.created_by

    @admin.display(description="started")
    def started(self, backfill: Backfill) -> SafeString:
        return format_html("{} by {}", moment(backfill.created_at), backfill.created_by)

    @admin.display(description="cancelled")
    def cancelled(self, backfill: Backfill) -> SafeString:
        if backfill.cancelled_at is None:
            return NOTHING
        return format_html("{} by {}", moment(backfill.cancelled_at), backfill.cancelled_by)


def _state(progress: Progress) -> SafeString:
    look, sign = _LOOKS[progress.state]
    return badge(progress.state, look=look, sign=sign)


def _bar(progress: Progress) -> SafeString:
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    return format_html(
        '<span class="bar"><progress max="{total}" value="{done}" aria-label="Over">'
        '{done}</progress> <span class="nowrap">{shown} of {all}{failed}</span></span>',
        total=max(progress.total, 1),
        done=progress.finished,
        shown=f"{progress.finished:,}",
        all=f"{progress.total:,}",
        failed=failed,
    )


def _executions(backfill: Backfill) -> SafeString:
    """The executions, first what is under way, then what failed, what waits, what succeeded."""
    places = [When(status=status, then=Value(place)) for place, status in enumerate(_FIRST)]
    ordered = JobExecution.objects.filter(backfill=backfill).order_by(
        Case(*places, default=Value(len(_FIRST)), output_field=IntegerField()), "pk"
    )
    columns = ("pk", "scheduled_for", "business_date", "status", "reason", "error_message")
    found = list(ordered.values(*columns)[: _MOST_SHOWN + 1])
    rows = [
        (
            link_to(JobExecution, row["pk"], short_moment(row["scheduled_for"])),
            row["business_date"].isoformat() if row["business_date"] else "",
            status_badge(row["status"]),
            (row["error_message"] or "").partition("\n")[0][:100] or reason_words(row["reason"]),
        )
        for row in found[:_MOST_SHOWN]
    ]
    shown = table(
        ["slot (UTC)", "business date", "status", "says"], rows, empty="Retention has deleted them."
    )
    if len(found) <= _MOST_SHOWN:
        return shown
    return format_html('{}<p class="quiet">… and more; the API lists them all.</p>', shown)
