-- What there is of a schedule's slots in [first, last]: for each slot with executions, of whatever
-- origin, reruns and reruns of reruns among them, whether one has succeeded, is unfinished, was
-- started, and one of them to name. The executions of the backfill `besides` do not count.
WITH RECURSIVE runs AS (
    (
        SELECT e.id, e.scheduled_for AS slot, e.status, e.started_at
        FROM executions_jobexecution e
        WHERE e.origin = 'schedule'
          AND e.schedule_id = %(schedule)s
          AND e.scheduled_for >= %(first)s
          AND e.scheduled_for <= %(last)s
        UNION ALL
        SELECT e.id, e.scheduled_for, e.status, e.started_at
        FROM executions_backfill b
        JOIN executions_jobexecution e
          ON e.origin = 'backfill'
         AND e.backfill_id = b.id
         AND e.schedule_id = b.schedule_id
         AND e.scheduled_for >= %(first)s
         AND e.scheduled_for <= %(last)s
        WHERE b.schedule_id = %(schedule)s
          AND b.from_at <= %(last)s
          AND b.until_at > %(first)s
          AND b.id IS DISTINCT FROM %(besides)s::uuid
    )
    UNION ALL
    SELECT again.id, runs.slot, again.status, again.started_at
    FROM runs
    JOIN executions_jobexecution again ON again.rerun_of_id = runs.id
), known AS (
    SELECT id, slot, started_at,
           status = 'succeeded' AS has_succeeded,
           status IN ('waiting', 'scheduled', 'queued', 'running', 'retrying') AS is_unfinished
    FROM runs
)
SELECT slot,
       bool_or(has_succeeded) AS has_succeeded,
       bool_or(is_unfinished) AS is_unfinished,
       bool_or(started_at IS NOT NULL) AS was_started,
       (array_agg(id ORDER BY has_succeeded DESC, is_unfinished DESC, id DESC))[1] AS id
FROM known
GROUP BY slot
