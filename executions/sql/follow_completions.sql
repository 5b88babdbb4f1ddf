-- Give the schedules that fire after their last run has ended their next slot, once it has: its end,
-- or the schedule's last change if that was later, and the delay. One that has not run yet counts
-- from its last change, or fires at its start if that is later. Returns the schedules.
UPDATE jobs_jobschedule s
SET next_fire_at = due.at, next_run_at = due.at
FROM (
    SELECT s.id,
           greatest(
               date_trunc('second', greatest(last.completed_at, s.versioned_at))
                   + make_interval(secs => s.delay_seconds),
               s.start_at
           ) AS at
    FROM jobs_jobschedule s
    LEFT JOIN LATERAL (
        SELECT e.id, e.completed_at
        FROM executions_jobexecution e
        WHERE e.schedule_id = s.id AND e.origin = 'schedule'
        ORDER BY e.scheduled_for DESC
        LIMIT 1
    ) AS last ON true
    WHERE s.schedule_type = 'after_completion'
      AND s.next_fire_at IS NULL
      AND s.is_active
      AND s.paused_at IS NULL
      AND s.archived_at IS NULL
      AND (s.max_runs IS NULL OR s.run_count < s.max_runs)
      AND (last.id IS NULL OR last.completed_at IS NOT NULL)
    FOR UPDATE OF s SKIP LOCKED
) AS due
WHERE s.id = due.id AND s.next_fire_at IS NULL AND (s.end_at IS NULL OR due.at <= s.end_at)
RETURNING s.id
