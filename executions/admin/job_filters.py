"""Filters of the list of executions by what their jobs are now."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from executions.models import JobExecution
from jobs.admin import filters as of_jobs
from jobs.models import JobDefinition


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
        yield {
            "form": AutocompleteDropdownForm(
                request=self.request,
                name=self.parameter_name,
                label="By job",
                choices=(),
                field=JobExecution._meta.get_field("job"),
                model_admin=self.model_admin,
                data={self.parameter_name: as_uuid(self.value() or "")},
            )
        }

    def jobs(self, jobs: QuerySet[JobDefinition]) -> QuerySet[JobDefinition]:
        """Return those of the jobs that are chosen."""
        chosen = as_uuid(self.value() or "")
        return jobs.filter(pk=chosen) if chosen else jobs.none()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        chosen = as_uuid(self.value() or "")
        return queryset.filter(job_id=chosen) if chosen else queryset.none()


class OfJobs:
    """Turns a filter of jobs into one of their executions."""

    def has_output(self) -> bool:
        """Return whether there is anything to choose, or something was chosen all the same."""
        own: Any = self
        return bool(own.lookup_choices or own.value())

    def jobs(self, jobs: QuerySet[JobDefinition]) -> QuerySet[JobDefinition]:
        """Return those of the jobs that are chosen."""
        own: Any = super()
        return own.queryset(None, jobs)  # type: ignore[no-any-return]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        own: Any = self
        if not own.value():
            return queryset
        return queryset.filter(job__in=self.jobs(JobDefinition.objects.all()))


class CategoryFilter(OfJobs, of_jobs.CategoryFilter):
    """By the category of the job."""


class TeamFilter(OfJobs, of_jobs.TeamFilter):
    """By the team that answers for the job."""


class QueueFilter(OfJobs, of_jobs.QueueFilter):
    """By the queue that the job's executions wait in."""


JOB_FILTERS = (JobFilter, CategoryFilter, TeamFilter, QueueFilter)


def as_uuid(text: str) -> UUID | None:
    """Return the id that the text is, if it is one."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
