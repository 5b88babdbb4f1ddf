-- Decide what may go to the broker now, and move it there: ready -> queued, or -> skipped with the
-- reason when its job may not run. Returns the queued rows (id, fence, queue, job_name); each row
-- also has the instant of the decision (now) and whether a queue was full of unclaimed messages
-- while more was due (is_capped). When nothing was queued, one row with a NULL id says just that.
--
-- Per job the first by priority and due time within its free slots (limit - queued - running), per
-- queue the first of those within its room. Rows are not locked while choosing; the UPDATE looks at
-- the status again, and only one dispatcher runs at a time (advisory lock).
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
    WHERE w.stopped_at IS NULL AND w.last_seen_at > clock.now - make_interval(secs => %(worker_alive)s)
    GROUP BY queue
), rooms AS (
    SELECT q.name AS queue,
           CASE WHEN q.is_paused THEN 0
                ELSE greatest(coalesce(q.max_concurrent_executions, 2000000000) - coalesce(a.out, 0), 0)
           END AS free,
           greatest(greatest(200, 4 * coalesce(w.slots, 0)) - coalesce(a.unclaimed, 0), 0) AS cap
    FROM jobs_queue q
    LEFT JOIN (
        SELECT queue, sum(out) AS out, sum(unclaimed) AS unclaimed FROM active GROUP BY queue
    ) a ON a.queue = q.name
    LEFT JOIN worker_slots w ON w.queue = q.name
), candidates AS (
    SELECT due.id, due.priority, due.due_at, job.queue_id AS queue, job.name, job.barred,
           least(room.free, room.cap) AS room, room.cap < room.free AS is_cap
    FROM ready_jobs r
    JOIN (
        SELECT id, name, queue_id, max_concurrent_executions,
               CASE WHEN status <> 'active' THEN 'job_disabled'
                    WHEN allowed_environments & %(environment)s = 0 THEN 'environment'
               END AS barred
        FROM jobs_jobdefinition
    ) job ON job.id = r.job_id
    JOIN rooms room ON room.queue = job.queue_id
    LEFT JOIN (
        SELECT job_id, sum(out) AS out FROM active GROUP BY job_id
    ) a ON a.job_id = job.id
    CROSS JOIN clock
    CROSS JOIN LATERAL (
        SELECT e.id, e.priority, e.due_at
        FROM executions_jobexecution e
        WHERE e.job_id = job.id
          AND e.status IN ('scheduled', 'retrying')
          AND e.due_at <= clock.now
          AND (
              job.barred IS NOT NULL
              OR e.schedule_id IS NULL
              -- Overlap: the executions of one schedule run one after another, in slot order.
              OR NOT EXISTS (
                  SELECT 1
                  FROM executions_jobexecution earlier
                  WHERE earlier.schedule_id = e.schedule_id
                    AND earlier.scheduled_for < e.scheduled_for
                    AND earlier.status IN ('scheduled', 'queued', 'running', 'retrying')
              )
              -- Unless the schedule allows several at once, up to its limit.
              OR (
                  SELECT s.overlap = 'allow' AND (
                      s.overlap_limit IS NULL
                      OR s.overlap_limit > (
                          SELECT count(*)
                          FROM executions_jobexecution earlier
                          WHERE earlier.schedule_id = e.schedule_id
                            AND earlier.scheduled_for < e.scheduled_for
                            AND earlier.status IN ('scheduled', 'queued', 'running', 'retrying')
                      )
                  )
                  FROM jobs_jobschedule s
                  WHERE s.id = e.schedule_id
              )
          )
        ORDER BY e.priority DESC, e.due_at, e.id
        -- One more than there is room for, so that it shows when something has to stay behind.
        LIMIT CASE WHEN job.barred IS NOT NULL THEN 500
                   ELSE greatest(
                       least(job.max_concurrent_executions - coalesce(a.out, 0),
                             least(room.free, room.cap) + 1),
                       0)
              END
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
    JOIN ranked p ON p.id = e.id
    WHERE p.barred IS NOT NULL OR p.place <= p.room
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
    FROM free
    JOIN ranked p ON p.id = free.id
    CROSS JOIN clock
    WHERE e.id = free.id AND e.status IN ('scheduled', 'retrying')
    RETURNING e.id, e.fence, e.queue, p.name AS job_name, old.status AS from_status, e.status,
              e.attempt, e.reason, p.priority, p.due_at
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, data)
    SELECT id, from_status, status, attempt, fence, reason, jsonb_build_object('queue', queue)
    FROM moved
), capped AS (
    SELECT EXISTS (SELECT 1 FROM ranked WHERE barred IS NULL AND is_cap AND place > room) AS is_capped
)
SELECT moved.id, moved.fence, moved.queue, moved.job_name, capped.is_capped, clock.now
FROM capped
CROSS JOIN clock
LEFT JOIN moved ON moved.status = 'queued'
ORDER BY moved.priority DESC, moved.due_at, moved.id
