-- How many executions of a queue that are due go before one that is, by priority, then by when they
-- were due; at most `most` are counted. One probe per job of the queue.
SELECT count(*) AS count
FROM (
    SELECT 1
    FROM jobs_jobdefinition job
    CROSS JOIN LATERAL (
        (
            SELECT 1
            FROM executions_jobexecution e
            WHERE e.job_id = job.id
              AND e.status IN ('scheduled', 'retrying')
              AND e.priority > %(priority)s::smallint
              AND e.due_at <= %(now)s::timestamptz
            LIMIT %(most)s
        )
        UNION ALL
        (
            SELECT 1
            FROM executions_jobexecution e
            WHERE e.job_id = job.id
              AND e.status IN ('scheduled', 'retrying')
              AND e.priority = %(priority)s::smallint
              AND e.due_at <= %(now)s::timestamptz
              AND (e.due_at, e.id) < (%(due_at)s::timestamptz, %(id)s::uuid)
            LIMIT %(most)s
        )
    ) before
    WHERE job.queue_id = %(queue)s AND job.status = 'active'
    LIMIT %(most)s
) counted
