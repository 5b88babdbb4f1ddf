"""Filters of the lists of jobs and schedules."""

from typing import Any

from django.db.models import F, Q
from django.http import HttpRequest

from core.admin_filters import ChoiceFilter
from jobs.models import (
    ExclusionScope,
    ExecutionMode,
    HolidayCalendar,
    JobDefinition,
    JobOwnership,
    JobStatus,
    Queue,
    ScheduleType,
)

_MOST_LISTED = 200


class StatusFilter(ChoiceFilter):
    """Archived jobs are out of sight unless asked for."""

    title = "status"
    parameter_name = "status"
    all_option = ("", "All but archived")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(JobStatus.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value():
            return queryset.filter(status=self.value())
        return queryset.unarchived()


class _ColumnFilter(ChoiceFilter):
    """By one column; what is offered is what the rows hold, or a fixed list of choices."""

    column: str
    choices_of_column: Any = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if self.choices_of_column is not None:
            return list(self.choices_of_column)
        return [(value, value) for value in self.offered()[:_MOST_LISTED]]

    def offered(self) -> Any:
        """Return the values to choose from."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class TeamFilter(_ColumnFilter):
    """By the team that answers for the job."""

    title = "team"
    parameter_name = "team"
    column = "ownership__team_name"

    def offered(self) -> Any:
        teams = JobOwnership.objects.exclude(team_name="").order_by("team_name")
        return teams.values_list("team_name", flat=True).distinct()


class CategoryFilter(_ColumnFilter):
    """By category."""

    title = "category"
    parameter_name = "category"
    column = "category"

    def offered(self) -> Any:
        jobs = JobDefinition.objects.exclude(category="").order_by("category")
        return jobs.values_list("category", flat=True).distinct()


class QueueFilter(_ColumnFilter):
    """By the queue that the job's executions wait in."""

    title = "queue"
    parameter_name = "queue"
    column = "queue"

    def offered(self) -> Any:
        return Queue.objects.order_by("name").values_list("name", flat=True)


class ModeFilter(_ColumnFilter):
    """By how the job is carried out."""

    title = "mode"
    parameter_name = "mode"
    column = "execution_mode"
    choices_of_column = ExecutionMode.choices


class KindFilter(_ColumnFilter):
    """By the kind of rule."""

    title = "kind"
    parameter_name = "kind"
    column = "schedule_type"
    choices_of_column = ScheduleType.choices


_STARTED = Q(is_active=True, paused_at__isnull=True)
_OVER = Q(next_fire_at__isnull=True, stuck_at__isnull=True)
_FOLLOWS = Q(schedule_type=ScheduleType.AFTER_COMPLETION) & (
    Q(max_runs__isnull=True) | Q(run_count__lt=F("max_runs"))
)
# As ``schedule_badge`` tells them.
_STATES = {
    "active": _STARTED & Q(stuck_at__isnull=True) & (~_OVER | _FOLLOWS),
    "paused": Q(is_active=True, paused_at__isnull=False),
    "stopped": Q(is_active=False),
    "stuck": _STARTED & Q(stuck_at__isnull=False),
    "completed": _STARTED & _OVER & ~_FOLLOWS,
}


class ScheduleStateFilter(ChoiceFilter):
    """Archived schedules are out of sight unless asked for."""

    title = "state"
    parameter_name = "state"
    all_option = ("", "All but archived")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in (*_STATES, "archived")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "archived":
            return queryset.filter(archived_at__isnull=False)
        condition = _STATES.get(self.value() or "", Q())
        return queryset.unarchived().filter(condition)


class ScopeFilter(_ColumnFilter):
    """By what an exclusion window holds for."""

    title = "holds for"
    parameter_name = "scope"
    column = "scope"
    choices_of_column = ExclusionScope.choices


class CalendarFilter(_ColumnFilter):
    """By the calendar that a schedule reckons with."""

    title = "calendar"
    parameter_name = "calendar"
    column = "calendar__name"

    def offered(self) -> Any:
        return HolidayCalendar.objects.order_by("name").values_list("name", flat=True)


class ArchivedFilter(ChoiceFilter):
    """What is archived is out of sight unless asked for."""

    title = "state"
    parameter_name = "state"
    all_option = ("", "All but archived")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("archived", "Archived")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(archived_at__isnull=self.value() != "archived")
