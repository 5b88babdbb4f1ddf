-- The executions that these backfills, which are locked, may let go now: of each the first that
-- wait, as many as its limit has room for.
SELECT b.id AS backfill_id, b.job_id, b.schedule_id, next.id, next.scheduled_for
FROM executions_backfill b
CROSS JOIN LATERAL (
    SELECT count(*) AS count
    FROM executions_jobexecution e
    WHERE e.backfill_id = b.id
      AND e.status IN ('scheduled', 'queued', 'running', 'retrying')
) AS under_way
CROSS JOIN LATERAL (
    SELECT e.id, e.scheduled_for
    FROM executions_jobexecution e
    WHERE e.backfill_id = b.id AND e.status = 'waiting'
    ORDER BY e.id
    LIMIT greatest(b.max_concurrent_executions - under_way.count, 0)
) AS next
WHERE b.id = ANY(%(backfills)s::uuid[])
ORDER BY next.id
