-- Count the unfinished executions of each schedule, for its overlap rule. The schedules are locked
-- by now, so nobody else opens slots of them; a thousand are as good as more, so no more are counted.
SELECT s.id AS schedule_id, unfinished.count
FROM unnest(%(schedules)s::uuid[]) AS s (id)
CROSS JOIN LATERAL (
    SELECT count(*) AS count
    FROM (
        SELECT 1
        FROM executions_jobexecution e
        WHERE e.schedule_id = s.id
          AND e.origin = 'schedule'
          AND e.status IN ('scheduled', 'queued', 'running', 'retrying')
        LIMIT 1000
    ) AS few
) AS unfinished
