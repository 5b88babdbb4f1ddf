"""Filters of the list of executions: only such as an index answers."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest

from executions.states import ExecutionStatus
from jobs.models import JobDefinition

_MOST_LISTED = 50
_MOST_FOUND = 20


class StatusFilter(admin.SimpleListFilter):
    """By status. What is unfinished is little; what is over has its own index."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, status.label) for status in ExecutionStatus]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(status=self.value()) if self.value() else queryset


class JobFilter(admin.SimpleListFilter):
    """By job. Of very many jobs only the first are listed; the search knows all."""

    title = "job"
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        jobs = JobDefinition.objects.unarchived().order_by("name").values_list("pk", "name")
        listed = [(str(key), name) for key, name in jobs[:_MOST_LISTED]]
        chosen = as_uuid(self.value() or "")
        if chosen and str(chosen) not in dict(listed):
            listed += [(str(j.pk), j.name) for j in JobDefinition.objects.filter(pk=chosen)]
        return listed

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = as_uuid(self.value() or "")
        if chosen is None:
            return queryset.none() if self.value() else queryset
        return queryset.filter(job_id=chosen)


def search_executions(queryset: Any, term: str) -> Any:
    """Find by the id of an execution or a job, or by a job's name or a part of it."""
    if key := as_uuid(term):
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
