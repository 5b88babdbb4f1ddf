-- Open the join of a job, unless one waits already, with an edge for each of its dependencies. An
-- edge that an execution has met since the job's last join used one up is met from the beginning:
-- of the newest executions of the upstream job the last that meets it, and that no run of its own
-- has used. Returns the key, or nothing when another join waits.
WITH opened AS (
    INSERT INTO executions_jobexecution (
        id, job_id, version_id, origin, correlation_id, triggered_by, scheduled_for, due_at,
        is_late, priority, status, fence, attempt, publish_count, cancel_at_once, input,
        concurrency_key
    )
    SELECT %(id)s, job.id, version.id, 'join', %(id)s, 'join', clock.now, clock.now,
           false, job.priority, 'waiting', 0, 0, 0, false, '{}', %(key)s
    FROM jobs_jobdefinition job
    JOIN jobs_jobversion version ON version.job_id = job.id AND version.number = job.version
    CROSS JOIN (SELECT coalesce(%(now)s::timestamptz, now()) AS now) AS clock
    WHERE job.id = %(job)s
    ON CONFLICT (job_id) WHERE origin = 'join' AND status = 'waiting' DO NOTHING
    RETURNING id
), noted AS (
    INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence)
    SELECT id, 'waiting', 0, 0 FROM opened
), edges AS (
    INSERT INTO executions_runedge (
        execution_id, dependency_id, upstream_job_id, upstream_execution_id, condition,
        delay_seconds, fail_if_dependency_fails, output_mapping, state, ready_at
    )
    SELECT opened.id, edge.id, edge.upstream_id, met.id, edge.condition,
           edge.delay_after_completion_seconds, edge.fail_if_dependency_fails,
           edge.output_mapping, CASE WHEN met.id IS NULL THEN 'open' ELSE 'met' END,
           met.completed_at + make_interval(secs => edge.delay_after_completion_seconds)
    FROM opened
    JOIN jobs_jobdependency edge ON edge.job_id = %(job)s AND edge.is_active
    JOIN jobs_jobdefinition upstream
      ON upstream.id = edge.upstream_id AND upstream.status <> 'archived'
    LEFT JOIN LATERAL (
        SELECT ended.id, ended.completed_at
        FROM (
            SELECT e.id, e.status, e.completed_at
            FROM executions_jobexecution e
            WHERE e.job_id = edge.upstream_id
            ORDER BY e.id DESC
            LIMIT %(most_looked_at)s
        ) AS ended
        WHERE ended.completed_at > greatest(edge.consumed_until, edge.active_since)
          AND
              \ir parts/edge_is_met.sql
          AND NOT EXISTS (
              SELECT 1
              FROM executions_runedge own
              WHERE own.upstream_execution_id = ended.id AND own.dependency_id = edge.id
          )
        ORDER BY ended.completed_at DESC
        LIMIT 1
    ) AS met ON true
)
SELECT id FROM opened
