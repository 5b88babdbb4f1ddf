-- Lock the running executions whose lease has run out, so that a late renewal waits and then finds
-- nothing of its own, and return what deciding about them needs.
SELECT e.id, e.fence, e.attempt, v.snapshot::text AS snapshot, e.worker,
       e.renewed_at > e.started_at + make_interval(
           secs => (v.snapshot ->> 'timeout_seconds')::float8) AS was_past_timeout
FROM executions_jobexecution e
JOIN jobs_jobversion v ON v.id = e.version_id
WHERE e.status = 'running' AND e.lease_until < coalesce(%(now)s::timestamptz, now())
ORDER BY e.lease_until
LIMIT %(limit)s
FOR UPDATE OF e SKIP LOCKED
