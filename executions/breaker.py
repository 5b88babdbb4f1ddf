"""Pausing schedules whose last runs have all failed."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.trail import PLATFORM
from core.sql import load
from executions.wake import poke_after_commit
from jobs.models import JobSchedule
from jobs.pausing import pause_schedule
from jobs.surroundings_lock import try_to_hold_surroundings

FIND_FAILING = load(__file__, "find_failing")
# A failure may be recorded in a transaction that ends later than the look after its beginning.
_OVERLAP = timedelta(minutes=5)


class Breaker:
    """Looks at what has failed since it last looked; the first time at all there is."""

    def __init__(self) -> None:
        self._since: datetime | None = None

    def pause_failing(self) -> int:
        """Pause each schedule that failed as often in a row as it allows; return how many.

        Slots that fall due before that are skipped by the planner, which asks the same question.
        """
        rows = FIND_FAILING.rows(since=self._since)
        paused = sum(_pause(row["id"], row["failures"]) for row in rows if row["id"])
        self._since = rows[0]["now"] - _OVERLAP
        return paused


@transaction.atomic
def _pause(schedule_id: UUID, failures: int) -> bool:
    # Beat waits for nobody: what somebody has locked is found again at the next look.
    if not try_to_hold_surroundings():
        return False
    free = JobSchedule.objects.select_for_update(skip_locked=True, of=("self",))
    schedule = free.filter(pk=schedule_id).first()
    if schedule is None or not schedule.is_firing:
        return False
    times = "time" if failures == 1 else "times in a row"
    pause_schedule(actor=PLATFORM, schedule=schedule, reason=f"It has failed {failures} {times}.")
    poke_after_commit()
    return True
