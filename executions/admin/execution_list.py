"""The list of executions: which index its rows are taken from, whatever is asked for."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.http import HttpRequest

from core.admin_paging import HistoryList
from executions.admin.filters import AttentionFilter, OriginFilter, StatusFilter
from executions.admin.job_filters import JOB_FILTERS
from executions.admin.time_filter import TimeFilter
from executions.lists import Newest
from executions.models import Origin
from jobs.models import JobDefinition

FILTERS = (StatusFilter, TimeFilter, *JOB_FILTERS, OriginFilter, AttentionFilter)

F = TypeVar("F")


class ExecutionList(HistoryList):
    """Newest first by their opening; by their end where only ways of ending are chosen.

    Walking a long history past what is not wanted takes seconds. So the ids of the pages up to the
    one that is shown come from the indexes where the wanted ones are neighbours.
    """

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return what was chosen, and of much no more than the pages up to this one show."""
        chosen = super().get_queryset(request, *args, **kwargs)
        if self.query or self._filter(AttentionFilter).value():
            return chosen
        most = self.page_num * self.list_per_page + 1
        if self._is_by_end():
            return self._by_end(chosen, most)
        if self._filter(TimeFilter).is_of_end or not self._is_narrow():
            return chosen
        return chosen.filter(pk__in=self._newest().find(None, limit=most))

    def _filter(self, kind: type[F]) -> F:
        return next(one for one in self.filter_specs if isinstance(one, kind))

    def _chosen_of_jobs(self) -> Iterable[Any]:
        return [one for one in self.filter_specs if isinstance(one, JOB_FILTERS) and one.value()]

    def _is_by_end(self) -> bool:
        """Return whether nothing but final statuses and a time is chosen."""
        is_more = self._chosen_of_jobs() or self._filter(OriginFilter).value()
        return self._filter(StatusFilter).are_final and not is_more and not self._opened_until()

    def _is_narrow(self) -> bool:
        """Return whether what is chosen may be rare among what is not."""
        by_hand = self._filter(OriginFilter).value() == Origin.MANUAL
        return bool(self._filter(StatusFilter).statuses or self._chosen_of_jobs() or by_hand)

    def _by_end(self, chosen: Any, most: int) -> Any:
        chosen = chosen.order_by("-completed_at", "-pk")
        statuses = self._filter(StatusFilter).statuses
        if len(statuses) == 1:
            return chosen
        parts = [chosen.filter(status=status).values("pk")[:most] for status in statuses]
        return chosen.filter(pk__in=parts[0].union(*parts[1:], all=True))

    def _newest(self) -> Newest:
        jobs = JobDefinition.objects.all()
        for one in self._chosen_of_jobs():
            jobs = one.jobs(jobs)
        origin = self._filter(OriginFilter).value()
        periods = self._filter(TimeFilter).periods()
        return Newest(
            jobs=jobs if self._chosen_of_jobs() else None,
            statuses=self._filter(StatusFilter).statuses,
            is_manual=origin == Origin.MANUAL if origin else None,
            opened_from=max((one.since for one in periods if one.since), default=None),
            opened_until=min((one.until for one in periods if one.until), default=None),
        )

    def _opened_until(self) -> bool:
        return any(period.until for period in self._filter(TimeFilter).periods())
