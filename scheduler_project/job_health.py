"""Whether jobs run as they should, as counts: thresholds and the one query behind them."""

from typing import Any

from django.conf import settings
from django.db import connection

# A check is met while it stays at or below these.
OVERDUE_SECONDS = 60  # a schedule's slot that no planner has opened for longer is overdue
UNSERVED_SECONDS = 60  # as long may a queue with work be without a live worker
BEAT_SILENCE_HEARTBEATS = 3  # of SCHEDULER_HEARTBEAT_SECONDS
FAILING_WITHIN_HOURS = 1
FAILING_SHARE = 0.2  # of the jobs that ended something within that time

_COUNTS = """
WITH ended AS (
    SELECT job_id, bool_and(status IN ('failed', 'timed_out')) AS is_failing
    FROM executions_jobexecution
    WHERE status IN ('succeeded', 'failed', 'timed_out')
      AND completed_at >= now() - make_interval(hours => %(failing_hours)s)
    GROUP BY job_id
)
SELECT
    (SELECT count(*) FROM jobs_jobschedule
     WHERE next_fire_at < now() - make_interval(secs => %(overdue)s)) AS overdue,
    (SELECT extract(epoch FROM now() - max(last_seen_at))::float8 FROM executions_worker
     WHERE kind = 'beat' AND stopped_at IS NULL) AS beat_silence,
    (SELECT count(*) FROM jobs_queue q
     WHERE NOT EXISTS (
           SELECT 1 FROM executions_worker w
           WHERE w.kind = 'worker' AND w.stopped_at IS NULL AND q.name = ANY(w.queues)
             AND w.drain_requested_at IS NULL
             AND w.last_seen_at > now() - make_interval(secs => %(silence)s)
       )
       AND (
           EXISTS (
               SELECT 1 FROM executions_jobexecution e
               WHERE e.status = 'queued' AND e.queue = q.name
                 AND e.queued_at < now() - make_interval(secs => %(unserved)s)
           )
           OR EXISTS (
               SELECT 1 FROM executions_jobexecution e
               JOIN jobs_jobdefinition j ON j.id = e.job_id
               LEFT JOIN jobs_jobownership o ON o.job_id = e.job_id
               WHERE e.status IN ('scheduled', 'retrying') AND j.queue_id = q.name
                 AND e.due_at < now() - make_interval(secs => %(unserved)s)
                 AND NOT EXISTS (
                     SELECT 1 FROM jobs_hold h
                     WHERE h.ended_at IS NULL
                       AND (h.scope = 'everything' OR h.queue_id = q.name OR h.job_id = e.job_id
                            OR h.scope = 'team' AND h.team_name = o.team_name)
                 )
           )
       )) AS unserved,
    (SELECT count(*) FROM ended) AS ended,
    (SELECT count(*) FROM ended WHERE is_failing) AS failing
"""


def job_checks() -> dict[str, dict[str, Any]]:
    """Return each check with its figures and whether it is met.

    A job is failing when all it ended within the hour failed. A single one does not fail the
    check, its owner hears of it; a fifth of them means that something they share is broken.
    """
    silence = BEAT_SILENCE_HEARTBEATS * settings.SCHEDULER_HEARTBEAT_SECONDS
    overdue, beat_silence, unserved, ended, failing = _count(silence)
    return {
        "schedules": {"ok": overdue == 0, "overdue": overdue},
        "beat": {
            "ok": beat_silence is not None and beat_silence <= silence,
            "secondsSinceTick": None if beat_silence is None else round(beat_silence, 1),
        },
        "queues": {"ok": unserved == 0, "withoutWorker": unserved},
        "failures": {
            "ok": failing <= FAILING_SHARE * ended,
            "failingJobs": failing,
            "jobsEnded": ended,
        },
    }


def _count(silence: float) -> tuple[int, float | None, int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNTS,
            {
                "overdue": OVERDUE_SECONDS,
                "unserved": UNSERVED_SECONDS,
                "silence": silence,
                "failing_hours": FAILING_WITHIN_HOURS,
            },
        )
        overdue, beat_silence, unserved, ended, failing = cursor.fetchone()
    return overdue, beat_silence, unserved, ended, failing
