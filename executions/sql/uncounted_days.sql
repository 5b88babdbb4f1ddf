-- The UTC days to count, oldest first: over for long enough, not counted yet, and without an open
-- transaction that began in them or before, for what it completes would still belong to that day.
WITH clock AS (
    SELECT coalesce(%(now)s::timestamptz, now()) AS now
), earliest AS (
    SELECT least(
        (SELECT min(day) FROM executions_rolledupday),
        (
            SELECT (min(probe.completed_at) AT TIME ZONE 'UTC')::date
            FROM unnest(%(statuses)s::text[]) AS final (status)
            CROSS JOIN LATERAL (
                SELECT e.completed_at
                FROM executions_jobexecution e
                WHERE e.status = final.status AND e.completed_at IS NOT NULL
                ORDER BY e.completed_at
                LIMIT 1
            ) AS probe
        )
    ) AS day
), latest AS (
    SELECT (least(
        clock.now - make_interval(secs => %(settling)s),
        (
            SELECT min(xact_start)
            FROM pg_stat_activity
            WHERE datname = current_database()
              AND backend_type = 'client backend'
              AND pid <> pg_backend_pid()
        )
    ) AT TIME ZONE 'UTC')::date - 1 AS day
    FROM clock
)
SELECT candidate::date AS day
FROM earliest
CROSS JOIN latest
CROSS JOIN LATERAL generate_series(earliest.day::timestamp, latest.day::timestamp, '1 day') AS candidate
WHERE NOT EXISTS (SELECT 1 FROM executions_rolledupday r WHERE r.day = candidate::date)
ORDER BY candidate
LIMIT %(limit)s
