-- Of some executions just opened, those whose jobs others depend on, with what their runs take over.
SELECT e.id, e.job_id, e.origin
FROM executions_jobexecution e
WHERE e.id = ANY(%(ids)s::uuid[])
  AND e.completed_at IS NULL
  AND EXISTS (
      SELECT 1 FROM jobs_jobdependency d WHERE d.upstream_id = e.job_id AND d.is_active
  )
ORDER BY e.id
