-- End what no worker has claimed of a backfill, and ask what runs to stop if `stops_running`. Returns
-- the executions that are over by this, and those that were asked (is_over tells which).
WITH chosen AS MATERIALIZED (
    SELECT e.id, e.status
    FROM executions_jobexecution e
    WHERE e.backfill_id = %(backfill)s
      AND (
          e.status IN ('waiting', 'scheduled', 'retrying', 'queued')
          OR (e.status = 'running' AND %(stops_running)s)
      )
    ORDER BY e.id
    FOR UPDATE
), asked AS (
    UPDATE executions_jobexecution e
    SET cancel_requested_at = coalesce(e.cancel_requested_at, now()),
        cancel_requested_by = coalesce(e.cancel_requested_by, %(actor)s)
    FROM chosen
    WHERE e.id = chosen.id AND chosen.status = 'running'
    RETURNING e.id
), ended AS (
    UPDATE executions_jobexecution e
    SET status = 'cancelled', reason = 'cancelled', fence = e.fence + 1,
        completed_at = now(), cancel_requested_at = now(), cancel_requested_by = %(actor)s,
        publish_again_at = NULL
    FROM chosen
    WHERE e.id = chosen.id AND chosen.status <> 'running'
    RETURNING e.id, chosen.status AS from_status, e.attempt, e.fence
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, actor)
    SELECT id, from_status, 'cancelled', attempt, fence, 'cancelled', %(actor)s
    FROM ended
    ORDER BY id
)
SELECT id, true AS is_over FROM ended
UNION ALL
SELECT id, false FROM asked
