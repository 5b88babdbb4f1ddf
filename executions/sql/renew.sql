-- Extend the lease of a running execution that is still ours. Returns whether somebody asked for it
-- to stop, and at once; no row means that it is no longer ours.
UPDATE executions_jobexecution
SET lease_until = coalesce(%(now)s::timestamptz, now()) + make_interval(secs => %(lease)s),
    renewed_at = coalesce(%(now)s::timestamptz, now())
WHERE id = %(id)s AND fence = %(fence)s AND status = 'running'
RETURNING cancel_requested_at IS NOT NULL AS is_cancel_requested, cancel_at_once
