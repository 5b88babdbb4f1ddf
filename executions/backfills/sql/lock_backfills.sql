-- Lock the backfills of which executions wait, and return them. Those that somebody else has locked
-- are passed over.
WITH RECURSIVE waiting AS (
    -- A loose index scan: one probe per backfill, however many of its executions wait.
    (
        SELECT backfill_id
        FROM executions_jobexecution
        WHERE status = 'waiting' AND backfill_id IS NOT NULL
        ORDER BY backfill_id
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT e.backfill_id
        FROM executions_jobexecution e
        WHERE e.status = 'waiting' AND e.backfill_id > w.backfill_id
        ORDER BY e.backfill_id
        LIMIT 1
    )
    FROM waiting w
    WHERE w.backfill_id IS NOT NULL
)
SELECT b.id
FROM executions_backfill b
WHERE b.id IN (SELECT backfill_id FROM waiting)
ORDER BY b.id
FOR NO KEY UPDATE OF b SKIP LOCKED
