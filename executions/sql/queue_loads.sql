-- What each queue has waiting, out and under way, and who serves it. Ready is what is due and not
-- handed out, held what of that somebody
-- holds back. A worker that drains serves nothing. Reads what is unfinished by its partial indexes; history costs nothing here.
WITH out AS (
    SELECT queue,
           count(*) FILTER (WHERE status = 'queued') AS queued,
           count(*) FILTER (WHERE status = 'running') AS running,
           min(due_at) FILTER (WHERE status = 'queued') AS oldest_due_at
    FROM executions_jobexecution
    WHERE status IN ('queued', 'running')
    GROUP BY queue
), ready AS (
    SELECT job.queue_id AS queue, sum(due.ready) AS ready, min(due.oldest_due_at) AS oldest_due_at,
           sum(due.ready) FILTER (WHERE holds.is_held) AS held
    FROM (
        SELECT job_id, count(*) AS ready, min(due_at) AS oldest_due_at
        FROM executions_jobexecution
        WHERE status IN ('scheduled', 'retrying') AND due_at <= coalesce(%(now)s::timestamptz, now())
        GROUP BY job_id
    ) due
    JOIN jobs_jobdefinition job ON job.id = due.job_id
    LEFT JOIN jobs_jobownership owner ON owner.job_id = due.job_id
    CROSS JOIN LATERAL (
        SELECT due.job_id, job.queue_id AS queue, owner.team_name
    ) AS of
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM jobs_hold h
            WHERE h.ended_at IS NULL
              AND (
                  \ir parts/covers.sql
              )
        ) AS is_held
    ) AS holds
    GROUP BY job.queue_id
), served AS (
    SELECT queue, sum(w.concurrency) AS slots, array_agg(w.name ORDER BY w.name) AS worker_names
    FROM executions_worker w
    CROSS JOIN LATERAL unnest(w.queues) AS queue
    WHERE w.stopped_at IS NULL
      AND w.drain_requested_at IS NULL
      AND w.last_seen_at >= coalesce(%(now)s::timestamptz, now())
                            - make_interval(secs => %(worker_alive)s)
    GROUP BY queue
)
SELECT q.name, q.max_concurrent_executions, q.starts_per_minute,
       EXISTS (
           SELECT FROM jobs_hold h WHERE h.queue_id = q.name AND h.ended_at IS NULL
       ) AS is_paused,
       coalesce(ready.ready, 0)::bigint AS ready,
       coalesce(ready.held, 0)::bigint AS held,
       coalesce(out.queued, 0) AS queued,
       coalesce(out.running, 0) AS running,
       least(ready.oldest_due_at, out.oldest_due_at) AS oldest_due_at,
       coalesce(served.worker_names, '{}') AS worker_names,
       coalesce(served.slots, 0)::bigint AS slots
FROM jobs_queue q
LEFT JOIN out ON out.queue = q.name
LEFT JOIN ready ON ready.queue = q.name
LEFT JOIN served ON served.queue = q.name
ORDER BY q.name
