-- Whether the last slots that ran of schedule `s` since somebody last changed it have all failed, as
-- many as it allows (pause_after_failures). NULL or false where it allows any number.
SELECT count(*) = s.pause_after_failures
       AND bool_and(recent.status IN ('failed', 'timed_out'))
FROM (
    SELECT e.status
    FROM executions_jobexecution e
    WHERE e.job_id = s.job_id
      AND e.schedule_id = s.id
      AND e.origin = 'schedule'
      AND e.started_at IS NOT NULL
      -- What was skipped or cancelled on the way says nothing of the job.
      AND e.status IN ('succeeded', 'failed', 'timed_out')
      AND e.completed_at > coalesce(s.updated_at, s.created_at)
    ORDER BY e.id DESC
    LIMIT s.pause_after_failures
) AS recent
