-- How the executions of each of the last days ended, today included, oldest day first; empty days
-- too. Days that are rolled up are read from there, the others from the executions of these days.
WITH clock AS (
    SELECT (coalesce(%(now)s::timestamptz, now()) AT TIME ZONE 'UTC')::date AS today
), days AS (
    SELECT today - back AS day,
           (today - back)::timestamp AT TIME ZONE 'UTC' AS begins,
           (today - back + 1)::timestamp AT TIME ZONE 'UTC' AS ends,
           EXISTS (SELECT 1 FROM executions_rolledupday r WHERE r.day = today - back) AS is_counted
    FROM clock
    CROSS JOIN generate_series(0, %(days)s::int - 1) AS back
), ended AS (
    SELECT d.day, sum(d.succeeded) AS succeeded, sum(d.failed) AS failed,
           sum(d.timed_out) AS timed_out, sum(d.cancelled) AS cancelled,
           sum(d.timed_executions) AS timed_executions, sum(d.seconds) AS seconds
    FROM executions_jobday d
    WHERE d.day = ANY(ARRAY(SELECT day FROM days WHERE is_counted))
    GROUP BY d.day
    UNION ALL
    SELECT days.day,
           CASE WHEN final.status = 'succeeded' THEN e.total END,
           CASE WHEN final.status = 'failed' THEN e.total END,
           CASE WHEN final.status = 'timed_out' THEN e.total END,
           CASE WHEN final.status = 'cancelled' THEN e.total END,
           CASE WHEN final.status <> 'cancelled' THEN e.timed END,
           CASE WHEN final.status <> 'cancelled' THEN e.seconds END
    FROM days
    CROSS JOIN unnest(ARRAY['succeeded', 'failed', 'timed_out', 'cancelled']) AS final (status)
    CROSS JOIN LATERAL (
        SELECT count(*) AS total,
               count(started_at) AS timed,
               sum(extract(epoch FROM completed_at - started_at)::float8) AS seconds
        FROM executions_jobexecution
        WHERE status = final.status AND completed_at >= days.begins AND completed_at < days.ends
    ) AS e
    WHERE NOT days.is_counted
)
SELECT days.day AS "executionDate",
       coalesce(sum(succeeded), 0)::bigint + coalesce(sum(failed), 0)::bigint
           + coalesce(sum(timed_out), 0)::bigint + coalesce(sum(cancelled), 0)::bigint
           AS "totalExecutions",
       coalesce(sum(succeeded), 0)::bigint AS "successCount",
       coalesce(sum(failed), 0)::bigint AS "failureCount",
       coalesce(sum(timed_out), 0)::bigint AS "timeoutCount",
       round((coalesce(sum(seconds) / nullif(sum(timed_executions), 0), 0))::numeric, 3)::float8
           AS "avgDurationSeconds"
FROM days
LEFT JOIN ended ON ended.day = days.day
GROUP BY days.day
ORDER BY days.day
