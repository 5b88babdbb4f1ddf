"""The figures of the dashboard, in one round trip. "Today" begins at UTC midnight."""

from typing import Any

from django.db import connection

LATE_SECONDS = 60

# Each part reads one partial index: jobs, running, ready, and today's outcomes.
_STATS = """
WITH jobs AS (
    SELECT count(*) AS total,
           count(*) FILTER (WHERE status = 'active') AS active,
           count(*) FILTER (WHERE status = 'disabled') AS disabled
    FROM jobs_jobdefinition
    WHERE status <> 'archived'
), running AS (
    SELECT count(*) AS total,
           count(*) FILTER (
               WHERE now() - e.started_at > make_interval(secs => j.expected_duration_seconds)
           ) AS exceeding
    FROM executions_jobexecution e
    JOIN jobs_jobdefinition j ON j.id = e.job_id
    WHERE e.status = 'running'
), delayed AS (
    SELECT count(*) AS total
    FROM executions_jobexecution e
    WHERE e.status IN ('scheduled', 'retrying')
      AND e.due_at < now() - make_interval(secs => %(late)s)
), today AS (
    SELECT count(*) FILTER (WHERE e.status = 'succeeded') AS succeeded,
           count(*) FILTER (WHERE e.status IN ('failed', 'timed_out')) AS failed,
           count(*) FILTER (WHERE e.status = 'skipped') AS skipped,
           avg(extract(epoch FROM e.completed_at - e.started_at))
               FILTER (WHERE e.status <> 'skipped') AS seconds
    FROM executions_jobexecution e
    WHERE e.status IN ('succeeded', 'failed', 'timed_out', 'skipped')
      AND e.completed_at >= date_trunc('day', now(), 'UTC')
)
SELECT jobs.total, jobs.active, jobs.disabled, running.total, running.exceeding,
       delayed.total, today.succeeded, today.failed, today.skipped, today.seconds
FROM jobs, running, delayed, today
"""


def dashboard_stats() -> dict[str, Any]:
    """Return the figures by the contract's names.

    - ``failedToday`` counts failed and timed out, ``succeededToday`` succeeded executions;
    - ``delayedOrSkipped``: skipped today, or waiting now for more than a minute past their time;
    - ``exceedingExpectedDuration``: running for longer than their job expects;
    - ``averageExecutionTimeSeconds``: of the last attempt of what succeeded, failed or timed out
      today; ``successRatePercentage``: of the same. Both are 0 while nothing has ended, because
      the contract's clients take no null.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATS, {"late": LATE_SECONDS})
        row = cursor.fetchone()
    total, active, disabled, running, exceeding, delayed, succeeded, failed, skipped, seconds = row
    ended = succeeded + failed
    return {
        "totalJobs": total,
        "activeJobs": active,
        "disabledJobs": disabled,
        "runningExecutions": running,
        "failedToday": failed,
        "succeededToday": succeeded,
        "delayedOrSkipped": delayed + skipped,
        "exceedingExpectedDuration": exceeding,
        "averageExecutionTimeSeconds": round(float(seconds or 0), 3),
        "successRatePercentage": round(100 * succeeded / ended, 2) if ended else 0.0,
    }
