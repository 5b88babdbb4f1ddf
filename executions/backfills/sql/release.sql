-- Let go executions of backfills that wait: waiting -> scheduled, due now; those whose slot has run
-- meanwhile (`ran`): waiting -> skipped. Returns them with their new status.
WITH chosen AS MATERIALIZED (
    SELECT e.id, e.id = ANY(%(ran)s::uuid[]) AS has_run, coalesce(%(now)s::timestamptz, now()) AS now
    FROM executions_jobexecution e
    WHERE e.id = ANY(%(ids)s::uuid[]) AND e.status = 'waiting'
    ORDER BY e.id
    FOR UPDATE
), moved AS (
    UPDATE executions_jobexecution e
    SET status = CASE WHEN chosen.has_run THEN 'skipped' ELSE 'scheduled' END,
        reason = CASE WHEN chosen.has_run THEN 'ran' END,
        due_at = chosen.now,
        completed_at = CASE WHEN chosen.has_run THEN chosen.now END
    FROM chosen
    WHERE e.id = chosen.id
    RETURNING e.id, e.status, e.reason, e.attempt, e.fence
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason)
    SELECT id, 'waiting', status, attempt, fence, reason FROM moved ORDER BY id
)
SELECT id, status FROM moved
