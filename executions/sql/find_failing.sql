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
    WHERE s.pause_after_failures IS NOT NULL
      AND s.paused_at IS NULL
      AND s.is_active
      AND s.archived_at IS NULL
      AND (
          \ir parts/is_failing.sql
      )
)
SELECT clock.now, failing.id, failing.failures
FROM (SELECT now() AS now) AS clock
LEFT JOIN failing ON true
