-- The executions that backfills have opened for slots of some schedules later than `after` and not
-- later than `until`, but for those that were called off, oldest first.
SELECT e.schedule_id, e.scheduled_for AS slot, e.id, e.status
FROM executions_backfill b
JOIN executions_jobexecution e
  ON e.backfill_id = b.id
 AND e.origin = 'backfill'
 AND e.schedule_id = b.schedule_id
 AND e.scheduled_for > %(after)s
 AND e.scheduled_for <= %(until)s
 AND e.status NOT IN ('cancelled', 'skipped')
WHERE b.schedule_id = ANY(%(schedules)s::uuid[])
  AND b.until_at > %(after)s
  AND b.from_at <= %(until)s
ORDER BY e.id
