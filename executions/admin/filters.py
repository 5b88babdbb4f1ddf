"""Filters of the list of executions. Each is answered by an index, also among millions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from core.clock import database_now
from executions.admin.time_filter import STATUS_GROUPS, TimeFilter, midnight, statuses_of
from executions.models import JobExecution, Origin
from executions.states import READY, ExecutionStatus
from executions.stats.figures import LATE_SECONDS
from jobs.models import JobDefinition, JobOwnership, Queue

S = ExecutionStatus

_MOST_FOUND = 20
_EXPECTED = ExpressionWrapper(
    F("job__expected_duration_seconds") * Value(timedelta(seconds=1)), output_field=DurationField()
)


class StatusFilter(DropdownFilter):
    """By one status, or by several that belong together."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = [(name, title) for name, (title, _) in STATUS_GROUPS.items()]
        return [*groups, *((status.value, status.label) for status in ExecutionStatus)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        return queryset.filter(status__in=statuses_of(self.value()))


class JobFilter(admin.SimpleListFilter):
    """By job, found by typing a part of its name: there may be very many."""

    title = "job"
    parameter_name = "job"
    template = "unfold/filters/filters_field.html"
    form_class = AutocompleteDropdownForm

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.request, self.model_admin = request, model_admin

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        chosen = as_uuid(self.value() or "")
        yield {
            "form": AutocompleteDropdownForm(
                request=self.request,
                name=self.parameter_name,
                label="By job",
                choices=(),
                field=JobExecution._meta.get_field("job"),
                model_admin=self.model_admin,
                data={self.parameter_name: chosen},
            )
        }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = as_uuid(self.value() or "")
        if chosen is None:
            return queryset.none() if self.value() else queryset
        return queryset.filter(job_id=chosen)


class OfJobsFilter(DropdownFilter):
    """By something that several jobs share."""

    def jobs(self, value: str) -> Any:
        """Return the jobs that share this value."""
        raise NotImplementedError

    def has_output(self) -> bool:
        """Return whether there is anything to choose, or something was chosen all the same."""
        return bool(self.lookup_choices or self.value())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if not value:
            return queryset
        is_known = value in dict(self.lookup_choices)
        return queryset.filter(job__in=self.jobs(value)) if is_known else queryset.none()


class CategoryFilter(OfJobsFilter):
    """By the category that the job has now."""

    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = JobDefinition.objects.exclude(category="").values_list("category", flat=True)
        return [(name, name) for name in names.distinct().order_by("category")]

    def jobs(self, value: str) -> Any:
        return JobDefinition.objects.filter(category=value)


class TeamFilter(OfJobsFilter):
    """By the team that answers for the job now."""

    title = "team"
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = JobOwnership.objects.exclude(team_name="").values_list("team_name", flat=True)
        return [(name, name) for name in names.distinct().order_by("team_name")]

    def jobs(self, value: str) -> Any:
        return JobDefinition.objects.filter(ownership__team_name=value)


class QueueFilter(OfJobsFilter):
    """By the queue that the job's executions go to now."""

    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = Queue.objects.order_by("name").values_list("name", flat=True)
        return [(name, name) for name in names]

    def jobs(self, value: str) -> Any:
        return JobDefinition.objects.filter(queue=value)


class OriginFilter(DropdownFilter):
    """By what opened the execution."""

    title = "origin"
    parameter_name = "origin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(Origin.MANUAL, "By hand"), (Origin.SCHEDULE, "By schedule")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(origin=self.value()) if self.value() else queryset


class AttentionFilter(DropdownFilter):
    """By what somebody should look at; the dashboard counts the same."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("delayed", "Delayed now, or skipped today"),
            ("exceeding", "Running longer than expected"),
            ("late", "Opened late"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "delayed":
                return queryset.filter(_is_delayed_or_skipped_today(database_now()))
            case "exceeding":
                return queryset.filter(status=S.RUNNING, started_at__lt=Now() - _EXPECTED)
            case "late":
                return queryset.filter(is_late=True)
        return queryset


FILTERS = (
    *(StatusFilter, TimeFilter, JobFilter, CategoryFilter, TeamFilter),
    *(QueueFilter, OriginFilter, AttentionFilter),
)


def search_executions(queryset: Any, term: str) -> Any:
    """Find by the id of an execution, a job or a Celery task, or by a part of a job's name."""
    # A task is named by its execution and the fence: "<id>.3".
    if key := as_uuid(term.partition(".")[0]):
        return queryset.filter(pk=key) | queryset.filter(job_id=key)
    jobs = JobDefinition.objects.filter(name__iexact=term)
    if not jobs.exists():
        jobs = JobDefinition.objects.filter(name__icontains=term).order_by("name")
    return queryset.filter(job_id__in=list(jobs.values_list("pk", flat=True)[:_MOST_FOUND]))


def as_uuid(text: str) -> UUID | None:
    """Return the id that the text is, if it is one."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def _is_delayed_or_skipped_today(now: datetime) -> Q:
    since = now - timedelta(seconds=LATE_SECONDS)
    delayed = Q(status__in=READY, due_at__lt=since)
    return delayed | Q(status=S.SKIPPED, completed_at__gte=midnight(now))
