"""How executions ended, day by day."""

from datetime import datetime

from core.sql import Row, load

TRENDS = load(__file__, "trends")


def execution_trends(*, days: int = 7, now: datetime | None = None) -> list[Row]:
    """Return one row for each of the last ``days`` UTC days, today included, oldest first.

    - ``totalExecutions``: what ended that day, skipped ones aside: nothing of them was carried out;
    - ``successCount``, ``failureCount`` and ``timeoutCount`` are parts of it, the rest is
      cancelled;
    - ``avgDurationSeconds``: of the last attempt of what succeeded, failed or timed out; 0 when
      there is none, because the contract's clients take no null.
    """
    return TRENDS.rows(now=now, days=days)
