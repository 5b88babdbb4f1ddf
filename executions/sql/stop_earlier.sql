-- Stop what is unfinished of a schedule before one of its slots, which takes its place: what no worker
-- has claimed is over at once, what runs is asked to stop (and killed at once if so told).
WITH earlier AS MATERIALIZED (
    SELECT id, status, attempt
    FROM executions_jobexecution
    WHERE schedule_id = %(schedule)s
      AND scheduled_for < %(slot)s
      AND status IN ('scheduled', 'queued', 'running', 'retrying')
    FOR UPDATE
), asked AS (
    UPDATE executions_jobexecution e
    SET cancel_requested_at = coalesce(e.cancel_requested_at, %(now)s::timestamptz, now()),
        cancel_requested_by = coalesce(e.cancel_requested_by, 'schedule'),
        cancel_at_once = e.cancel_at_once OR %(is_at_once)s
    FROM earlier
    WHERE e.id = earlier.id AND earlier.status = 'running'
), ended AS (
    UPDATE executions_jobexecution e
    SET status = 'cancelled', reason = 'replaced', fence = e.fence + 1,
        completed_at = coalesce(%(now)s::timestamptz, now()),
        cancel_requested_at = coalesce(%(now)s::timestamptz, now()),
        cancel_requested_by = 'schedule',
        publish_again_at = NULL
    FROM earlier
    WHERE e.id = earlier.id AND earlier.status <> 'running'
    RETURNING e.id, earlier.status AS from_status, e.attempt, e.fence
)
INSERT INTO executions_executiontransition
    (execution_id, from_status, to_status, attempt, fence, reason, actor)
SELECT id, from_status, 'cancelled', attempt, fence, 'replaced', 'schedule' FROM ended
RETURNING execution_id
