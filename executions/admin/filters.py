"""Filters of the list of executions by what they are themselves, and its search."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now
from django.http import HttpRequest

from core.admin_filters import ChoiceFilter
from core.clock import database_now
from core.ids import first_uuid7
from executions.admin.job_filters import as_uuid
from executions.admin.time_filter import midnight
from executions.models import Origin
from executions.states import ACTIVE, FINAL, READY, UNFINISHED, ExecutionStatus
from executions.stats.figures import LATE_SECONDS
from jobs.models import JobDefinition

S = ExecutionStatus

_MOST_FOUND = 20
_LATE_SINCE = timedelta(days=1)  # no index knows who is late, so only so many are looked at
_EXPECTED = ExpressionWrapper(
    F("job__expected_duration_seconds") * Value(timedelta(seconds=1)), output_field=DurationField()
)
# Names of several statuses at once.
_GROUPS: dict[str, tuple[str, tuple[ExecutionStatus, ...]]] = {
    "unfinished": ("Unfinished", UNFINISHED),
    "failures": ("Failed or timed out", (S.FAILED, S.TIMED_OUT)),
    "ended": ("Succeeded, failed or timed out", (S.SUCCEEDED, S.FAILED, S.TIMED_OUT)),
}


class StatusFilter(ChoiceFilter):
    """By one status, or by several that belong together."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = [(name, title) for name, (title, _) in _GROUPS.items()]
        return [*groups, *((status.value, status.label) for status in ExecutionStatus)]

    @property
    def statuses(self) -> tuple[str, ...]:
        """What is chosen, one by one."""
        value = self.value() or ""
        if value in _GROUPS:
            return _GROUPS[value][1]
        return (value,) if value in ExecutionStatus.values else ()

    @property
    def are_final(self) -> bool:
        """Whether something is chosen, and all of it is over."""
        return bool(self.statuses) and set(self.statuses) <= set(FINAL)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        if self.value() == "unfinished":
            # In these words: each half has an index, the whole has none.
            return queryset.filter(Q(status__in=READY) | Q(status__in=ACTIVE))
        chosen = queryset.filter(status__in=self.statuses)
        # True of all that is over, and what their index is limited to.
        return chosen.filter(completed_at__isnull=False) if self.are_final else chosen


class OriginFilter(ChoiceFilter):
    """By what opened the execution."""

    title = "origin"
    parameter_name = "origin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(Origin.MANUAL, "By hand"), (Origin.SCHEDULE, "By schedule")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(origin=self.value()) if self.value() else queryset


class AttentionFilter(ChoiceFilter):
    """By what somebody should look at; the dashboard counts the same."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("delayed", "Delayed now, or skipped today"),
            ("exceeding", "Running longer than expected"),
            ("late", "Opened late in the last 24 hours"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "delayed":
                return queryset.filter(_is_delayed_or_skipped_today(database_now()))
            case "exceeding":
                return queryset.filter(status=S.RUNNING, started_at__lt=Now() - _EXPECTED)
            case "late":
                since = first_uuid7(database_now() - _LATE_SINCE)
                return queryset.filter(is_late=True, pk__gte=since)
        return queryset


def search_executions(queryset: Any, term: str) -> Any:
    """Find by the id of an execution, a job or a Celery task, or by a part of a job's name."""
    # A task is named by its execution and the fence: "<id>.3".
    if key := as_uuid(term.partition(".")[0]):
        return queryset.filter(pk=key) | queryset.filter(job_id=key)
    jobs = JobDefinition.objects.filter(name__iexact=term)
    if not jobs.exists():
        jobs = JobDefinition.objects.filter(name__icontains=term).order_by("name")
    return queryset.filter(job_id__in=list(jobs.values_list("pk", flat=True)[:_MOST_FOUND]))


def _is_delayed_or_skipped_today(now: datetime) -> Q:
    since = now - timedelta(seconds=LATE_SECONDS)
    delayed = Q(status__in=READY, due_at__lt=since)
    return delayed | Q(status=S.SKIPPED, completed_at__gte=midnight(now))
