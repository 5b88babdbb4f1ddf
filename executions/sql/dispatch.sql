-- Decide what may go to the broker now, and move it there: ready -> queued, or -> skipped with the
-- reason when its job may not run. Returns the rows moved (id, status, fence, queue, job_name); each
-- row also has the instant of the decision (now) and whether a queue was full of unclaimed messages
-- while more was due (is_capped). When nothing was moved, one row with a NULL id says just that.
--
-- Per job the first by priority and due time within its free slots (limit - queued - running, starts
-- left in this minute, free slots of each key), per queue the first of those within its room. Rows
-- are not locked while choosing; the UPDATE looks at the status again, and only one dispatcher runs
-- at a time (advisory lock).
WITH RECURSIVE clock AS (
    SELECT coalesce(%(now)s::timestamptz, now()) AS now
), ready_jobs AS (
    -- A loose index scan: one probe per job, however many rows it has waiting.
    (
        SELECT job_id
        FROM executions_jobexecution
        WHERE status IN ('scheduled', 'retrying')
        ORDER BY job_id
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT e.job_id
        FROM executions_jobexecution e
        WHERE e.status IN ('scheduled', 'retrying') AND e.job_id > r.job_id
        ORDER BY e.job_id
        LIMIT 1
    )
    FROM ready_jobs r
    WHERE r.job_id IS NOT NULL
), active AS (
    SELECT job_id, queue, count(*) AS out, count(*) FILTER (WHERE status = 'queued') AS unclaimed
    FROM executions_jobexecution
    WHERE status IN ('queued', 'running')
    GROUP BY job_id, queue
), worker_slots AS (
    SELECT queue, sum(w.concurrency) AS slots
    FROM executions_worker w
    CROSS JOIN LATERAL unnest(w.queues) AS queue
    CROSS JOIN clock
    WHERE w.stopped_at IS NULL AND w.drain_requested_at IS NULL
      AND w.last_seen_at > clock.now - make_interval(secs => %(worker_alive)s)
    GROUP BY queue
), holds AS MATERIALIZED (
    SELECT scope, team_name, queue_id, job_id FROM jobs_hold WHERE ended_at IS NULL
), lapsed AS MATERIALIZED (
    -- Handed out longer than a minute ago: what was claimed later counts from its claim on, and what
    -- nobody has claimed yet goes on counting. The others (no instant) have started long since, or
    -- were taken back.
    SELECT c.id, c.job_id, c.queue,
           CASE WHEN unclaimed.is_so THEN clock.now ELSE claimed.at END AS at
    FROM executions_countedstart c
    CROSS JOIN clock
    LEFT JOIN LATERAL (
        SELECT true AS is_so
        FROM executions_jobexecution e
        WHERE e.id = c.execution_id AND e.fence = c.fence AND e.status = 'queued'
        LIMIT 1
    ) unclaimed ON true
    LEFT JOIN LATERAL (
        SELECT t.at
        FROM executions_executiontransition t
        WHERE t.execution_id = c.execution_id
          AND t.fence = c.fence
          AND t.to_status = 'running'
          AND t.at > clock.now - interval '1 minute'
        LIMIT 1
    ) claimed ON true
    WHERE c.at <= clock.now - interval '1 minute'
), forgotten AS (
    DELETE FROM executions_countedstart c USING lapsed WHERE c.id = lapsed.id AND lapsed.at IS NULL
), kept AS (
    UPDATE executions_countedstart c
    SET at = lapsed.at
    FROM lapsed
    WHERE c.id = lapsed.id AND lapsed.at IS NOT NULL
), starts AS MATERIALIZED (
    -- Those of the last minute, only of jobs and queues that limit them.
    SELECT c.job_id, c.queue
    FROM executions_countedstart c
    CROSS JOIN clock
    WHERE c.at > clock.now - interval '1 minute'
    UNION ALL
    SELECT job_id, queue FROM lapsed WHERE at IS NOT NULL
), rooms AS (
    SELECT q.name AS queue,
           q.starts_per_minute IS NOT NULL AS is_counted,
           held.is_so AS is_held,
           CASE WHEN held.is_so THEN 0
                ELSE greatest(
                    least(
                        coalesce(q.max_concurrent_executions, 2000000000) - coalesce(a.out, 0),
                        CASE WHEN q.starts_per_minute IS NOT NULL
                             THEN q.starts_per_minute
                                  - (SELECT count(*) FROM starts WHERE starts.queue = q.name)
                        END
                    ),
                    0)
           END AS free,
           greatest(greatest(200, 4 * coalesce(w.slots, 0)) - coalesce(a.unclaimed, 0), 0) AS cap
    FROM jobs_queue q
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT 1
            FROM holds
            WHERE scope = 'everything' OR (scope = 'queue' AND queue_id = q.name)
        ) AS is_so
    ) held
    LEFT JOIN (
        SELECT queue, sum(out) AS out, sum(unclaimed) AS unclaimed FROM active GROUP BY queue
    ) a ON a.queue = q.name
    LEFT JOIN worker_slots w ON w.queue = q.name
), trials AS MATERIALIZED (
    -- Half-open breakers without their trial. One that somebody has locked waits for the next look.
    SELECT job_id
    FROM executions_circuit
    WHERE state = 'half_open' AND trial_id IS NULL
    FOR UPDATE SKIP LOCKED
), jobs AS MATERIALIZED (
    SELECT job.id, job.name, job.queue_id AS queue, barred.reason AS barred,
           least(room.free, room.cap) AS room,
           room.cap < room.free AS is_cap,
           job.starts_per_minute IS NOT NULL OR room.is_counted AS is_counted,
           job.concurrency_key <> '' AS is_keyed,
           job.max_concurrent_per_key,
           circuit.job_id IS NOT NULL AS has_circuit,
           circuit.trial_id,
           trials.job_id IS NOT NULL AS wants_trial,
           -- A hold comes first: what it holds back waits for its end, whatever the breaker says.
           -- One whose time is over waits for the beat that half-opens it.
           NOT held.is_so
           AND (
               circuit.trial_id IS NOT NULL
               OR (
                   circuit.state = 'open'
                   AND coalesce(circuit.half_open_at > (SELECT now FROM clock), true)
               )
           ) AS skips_slots,
           CASE WHEN barred.reason IS NOT NULL OR held.is_so THEN 0
                ELSE greatest(
                    least(
                        job.max_concurrent_executions - coalesce(a.out, 0),
                        CASE WHEN job.starts_per_minute IS NOT NULL
                             THEN job.starts_per_minute
                                  - (SELECT count(*) FROM starts WHERE starts.job_id = job.id)
                        END,
                        CASE WHEN trials.job_id IS NOT NULL THEN 1 END,
                        -- One more than there is room for, so that it shows when something has to
                        -- stay behind.
                        least(room.free, room.cap) + 1
                    ),
                    0)
           END AS places
    FROM ready_jobs r
    JOIN jobs_jobdefinition job ON job.id = r.job_id
    JOIN rooms room ON room.queue = job.queue_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN job.status <> 'active' THEN 'job_disabled'
                    WHEN job.allowed_environments & %(environment)s = 0 THEN 'environment'
               END AS reason
    ) barred
    CROSS JOIN LATERAL (
        SELECT room.is_held OR EXISTS (
            SELECT 1
            FROM holds
            WHERE (holds.scope = 'job' AND holds.job_id = job.id)
               OR (holds.scope = 'team' AND holds.team_name = (
                       SELECT o.team_name FROM jobs_jobownership o WHERE o.job_id = job.id
                   ))
        ) AS is_so
    ) held
    LEFT JOIN (
        SELECT job_id, sum(out) AS out FROM active GROUP BY job_id
    ) a ON a.job_id = job.id
    LEFT JOIN executions_circuit circuit ON circuit.job_id = job.id
    LEFT JOIN trials ON trials.job_id = job.id
), ready_keys AS (
    -- The first keys of each job that limits by key, as above: one probe per key.
    SELECT id AS job_id, '' AS key, 0 AS number FROM jobs WHERE is_keyed AND places > 0
    UNION ALL
    SELECT k.job_id, following.key, k.number + 1
    FROM ready_keys k
    CROSS JOIN LATERAL (
        SELECT e.concurrency_key AS key
        FROM executions_jobexecution e
        WHERE e.job_id = k.job_id
          AND e.status IN ('scheduled', 'retrying')
          AND e.concurrency_key > k.key
        ORDER BY e.concurrency_key
        LIMIT 1
    ) following
    WHERE k.number <= 100
), many_keys AS MATERIALIZED (
    SELECT job_id FROM ready_keys WHERE number > 100
), active_keys AS MATERIALIZED (
    SELECT job_id, concurrency_key AS key, count(*) AS out
    FROM executions_jobexecution
    WHERE status IN ('queued', 'running') AND concurrency_key IS NOT NULL
    GROUP BY job_id, concurrency_key
), full_keys AS MATERIALIZED (
    SELECT k.job_id, k.key
    FROM active_keys k
    JOIN jobs ON jobs.id = k.job_id AND k.out >= jobs.max_concurrent_per_key
), candidates AS (
    SELECT due.id, due.priority, due.due_at, due.barred, job.id AS job_id, job.queue, job.name,
           job.room, job.is_cap, job.is_counted, job.wants_trial
    FROM jobs job
    CROSS JOIN clock
    CROSS JOIN LATERAL (
        (
            SELECT e.id, e.priority, e.due_at, NULL AS barred
            FROM executions_jobexecution e
            WHERE NOT job.is_keyed
              AND e.job_id = job.id
              AND e.status IN ('scheduled', 'retrying')
              AND e.due_at <= clock.now
              AND (
                  \ir parts/may_start.sql
              )
            ORDER BY e.priority DESC, e.due_at, e.id
            LIMIT job.places
        )
        UNION ALL
        (
            -- Few keys: of each the first within its own free slots.
            SELECT first.id, first.priority, first.due_at, NULL
            FROM ready_keys k
            LEFT JOIN active_keys a ON a.job_id = k.job_id AND a.key = k.key
            CROSS JOIN LATERAL (
                SELECT e.id, e.priority, e.due_at
                FROM executions_jobexecution e
                WHERE e.job_id = k.job_id
                  AND e.concurrency_key = k.key
                  AND e.status IN ('scheduled', 'retrying')
                  AND e.due_at <= clock.now
                  AND (
                      \ir parts/may_start.sql
                  )
                ORDER BY e.priority DESC, e.due_at, e.id
                LIMIT greatest(job.max_concurrent_per_key - coalesce(a.out, 0), 0)
            ) first
            WHERE job.is_keyed
              AND k.job_id = job.id
              AND k.number > 0
              AND job.id NOT IN (SELECT job_id FROM many_keys)
            ORDER BY first.priority DESC, first.due_at, first.id
            LIMIT job.places
        )
        UNION ALL
        (
            -- Many keys: the first whose keys have free slots, however many share a key. Also what
            -- was opened before its job had keys.
            SELECT e.id, e.priority, e.due_at, NULL
            FROM (
                SELECT e.id, e.priority, e.due_at, e.concurrency_key AS key,
                       row_number() OVER (
                           PARTITION BY e.concurrency_key ORDER BY e.priority DESC, e.due_at, e.id
                       ) AS place
                FROM (
                    SELECT *
                    FROM executions_jobexecution e
                    WHERE job.is_keyed
                      AND e.job_id = job.id
                      AND e.status IN ('scheduled', 'retrying')
                      AND e.due_at <= clock.now
                      AND (
                          e.concurrency_key IS NULL
                          OR job.id NOT IN (SELECT job_id FROM many_keys)
                          OR (job.id, e.concurrency_key) NOT IN (SELECT job_id, key FROM full_keys)
                      )
                    ORDER BY e.priority DESC, e.due_at, e.id
                    LIMIT CASE WHEN job.places > 0 THEN 1000 ELSE 0 END
                ) e
                WHERE (e.concurrency_key IS NULL OR job.id IN (SELECT job_id FROM many_keys))
                  AND (
                      \ir parts/may_start.sql
                  )
            ) e
            LEFT JOIN active_keys a ON a.job_id = job.id AND a.key = e.key
            WHERE e.key IS NULL OR e.place <= job.max_concurrent_per_key - coalesce(a.out, 0)
            ORDER BY e.priority DESC, e.due_at, e.id
            LIMIT job.places
        )
        UNION ALL
        (
            SELECT e.id, e.priority, e.due_at, coalesce(job.barred, 'circuit')
            FROM executions_jobexecution e
            WHERE (job.barred IS NOT NULL OR job.skips_slots)
              AND e.job_id = job.id
              AND e.status IN ('scheduled', 'retrying')
              AND e.due_at <= clock.now
              AND (
                  job.barred IS NOT NULL
                  OR (
                      e.origin IN ('schedule', 'dependency', 'join')
                      AND e.id IS DISTINCT FROM job.trial_id
                  )
              )
            ORDER BY e.priority DESC, e.due_at, e.id
            -- With each goes all that comes after it in its run.
            LIMIT CASE WHEN EXISTS (
                SELECT 1 FROM jobs_jobdependency d WHERE d.upstream_id = job.id AND d.is_active
            ) THEN 20 ELSE 500 END
        )
    ) due
), ranked AS (
    SELECT *,
           row_number() OVER (
               PARTITION BY queue, barred IS NULL ORDER BY priority DESC, due_at, id
           ) AS place
    FROM candidates
), free AS MATERIALIZED (
    -- What somebody else has locked is passed over: a frozen client must not hold up all others.
    SELECT e.id
    FROM executions_jobexecution e
    WHERE e.id = ANY (ARRAY(
        SELECT p.id FROM ranked p WHERE p.barred IS NOT NULL OR p.place <= p.room
    ))
    FOR UPDATE OF e SKIP LOCKED
), moved AS (
    UPDATE executions_jobexecution e
    SET status = CASE WHEN p.barred IS NULL THEN 'queued' ELSE 'skipped' END,
        reason = p.barred,
        completed_at = CASE WHEN p.barred IS NOT NULL THEN clock.now END,
        fence = e.fence + 1,
        queue = p.queue,
        queued_at = CASE WHEN p.barred IS NULL THEN clock.now ELSE e.queued_at END,
        publish_again_at = CASE WHEN p.barred IS NULL
                                THEN clock.now + make_interval(secs => %(publish_again)s) END,
        publish_count = 0
    FROM ranked p
    CROSS JOIN clock
    WHERE e.id = ANY (ARRAY(SELECT id FROM free))
      AND p.id = e.id
      AND e.status IN ('scheduled', 'retrying')
    RETURNING e.id, e.fence, e.queue, e.job_id, p.name AS job_name, old.status AS from_status,
              e.status, e.attempt, e.reason, p.priority, p.due_at, p.is_counted, p.wants_trial
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, data)
    SELECT id, from_status, status, attempt, fence, reason, jsonb_build_object('queue', queue)
    FROM moved
), counted AS (
    INSERT INTO executions_countedstart (execution_id, fence, job_id, queue, at)
    SELECT moved.id, moved.fence, moved.job_id, moved.queue, clock.now
    FROM moved
    CROSS JOIN clock
    WHERE moved.is_counted AND moved.status = 'queued'
), tried AS (
    UPDATE executions_circuit circuit
    SET trial_id = moved.id
    FROM moved
    WHERE moved.wants_trial
      AND moved.status = 'queued'
      AND circuit.job_id = moved.job_id
      AND circuit.state = 'half_open'
      AND circuit.trial_id IS NULL
), capped AS (
    SELECT EXISTS (SELECT 1 FROM ranked WHERE barred IS NULL AND is_cap AND place > room) AS is_capped
)
SELECT moved.id, moved.status, moved.fence, moved.queue, moved.job_name, capped.is_capped, clock.now
FROM capped
CROSS JOIN clock
LEFT JOIN moved ON true
ORDER BY moved.priority DESC, moved.due_at, moved.id
