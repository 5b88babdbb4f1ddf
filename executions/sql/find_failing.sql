-- Find the firing schedules whose last runs since somebody last changed them have all failed, as many
-- as each allows (pause_after_failures). Looks only at schedules of which a run has failed since
-- `since`. Each row has the time of the look (now); when there is no such schedule, one row says
-- just that.
WITH failed AS (
    SELECT DISTINCT schedule_id
    FROM executions_jobexecution
    WHERE status IN ('failed', 'timed_out')
      AND completed_at > coalesce(%(since)s::timestamptz, '-infinity')
      AND schedule_id IS NOT NULL
), failing AS (
    SELECT s.id, s.pause_after_failures AS failures
    FROM failed
    -- By key, one by one: those that have failed lately are few.
    CROSS JOIN LATERAL (
        SELECT * FROM jobs_jobschedule WHERE id = failed.schedule_id LIMIT 1
    ) AS s
    CROSS JOIN LATERAL (
        SELECT count(*) AS count, bool_and(e.status IN ('failed', 'timed_out')) AS has_failed
        FROM (
            SELECT e.status
            FROM executions_jobexecution e
            WHERE e.job_id = s.job_id
              AND e.schedule_id = s.id
              AND e.started_at IS NOT NULL
              -- What was skipped or cancelled on the way says nothing of the job.
              AND e.status IN ('succeeded', 'failed', 'timed_out')
              AND e.completed_at > coalesce(s.updated_at, s.created_at)
            ORDER BY e.id DESC
            LIMIT s.pause_after_failures
        ) AS e
    ) AS recent
    WHERE s.pause_after_failures IS NOT NULL
      AND s.paused_at IS NULL
      AND s.is_active
      AND s.archived_at IS NULL
      AND recent.count = s.pause_after_failures
      AND recent.has_failed
)
SELECT clock.now, failing.id, failing.failures
FROM (SELECT now() AS now) AS clock
LEFT JOIN failing ON true
