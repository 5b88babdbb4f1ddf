-- Lock the running executions whose lease has run out, so that a late renewal waits and then finds
-- nothing of its own, and return what deciding about them needs.
SELECT e.id, e.fence, e.attempt, v.snapshot::text AS snapshot, e.worker,
       e.renewed_at > e.started_at + make_interval(
           secs => (v.snapshot ->> 'timeout_seconds')::float8) AS was_past_timeout,
       -- Its handler had not been called: the condition was still being looked at, in its time.
       (s.conditions IS NOT NULL OR s.conditional_expression <> '')
           AND e.scheduled_for + make_interval(secs => s.wait_seconds)
               > coalesce(%(now)s::timestamptz, now())
           AND NOT EXISTS (
               SELECT 1
               FROM executions_conditioncheck c
               WHERE c.execution_id = e.id AND c.result <> 'false'
           ) AS was_looking
FROM executions_jobexecution e
JOIN jobs_jobversion v ON v.id = e.version_id
LEFT JOIN jobs_jobschedule s ON s.id = e.schedule_id AND e.origin = 'schedule'
WHERE e.status = 'running' AND e.lease_until < coalesce(%(now)s::timestamptz, now())
ORDER BY e.lease_until
LIMIT %(limit)s
FOR UPDATE OF e SKIP LOCKED
