-- Count the executions that ended on one UTC day, a row for each job that had any. Returns the
-- number of executions.
WITH ended AS (
    SELECT job_id, status, completed_at,
           CASE WHEN status IN ('succeeded', 'failed', 'timed_out')
                THEN extract(epoch FROM completed_at - started_at) END AS seconds
    FROM executions_jobexecution
    WHERE status = ANY(%(statuses)s::text[])
      AND completed_at >= (%(day)s::date)::timestamp AT TIME ZONE 'UTC'
      AND completed_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
), counted AS (
    INSERT INTO executions_jobday
        (day, job_id, succeeded, failed, timed_out, cancelled, skipped, timed_executions, seconds,
         last_failure_at)
    SELECT %(day)s::date, job_id,
           count(*) FILTER (WHERE status = 'succeeded'),
           count(*) FILTER (WHERE status = 'failed'),
           count(*) FILTER (WHERE status = 'timed_out'),
           count(*) FILTER (WHERE status = 'cancelled'),
           count(*) FILTER (WHERE status = 'skipped'),
           count(seconds),
           coalesce(sum(seconds), 0),
           max(completed_at) FILTER (WHERE status IN ('failed', 'timed_out'))
    FROM ended
    GROUP BY job_id
    RETURNING succeeded + failed + timed_out + cancelled + skipped AS executions
)
SELECT coalesce(sum(executions), 0)::bigint AS executions FROM counted
