-- Give the schedules that fire after their last run has ended their next slot, once it has: its end,
-- or the instant from which this delay has been the rule if that was later, and the delay. Where that
-- fell due while the schedule did not fire, it counts from when it fires again. No other change moves
-- it. One that starts later fires at its start. Returns the schedules.
UPDATE jobs_jobschedule s
SET next_fire_at = due.at, next_run_at = due.at
FROM (
    SELECT free.id,
           greatest(
               CASE WHEN counted.at <= free.firing_since
                    -- Exclusive: the first instant at which it fires is a moment later.
                    THEN date_trunc('second', free.firing_since + interval '1 microsecond')
                        + free.delay
                    ELSE counted.at END,
               free.start_at
           ) AS at
    FROM (
        SELECT s.id,
               s.start_at,
               make_interval(secs => s.delay_seconds) AS delay,
               last.completed_at,
               -- The first of the latest versions with this kind and delay, backwards from the last.
               -- Without one, a change is being made at this very moment.
               coalesce((
                   SELECT first.since
                   FROM jobs_scheduleversion first
                   WHERE first.schedule_id = s.id
                     AND first.number > coalesce((
                         SELECT v.number
                         FROM jobs_scheduleversion v
                         WHERE v.schedule_id = s.id
                           AND (v.spec ->> 'kind' IS DISTINCT FROM 'after_completion'
                                OR v.spec ->> 'delay_seconds' IS DISTINCT FROM s.delay_seconds::text)
                         ORDER BY v.number DESC
                         LIMIT 1
                     ), 0)
                   ORDER BY first.number
                   LIMIT 1
               ), s.versioned_at) AS rule_since,
               -- The first of the latest versions that fire.
               coalesce((
                   SELECT first.since
                   FROM jobs_scheduleversion first
                   WHERE first.schedule_id = s.id
                     AND first.number > coalesce((
                         SELECT v.number
                         FROM jobs_scheduleversion v
                         WHERE v.schedule_id = s.id AND v.standing <> 'firing'
                         ORDER BY v.number DESC
                         LIMIT 1
                     ), 0)
                   ORDER BY first.number
                   LIMIT 1
               ), s.versioned_at) AS firing_since
        FROM jobs_jobschedule s
        LEFT JOIN LATERAL (
            SELECT e.id, e.completed_at
            FROM executions_jobexecution e
            WHERE e.schedule_id = s.id AND e.origin = 'schedule'
            ORDER BY e.scheduled_for DESC
            LIMIT 1
        ) AS last ON true
        WHERE s.schedule_type = 'after_completion'
          AND s.next_fire_at IS NULL
          AND s.is_active
          AND s.paused_at IS NULL
          AND s.archived_at IS NULL
          AND (s.max_runs IS NULL OR s.run_count < s.max_runs)
          AND (last.id IS NULL OR last.completed_at IS NOT NULL)
        FOR UPDATE OF s SKIP LOCKED
    ) AS free
    CROSS JOIN LATERAL (
        SELECT date_trunc('second', greatest(free.completed_at, free.rule_since)) + free.delay AS at
    ) AS counted
) AS due
WHERE s.id = due.id AND s.next_fire_at IS NULL AND (s.end_at IS NULL OR due.at <= s.end_at)
RETURNING s.id
