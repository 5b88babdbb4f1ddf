"""Telling holes from what retention has deleted."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from core.sql import load
from executions.models import RolledUpDay
from executions.states import FINAL

DELETED = load(__file__, "deleted")


class Forgetting:
    """Which jobs lack executions of which days.

    Retention deletes the oldest first, and only what ended on a day whose executions were counted.
    So a slot without an execution is forgotten when of its day, or a later one, fewer executions
    are left of its job than were counted. Asks once about each day, and only if there is a slot
    without an execution.
    """

    def __init__(self) -> None:
        self._deleted: dict[date, frozenset[UUID]] = {}
        self._last_day: date | None = None
        self._is_known = False

    def has_deleted(self, job: UUID, slot: datetime) -> bool:
        """Whether the job's execution of a slot may have been deleted."""
        day, last = slot.astimezone(UTC).date(), self._last_counted_day()
        while last is not None and day <= last:
            if job in self._of(day):
                return True
            day += timedelta(days=1)
        return False

    def _last_counted_day(self) -> date | None:
        if not self._is_known:
            newest = RolledUpDay.objects.order_by("-day").values_list("day", flat=True)
            self._last_day, self._is_known = newest.first(), True
        return self._last_day

    def _of(self, day: date) -> frozenset[UUID]:
        if day not in self._deleted:
            rows = DELETED.rows(day=day, statuses=list(FINAL))
            self._deleted[day] = frozenset(row["job_id"] for row in rows)
        return self._deleted[day]
