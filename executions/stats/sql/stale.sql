-- The jobs that have gone without success for longer than their schedules let expect, the longest
-- first. Looked at are active jobs that may run here and have an active schedule that goes on.
--
-- A job's missed slots are those that have fallen due since its last success (or ever, if it never
-- succeeded); a slot that is due and not opened yet counts as well. It is stale when the first of
-- them is a day old, or when there are three and the first is an hour old.
WITH clock AS (
    SELECT coalesce(%(now)s::timestamptz, now()) AS now
), active AS (
    SELECT s.job_id, min(s.next_fire_at) AS next_fire_at, array_agg(s.id) AS schedules
    FROM jobs_jobschedule s
    JOIN jobs_jobdefinition j ON j.id = s.job_id
    WHERE s.is_active AND s.archived_at IS NULL AND s.next_fire_at IS NOT NULL
      AND j.status = 'active' AND j.allowed_environments & %(environment)s::int <> 0
    GROUP BY s.job_id
), judged AS (
    SELECT active.job_id, active.next_fire_at, success.completed_at AS last_success_at,
           missed.slots, missed.first_at
    FROM active
    CROSS JOIN clock
    LEFT JOIN LATERAL (
        SELECT e.completed_at
        FROM executions_jobexecution e
        WHERE e.job_id = active.job_id AND e.status = 'succeeded'
        ORDER BY e.id DESC
        LIMIT 1
    ) AS success ON true
    CROSS JOIN LATERAL (
        SELECT count(*) AS slots, min(slot.at) AS first_at
        FROM (
            SELECT first.scheduled_for AS at
            FROM unnest(active.schedules) AS schedule (id)
            CROSS JOIN LATERAL (
                SELECT e.scheduled_for
                FROM executions_jobexecution e
                WHERE e.schedule_id = schedule.id AND e.origin = 'schedule'
                  AND e.scheduled_for > coalesce(success.completed_at, '-infinity')
                ORDER BY e.scheduled_for
                LIMIT %(slots)s::int
            ) AS first
            UNION ALL
            SELECT active.next_fire_at WHERE active.next_fire_at <= clock.now
        ) AS slot
    ) AS missed
    WHERE missed.first_at <= clock.now - make_interval(secs => %(long)s)
       OR (missed.slots >= %(slots)s::int
           AND missed.first_at <= clock.now - make_interval(secs => %(short)s))
    ORDER BY missed.first_at, active.job_id
    LIMIT %(limit)s
)
SELECT j.id AS "jobDefinitionId",
       j.name AS "jobName",
       j.category,
       coalesce(o.owner_name, '') AS "ownerName",
       coalesce(o.owner_email, '') AS "ownerEmail",
       coalesce(o.team_name, '') AS "teamName",
       judged.last_success_at AS "lastSuccessUtc",
       last.started_at AS "lastExecutionUtc",
       judged.next_fire_at AS "nextExecutionUtc",
       judged.slots, judged.first_at, last.status
FROM judged
JOIN jobs_jobdefinition j ON j.id = judged.job_id
LEFT JOIN jobs_jobownership o ON o.job_id = j.id
LEFT JOIN executions_jobexecution last ON last.id = greatest(
    -- As executions/last.py: by schedule, so that the index is read from its newest on.
    (
        SELECT e.id
        FROM executions_jobexecution e
        WHERE e.job_id = judged.job_id AND e.schedule_id IS NULL AND e.started_at IS NOT NULL
        ORDER BY e.schedule_id, e.id DESC
        LIMIT 1
    ),
    (
        SELECT newest.id
        FROM jobs_jobschedule s
        CROSS JOIN LATERAL (
            SELECT e.id
            FROM executions_jobexecution e
            WHERE e.job_id = s.job_id AND e.schedule_id = s.id AND e.started_at IS NOT NULL
            ORDER BY e.id DESC
            LIMIT 1
        ) AS newest
        WHERE s.job_id = judged.job_id
        ORDER BY newest.id DESC
        LIMIT 1
    )
)
ORDER BY judged.first_at, j.id
