"""How far backfills are: counted from their executions, never stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count

from executions.models import Backfill, JobExecution
from executions.states import FINAL, UNFINISHED, ExecutionStatus


@dataclass(frozen=True)
class Progress:
    """How many executions of a backfill are in each status; those that retention left."""

    counts: Mapping[str, int] = field(default_factory=dict)
    is_cancelled: bool = False

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def finished(self) -> int:
        return sum(self.counts.get(status, 0) for status in FINAL)

    @property
    def failed(self) -> int:
        statuses = (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT)
        return sum(self.counts.get(status, 0) for status in statuses)

    @property
    def waiting(self) -> int:
        return self.counts.get(ExecutionStatus.WAITING, 0)

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return self.finished / self.total if self.total else 1.0

    @property
    def is_over(self) -> bool:
        return not any(self.counts.get(status) for status in UNFINISHED)

    @property
    def state(self) -> str:
        """In a word: running, cancelling, cancelled or finished."""
        if self.is_cancelled:
            return "cancelled" if self.is_over else "cancelling"
        return "finished" if self.is_over else "running"


def progress_of(backfills: Iterable[Backfill]) -> dict[UUID, Progress]:
    """The progress of each, in one query."""
    counts: defaultdict[UUID | None, dict[str, int]] = defaultdict(dict)
    rows = list(backfills)
    found = JobExecution.objects.filter(backfill__in=[row.pk for row in rows])
    grouped = found.order_by().values_list("backfill_id", "status").annotate(count=Count("pk"))
    for backfill, status, count in grouped:
        counts[backfill][status] = count
    return {row.pk: Progress(counts[row.pk], row.cancelled_at is not None) for row in rows}
