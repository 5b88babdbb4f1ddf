-- For each job: the instant before which its finished executions are too old, the execution before
-- which they are too many (NULL: no limit), and those that stay in any case, because they are the
-- last that was started by hand or by a schedule: the lists show them (``last.py``).
--
-- They are asked for as ranges, in the order of all columns, which only the index of all can give.
-- By the key alone, the last of a job that never ran is looked for among all executions.
SELECT j.id AS job_id, j.name AS job_name,
       coalesce(%(now)s::timestamptz, now())
           -- Nothing is as old as 20,000 days, and much further back there are no timestamps.
           - make_interval(days => least(coalesce(j.keep_days, %(keep_days)s::int), 20000))
               AS completed_before,
       oldest_kept.id AS too_many_before,
       CASE WHEN j.status = 'archived' THEN ARRAY[]::uuid[]
            ELSE ARRAY(
                (
                    SELECT e.id
                    FROM executions_jobexecution e
                    WHERE e.job_id >= j.id AND e.job_id <= j.id
                      AND e.schedule_id IS NULL AND e.started_at IS NOT NULL
                    ORDER BY e.job_id, e.schedule_id, e.id DESC
                    LIMIT 1
                )
                UNION ALL
                SELECT last_of_schedule.id
                FROM jobs_jobschedule s
                CROSS JOIN LATERAL (
                    SELECT e.id
                    FROM executions_jobexecution e
                    WHERE e.job_id >= j.id AND e.job_id <= j.id
                      AND e.schedule_id >= s.id AND e.schedule_id <= s.id
                      AND e.started_at IS NOT NULL
                    ORDER BY e.job_id, e.schedule_id, e.id DESC
                    LIMIT 1
                ) AS last_of_schedule
                WHERE s.job_id = j.id
            )
       END AS kept
FROM jobs_jobdefinition j
LEFT JOIN LATERAL (
    SELECT e.id
    FROM executions_jobexecution e
    WHERE e.job_id >= j.id AND e.job_id <= j.id AND e.completed_at IS NOT NULL
    ORDER BY e.job_id, e.id DESC
    OFFSET coalesce(j.keep_executions, nullif(%(keep_executions)s::int, 0)) - 1
    LIMIT 1
) AS oldest_kept ON coalesce(j.keep_executions, nullif(%(keep_executions)s::int, 0)) > 0
ORDER BY j.id
