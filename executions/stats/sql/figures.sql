-- The figures of the dashboard as they stand: jobs, what runs, what waits too long, what ended today.
-- Each part reads one partial index.
WITH clock AS (
    SELECT coalesce(%(now)s::timestamptz, now()) AS now
), jobs AS (
    SELECT count(*) AS total,
           count(*) FILTER (WHERE status = 'active') AS active,
           count(*) FILTER (WHERE status = 'disabled') AS disabled
    FROM jobs_jobdefinition
    WHERE status <> 'archived'
), running AS (
    SELECT count(*) AS total,
           count(*) FILTER (
               WHERE clock.now - e.started_at > make_interval(secs => j.expected_duration_seconds)
           ) AS exceeding
    FROM executions_jobexecution e
    JOIN jobs_jobdefinition j ON j.id = e.job_id
    CROSS JOIN clock
    WHERE e.status = 'running'
), delayed AS (
    SELECT count(*) AS total
    FROM executions_jobexecution e
    CROSS JOIN clock
    WHERE e.status IN ('scheduled', 'retrying')
      AND e.due_at < clock.now - make_interval(secs => %(late)s)
), today AS (
    SELECT coalesce(sum(ended.total) FILTER (WHERE final.status = 'succeeded'), 0) AS succeeded,
           coalesce(sum(ended.total) FILTER (WHERE final.status IN ('failed', 'timed_out')), 0)
               AS failed,
           coalesce(sum(ended.total) FILTER (WHERE final.status = 'skipped'), 0) AS skipped,
           sum(ended.seconds) FILTER (WHERE final.status <> 'skipped')
               / nullif(sum(ended.timed) FILTER (WHERE final.status <> 'skipped'), 0) AS seconds
    FROM unnest(ARRAY['succeeded', 'failed', 'timed_out', 'skipped']) AS final (status)
    CROSS JOIN clock
    CROSS JOIN LATERAL (
        SELECT count(*) AS total,
               count(e.started_at) AS timed,
               sum(extract(epoch FROM e.completed_at - e.started_at)::float8) AS seconds
        FROM executions_jobexecution e
        WHERE e.status = final.status
          AND e.completed_at >= date_trunc('day', clock.now, 'UTC')
    ) AS ended
)
SELECT jobs.total, jobs.active, jobs.disabled,
       running.total AS running, running.exceeding,
       delayed.total AS delayed,
       today.succeeded::bigint, today.failed::bigint, today.skipped::bigint,
       coalesce(today.seconds, 0)::float8 AS seconds
FROM jobs, running, delayed, today
