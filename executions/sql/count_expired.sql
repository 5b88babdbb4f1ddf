-- How many executions of one job `delete_expired` would delete.
SELECT count(*) AS executions
FROM executions_jobexecution e
WHERE e.job_id = %(job)s
  AND e.id < %(before)s
  AND e.completed_at IS NOT NULL
  AND (e.completed_at < %(completed_before)s OR e.id < %(too_many_before)s::uuid)
  AND e.id <> ALL(%(kept)s::uuid[])
  AND NOT
      \ir parts/is_waited_for.sql
  AND EXISTS (
      SELECT 1
      FROM executions_rolledupday r
      WHERE r.day = (e.completed_at AT TIME ZONE 'UTC')::date
  )
