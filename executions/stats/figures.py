"""The figures of the dashboard, in one round trip. "Today" begins at UTC midnight."""

from datetime import datetime
from typing import Any

from core.sql import load

FIGURES = load(__file__, "figures")

LATE_SECONDS = 60.0


def dashboard_stats(*, now: datetime | None = None) -> dict[str, Any]:
    """Return the figures by the contract's names.

    - ``failedToday`` counts failed and timed out, ``succeededToday`` succeeded executions;
    - ``delayedOrSkipped``: skipped today, or waiting now for more than a minute past their time;
    - ``exceedingExpectedDuration``: running for longer than their job expects;
    - ``averageExecutionTimeSeconds``: of the last attempt of what succeeded, failed or timed out
      today; ``successRatePercentage``: of the same. Both are 0 while nothing has ended, because
      the contract's clients take no null.
    """
    (row,) = FIGURES.rows(now=now, late=LATE_SECONDS)
    ended = row["succeeded"] + row["failed"]
    return {
        "totalJobs": row["total"],
        "activeJobs": row["active"],
        "disabledJobs": row["disabled"],
        "runningExecutions": row["running"],
        "failedToday": row["failed"],
        "succeededToday": row["succeeded"],
        "delayedOrSkipped": row["delayed"] + row["skipped"],
        "exceedingExpectedDuration": row["exceeding"],
        "averageExecutionTimeSeconds": round(row["seconds"], 3),
        "successRatePercentage": round(100 * row["succeeded"] / ended, 2) if ended else 0.0,
    }
