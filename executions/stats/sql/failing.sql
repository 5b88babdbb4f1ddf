-- The jobs with the most failures (timeouts included) of the last days, today included. Archived
-- jobs are left out: nobody can mend them any more.
WITH clock AS (
    SELECT (coalesce(%(now)s::timestamptz, now()) AT TIME ZONE 'UTC')::date AS today
), days AS (
    SELECT today - back AS day,
           (today - back)::timestamp AT TIME ZONE 'UTC' AS begins,
           (today - back + 1)::timestamp AT TIME ZONE 'UTC' AS ends,
           EXISTS (SELECT 1 FROM executions_rolledupday r WHERE r.day = today - back) AS is_counted
    FROM clock
    CROSS JOIN generate_series(0, %(days)s::int - 1) AS back
), failures AS (
    SELECT d.job_id, d.failed + d.timed_out AS failures, d.last_failure_at
    FROM executions_jobday d
    WHERE d.day = ANY(ARRAY(SELECT day FROM days WHERE is_counted)) AND d.failed + d.timed_out > 0
    UNION ALL
    SELECT e.job_id, e.failures, e.last_failure_at
    FROM days
    CROSS JOIN unnest(ARRAY['failed', 'timed_out']) AS final (status)
    CROSS JOIN LATERAL (
        -- Counted day by day, so that each is one range of the index.
        SELECT job_id, count(*) AS failures, max(completed_at) AS last_failure_at
        FROM executions_jobexecution
        WHERE status = final.status AND completed_at >= days.begins AND completed_at < days.ends
        GROUP BY job_id
    ) AS e
    WHERE NOT days.is_counted
), failing AS (
    SELECT job_id, sum(failures)::bigint AS failures, max(last_failure_at) AS last_failure_at
    FROM failures
    GROUP BY job_id
)
SELECT j.id AS "jobDefinitionId",
       j.name AS "jobName",
       j.category,
       f.failures AS "failureCount",
       f.last_failure_at AS "lastFailureUtc",
       coalesce(o.owner_name, '') AS "ownerName",
       coalesce(o.owner_email, '') AS "ownerEmail"
FROM failing f
JOIN jobs_jobdefinition j ON j.id = f.job_id
LEFT JOIN jobs_jobownership o ON o.job_id = j.id
WHERE j.status <> 'archived'
ORDER BY f.failures DESC, f.last_failure_at DESC, j.id
LIMIT %(limit)s
