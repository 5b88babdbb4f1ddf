-- End released executions whose parameters lack an output of something they waited for. Nobody has
-- seen them scheduled yet: the move that this transaction has noted becomes one to failed.
WITH unmapped AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(messages)s::text[]) AS given (id, message)
), failed AS (
    UPDATE executions_jobexecution e
    SET status = 'failed', reason = 'mapping', error_type = 'OutputNotMapped',
        error_message = unmapped.message,
        completed_at = coalesce(%(now)s::timestamptz, now())
    FROM unmapped
    WHERE e.id = unmapped.id AND e.status = 'scheduled'
    RETURNING e.id, e.error_message
)
UPDATE executions_executiontransition move
SET to_status = 'failed', reason = 'mapping',
    data = jsonb_build_object('error_type', 'OutputNotMapped', 'error', left(failed.error_message, 500))
FROM failed
WHERE move.execution_id = failed.id
  AND move.from_status = 'waiting'
  AND move.to_status = 'scheduled'
RETURNING move.execution_id AS id
