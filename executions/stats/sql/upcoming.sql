-- The schedules that run next, earliest first: the next run of each whose job may run here. What an
-- exclusion skips is none; what it defers runs at its end.
SELECT s.id AS "scheduleId",
       j.id AS "jobDefinitionId",
       j.name AS "jobName",
       j.category,
       s.schedule_type AS "scheduleType",
       s.next_run_at AS "nextExecutionUtc",
       greatest(floor(extract(epoch FROM s.next_run_at - clock.now) / 60), 0)::bigint
           AS "minutesUntilExecution",
       j.expected_duration_seconds AS "expectedDurationSeconds",
       j.timeout_seconds AS "timeoutSeconds",
       coalesce(o.owner_name, '') AS "ownerName",
       coalesce(o.team_name, '') AS "teamName"
FROM (SELECT coalesce(%(now)s::timestamptz, now()) AS now) AS clock
CROSS JOIN jobs_jobschedule s
JOIN jobs_jobdefinition j ON j.id = s.job_id
LEFT JOIN jobs_jobownership o ON o.job_id = j.id
WHERE s.next_run_at <= coalesce(%(now)s::timestamptz, now()) + make_interval(hours => %(hours)s::int)
  AND s.is_active
  AND s.archived_at IS NULL
  AND j.status = 'active'
  AND j.allowed_environments & %(environment)s::int <> 0
ORDER BY s.next_run_at, s.id
LIMIT %(limit)s
