-- Find the firing schedules whose last runs since their last change have all failed, as many as each
-- allows (pause_after_failures).
SELECT s.id, s.pause_after_failures AS failures
FROM jobs_jobschedule s
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
          AND e.completed_at > s.versioned_at
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
