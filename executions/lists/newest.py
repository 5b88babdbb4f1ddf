"""The newest executions that match, found without reading those that do not.

Of a large history, walking from the newest on and passing over what does not match may take
seconds: what is looked for may be rare, or long ago. So the few newest are taken from the index of
each job (and status), and the newest of these are the answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, OuterRef, QuerySet, UUIDField

from core.api.paging import Place, from_place
from core.ids import first_uuid7
from executions.lists.rows import listed
from executions.models import JobExecution, Origin
from executions.states import FINAL, UNFINISHED
from jobs.models import JobDefinition

# Ids are made by the clocks of several machines, ``opened_at`` by the database's.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Newest:
    """Which executions are wanted, as a source of pages; None wants all.

    ``jobs`` are the jobs as they are now. ``opened_from`` is inclusive, ``opened_until`` exclusive.
    """

    jobs: QuerySet[JobDefinition] | None = None
    statuses: tuple[str, ...] = ()
    is_manual: bool | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None

    def read(self, place: Place | None, *, limit: int) -> list[JobExecution]:
        """Return the rows nearest to ``place``, nearest first."""
        ids = list(self.find(place, limit=limit).values_list("found", flat=True))
        rows = list(from_place(listed(JobExecution.objects.filter(pk__in=ids)), place))
        # Fewer would look like the last page: what was deleted in between is found no more.
        return rows if len(rows) == len(ids) else self.read(place, limit=limit)

    def find(self, place: Place | None, *, limit: int) -> QuerySet[Any]:
        """Return the query of their ids, as ``found``."""
        is_back = place is not None and place.is_back
        order = "found" if is_back else "-found"
        first, *others = (part.order_by(order)[:limit] for part in self._parts(place, limit))
        return first.union(*others, all=True).order_by(order)[:limit] if others else first

    def _parts(self, place: Place | None, limit: int) -> Iterator[QuerySet[Any]]:
        """Yield queries whose first rows, taken together, hold the rows that are wanted."""
        wanted = from_place(self._wanted(), place)
        if not self.statuses and self.jobs is None and not self.is_manual:
            yield _ids(wanted)
            return
        jobs = JobDefinition.objects.all() if self.jobs is None else self.jobs
        if not self.statuses:
            yield _first_of_each(jobs, wanted, limit)
        for status in sorted(set(self.statuses) & set(FINAL)):
            yield _first_of_each(jobs, wanted.filter(status=status), limit)
        if unfinished := sorted(set(self.statuses) & set(UNFINISHED)):
            under_way = wanted.filter(status__in=unfinished)
            yield _ids(under_way if self.jobs is None else under_way.filter(job__in=self.jobs))

    def _wanted(self) -> QuerySet[JobExecution]:
        """Return the executions by origin and time, of whatever job and status."""
        wanted = JobExecution.objects.all()
        if self.is_manual is not None:
            by_hand = {"origin": Origin.MANUAL}
            wanted = wanted.filter(**by_hand) if self.is_manual else wanted.exclude(**by_hand)
        if self.opened_from is not None:
            first = first_uuid7(self.opened_from, shift=-CLOCK_SKEW)
            wanted = wanted.filter(pk__gte=first, opened_at__gte=self.opened_from)
        if self.opened_until is not None:
            end = first_uuid7(self.opened_until, shift=CLOCK_SKEW)
            wanted = wanted.filter(pk__lt=end, opened_at__lt=self.opened_until)
        return wanted


def _ids(executions: QuerySet[JobExecution]) -> QuerySet[Any]:
    return executions.annotate(found=F("pk")).values("found")


def _first_of_each(
    jobs: QuerySet[JobDefinition], executions: QuerySet[JobExecution], limit: int
) -> QuerySet[Any]:
    """Return the ids of the first executions of each job."""
    first = executions.filter(job=OuterRef("pk")).values("pk")[:limit]
    found = Func(ArraySubquery(first), function="unnest", output_field=UUIDField())
    return jobs.order_by().annotate(found=found).values("found")
