-- Whether a worker has been asked to take no more work, and for how many seconds it may still go on with
-- what it runs.
SELECT drain_requested_at IS NOT NULL AS is_asked,
       extract(epoch FROM drain_until - now())::float8 AS seconds_left
FROM executions_worker
WHERE name = %(name)s
