-- Cancel executions of a run: what no worker has claimed ends at once, what runs is asked to stop.
-- All are locked. The fence grows, so that a message that is out finds nothing. Returns what became
-- of each.
WITH ended AS (
    UPDATE executions_jobexecution e
    SET status = 'cancelled', reason = 'cancelled', fence = e.fence + 1, completed_at = now(),
        cancel_requested_at = now(), cancel_requested_by = %(actor)s, publish_again_at = NULL
    WHERE e.id = ANY(%(ids)s::uuid[])
      AND e.status IN ('waiting', 'scheduled', 'retrying', 'queued')
    RETURNING e.id, old.status AS from_status, e.status, e.attempt, e.fence
), asked AS (
    UPDATE executions_jobexecution e
    SET cancel_requested_at = coalesce(e.cancel_requested_at, now()),
        cancel_requested_by = coalesce(e.cancel_requested_by, %(actor)s)
    WHERE e.id = ANY(%(ids)s::uuid[]) AND e.status = 'running'
    RETURNING e.id, e.status
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, actor)
    SELECT id, from_status, 'cancelled', attempt, fence, 'cancelled', %(actor)s FROM ended
), closed AS (
    UPDATE executions_runedge edge
    SET state = 'dead'
    FROM ended
    WHERE edge.execution_id = ended.id AND edge.state = 'open'
)
SELECT id, status FROM ended
UNION ALL
SELECT id, status FROM asked
