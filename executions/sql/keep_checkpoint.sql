-- Keep where the next attempt of an execution may go on. No row is changed, and none returned, unless
-- it runs under this fence.
UPDATE executions_jobexecution
SET checkpoint = %(checkpoint)s::jsonb,
    checkpoint_at = coalesce(%(now)s::timestamptz, now())
WHERE id = %(id)s AND fence = %(fence)s AND status = 'running'
RETURNING id
