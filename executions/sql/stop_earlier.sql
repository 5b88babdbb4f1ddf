-- Stop what is unfinished of the schedules whose later slots take the place of earlier ones, before the
-- newest unfinished slot of each: what no worker has claimed is over at once, what runs is asked to
-- stop (and killed at once where the schedule says so). Returns the executions.
--
-- What somebody else has locked is passed over, and found again at the next look.
WITH newest AS (
    SELECT s.id AS schedule_id, s.overlap = 'terminate_running' AS is_at_once, slot.scheduled_for
    FROM jobs_jobschedule s
    JOIN jobs_jobdefinition j ON j.id = s.job_id AND j.status = 'active'
    CROSS JOIN LATERAL (
        SELECT e.scheduled_for
        FROM executions_jobexecution e
        WHERE e.schedule_id = s.id
          AND e.origin = 'schedule'
          AND e.status IN ('scheduled', 'queued', 'running', 'retrying')
          -- One that is deferred or spread takes no place before it is due.
          AND (e.status <> 'scheduled' OR e.due_at <= coalesce(%(now)s::timestamptz, now()))
        ORDER BY e.scheduled_for DESC
        LIMIT 1
    ) AS slot
    WHERE s.overlap IN ('cancel_running', 'terminate_running')
), earlier AS MATERIALIZED (
    SELECT e.id, e.status, newest.is_at_once
    FROM newest
    JOIN executions_jobexecution e
      ON e.schedule_id = newest.schedule_id
     AND e.origin = 'schedule'
     AND e.scheduled_for < newest.scheduled_for
     AND e.status IN ('scheduled', 'queued', 'running', 'retrying')
    WHERE e.status <> 'running'
       OR e.cancel_requested_at IS NULL
       OR newest.is_at_once > e.cancel_at_once
    FOR UPDATE OF e SKIP LOCKED
), asked AS (
    UPDATE executions_jobexecution e
    SET cancel_requested_at = coalesce(e.cancel_requested_at, %(now)s::timestamptz, now()),
        cancel_requested_by = coalesce(e.cancel_requested_by, 'schedule'),
        cancel_at_once = earlier.is_at_once
    FROM earlier
    WHERE e.id = earlier.id AND earlier.status = 'running'
    RETURNING e.id
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
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, actor)
    SELECT id, from_status, 'cancelled', attempt, fence, 'replaced', 'schedule' FROM ended
)
SELECT id FROM asked
UNION ALL
SELECT id FROM ended
