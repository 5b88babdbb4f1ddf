-- The executions that stand for the slots of some schedules, schedule by schedule, oldest slot
-- first: of each those later than `after` and not later than `until`, at most `limit`. The slot is
-- in microseconds since 1970: of a million rows that is read much faster than a timestamp.
SELECT s.id AS schedule_id, e.id, (extract(epoch FROM e.scheduled_for) * 1000000)::bigint AS slot,
       e.status, e.reason, e.is_late, e.started_at IS NOT NULL AS has_started, e.business_date,
       left(e.error_message, 300) AS note
FROM unnest(%(schedules)s::uuid[]) WITH ORDINALITY AS s (id, place)
CROSS JOIN LATERAL (
    SELECT *
    FROM executions_jobexecution e
    WHERE e.origin = 'schedule'
      AND e.schedule_id = s.id
      AND e.scheduled_for > %(after)s
      AND e.scheduled_for <= %(until)s
    ORDER BY e.scheduled_for
    LIMIT %(limit)s
) AS e
ORDER BY s.place, e.scheduled_for
