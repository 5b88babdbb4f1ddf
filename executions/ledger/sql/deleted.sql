-- The jobs of which fewer executions are left than ended on one UTC day: retention has deleted some.
-- No row when the day is not added up yet: nothing of it is ever deleted.
SELECT d.job_id
FROM executions_jobday d
LEFT JOIN (
    SELECT job_id, count(*) AS executions
    FROM executions_jobexecution
    WHERE status = ANY(%(statuses)s::text[])
      AND completed_at >= (%(day)s::date)::timestamp AT TIME ZONE 'UTC'
      AND completed_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY job_id
) AS kept ON kept.job_id = d.job_id
WHERE d.day = %(day)s
  AND d.succeeded + d.failed + d.timed_out + d.cancelled + d.skipped > coalesce(kept.executions, 0)
