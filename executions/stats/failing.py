"""The jobs that fail most."""

from datetime import datetime

from core.sql import Row, load

FAILING = load(__file__, "failing")


def top_failing_jobs(*, days: int = 7, limit: int = 10, now: datetime | None = None) -> list[Row]:
    """Return the jobs with the most failures within the last ``days`` UTC days, today included.

    ``failureCount`` counts failed and timed out executions, each once, whatever its attempts.
    Archived jobs are left out.
    """
    return FAILING.rows(now=now, days=days, limit=limit)
