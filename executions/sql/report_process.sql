-- Note that a process is alive, or that it is going. One that has just started has not been asked to
-- drain: that was another of its name. Returns its row's name.
INSERT INTO executions_worker AS w
    (name, kind, hostname, pid, queues, concurrency, started_at, last_seen_at, stopped_at)
VALUES (%(name)s, %(kind)s, %(hostname)s, %(pid)s, %(queues)s, %(concurrency)s, now(), now(),
        CASE WHEN %(is_stopping)s THEN now() END)
ON CONFLICT (name) DO UPDATE
SET kind = excluded.kind,
    hostname = excluded.hostname,
    queues = excluded.queues,
    concurrency = excluded.concurrency,
    last_seen_at = excluded.last_seen_at,
    stopped_at = excluded.stopped_at,
    drain_requested_at = CASE WHEN NOT %(is_starting)s THEN w.drain_requested_at END,
    drain_requested_by = CASE WHEN NOT %(is_starting)s THEN w.drain_requested_by END,
    drain_until = CASE WHEN NOT %(is_starting)s THEN w.drain_until END,
    started_at = CASE WHEN w.pid = excluded.pid AND w.hostname = excluded.hostname
                      THEN w.started_at ELSE excluded.started_at END,
    pid = excluded.pid
RETURNING w.name
