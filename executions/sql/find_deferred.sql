-- Find the instants to which slots of these schedules were deferred that have not run yet, with the
-- slot of each. (A spread run is due later than its slot as well: that instant is no other slot's.)
SELECT e.schedule_id, e.due_at, e.scheduled_for
FROM executions_jobexecution e
WHERE e.schedule_id = ANY(%(schedules)s::uuid[])
  AND e.origin = 'schedule'
  AND e.status IN ('scheduled', 'queued', 'running', 'retrying')
  AND e.due_at > e.scheduled_for
  AND e.attempt = 0
