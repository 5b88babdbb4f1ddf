-- The last success of each of some jobs that has one.
SELECT job.id AS job_id, success.id AS execution_id
FROM unnest(%(jobs)s::uuid[]) AS job (id)
CROSS JOIN LATERAL (
    SELECT e.id
    FROM executions_jobexecution e
    WHERE e.job_id = job.id AND e.status = 'succeeded'
    ORDER BY e.id DESC
    LIMIT 1
) AS success
