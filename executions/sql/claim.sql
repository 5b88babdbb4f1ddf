-- Claim one execution for this process and return all that the runner needs, or no row when the
-- message is stale. Claiming again with the same token answers the same: a claim whose answer was
-- lost with the connection is not lost.
WITH claimed AS (
    UPDATE executions_jobexecution e
    SET status = 'running',
        attempt = e.attempt + CASE WHEN e.status = 'queued' THEN 1 ELSE 0 END,
        started_at = coalesce(%(now)s::timestamptz, now()),
        renewed_at = coalesce(%(now)s::timestamptz, now()),
        lease_until = coalesce(%(now)s::timestamptz, now()) + make_interval(secs => %(lease)s),
        worker = %(worker)s,
        worker_pid = %(pid)s,
        claim_token = %(token)s,
        publish_again_at = NULL,
        reason = NULL,
        progress_fraction = NULL,
        progress_message = NULL
    FROM jobs_jobversion v
    WHERE e.id = %(id)s
      AND e.fence = %(fence)s
      AND v.id = e.version_id
      AND (e.status = 'queued' OR (e.status = 'running' AND e.claim_token = %(token)s))
    RETURNING e.id, e.job_id, e.schedule_id, e.fence, e.attempt, e.scheduled_for, e.started_at,
              e.business_date, e.previous_business_date, e.next_business_date,
              e.origin, e.due_at, e.is_late, e.worker, e.checkpoint::text AS checkpoint,
              e.correlation_id, e.input::text AS input, v.snapshot::text AS snapshot,
              old.status AS from_status
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, data)
    SELECT id, 'queued', 'running', attempt, fence,
           jsonb_build_object('worker', %(worker)s::text, 'pid', %(pid)s::int)
    FROM claimed
    WHERE from_status = 'queued'
)
SELECT claimed.*,
       EXISTS (
           SELECT 1 FROM executions_runedge edge WHERE edge.execution_id = claimed.id
       ) AS has_upstream,
       EXISTS (
           SELECT 1 FROM executions_runedge edge WHERE edge.upstream_execution_id = claimed.id
       ) AS has_dependents,
       -- The condition that its schedule puts on a slot, unless it has let the handler run before:
       -- only then a look that was not false is on record, of an execution that goes on.
       CASE
           WHEN (s.conditions IS NOT NULL OR s.conditional_expression <> '')
               AND NOT EXISTS (
                   SELECT 1
                   FROM executions_conditioncheck c
                   WHERE c.execution_id = claimed.id AND c.result <> 'false'
               )
           THEN jsonb_build_object(
               'conditions', s.conditions,
               'expression', s.conditional_expression,
               'on_false', s.on_false,
               'on_error', s.on_error,
               'poll_seconds', s.poll_seconds,
               'wait_seconds', s.wait_seconds,
               'timezone', s.timezone,
               'calendar', s.calendar_id,
               'job', claimed.job_id,
               'schedule', claimed.schedule_id,
               'due_at', claimed.due_at,
               'is_late', claimed.is_late,
               'worker', claimed.worker,
               'waits_until', (
                   SELECT t.data ->> 'waits_until'
                   FROM executions_executiontransition t
                   WHERE t.execution_id = claimed.id AND t.data ? 'waits_until'
                   ORDER BY t.id
                   LIMIT 1
               )
           )::text
       END AS condition
FROM claimed
LEFT JOIN jobs_jobschedule s ON s.id = claimed.schedule_id AND claimed.origin = 'schedule'
