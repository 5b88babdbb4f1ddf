"""What the dashboard shows, by the contract's names. Days are UTC days, times are aware.

Past days come from the rollups; days not rolled up yet, and today, are counted from the executions.
"""

from executions.stats.failing import top_failing_jobs
from executions.stats.figures import dashboard_stats
from executions.stats.stale import stale_jobs
from executions.stats.trends import execution_trends
from executions.stats.upcoming import upcoming_jobs

__all__ = [
    "dashboard_stats",
    "execution_trends",
    "stale_jobs",
    "top_failing_jobs",
    "upcoming_jobs",
]
