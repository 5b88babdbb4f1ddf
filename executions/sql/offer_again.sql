-- Take unclaimed rows whose message is overdue and whose queue may have lost it, double the wait
-- until the next look, and return them for publishing with the same fence. The count stops at 30:
-- beyond lies no other wait, only an overflow.
UPDATE executions_jobexecution e
SET publish_count = least(e.publish_count + 1, 30),
    publish_again_at = coalesce(%(now)s::timestamptz, now())
        + make_interval(secs => least(
            %(publish_again)s * 2 ^ least(e.publish_count + 1, 30), %(publish_again_max)s
        ))
FROM jobs_jobdefinition job
WHERE e.id IN (
        SELECT id
        FROM executions_jobexecution
        WHERE status = 'queued'
          AND publish_again_at <= coalesce(%(now)s::timestamptz, now())
          AND queue = %(queue)s
        ORDER BY publish_again_at
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
  AND job.id = e.job_id
RETURNING e.id, e.fence, e.queue, job.name AS job_name
