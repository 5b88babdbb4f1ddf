-- Record how an attempt ended: the new status, its transition and the last log lines, in one go.
-- No row is changed unless the execution runs under this fence.
--
-- A request to cancel turns every outcome but success into cancelled. Returns the new status and
-- whether beat should look at once: work that is due waited behind what this attempt has freed.
--
-- What its end releases has to commit with it. Where it does no more than to meet the edges of what
-- waits for it, that is done here too, as `release_dependents` would. Where more may follow, this
-- changes nothing (is_settled is false) unless the caller has a transaction for that (may_follow).
WITH ours AS (
    SELECT id, job_id, schedule_id, concurrency_key, queue, attempt, started_at,
           coalesce(cancel_requested_by = 'schedule', false) AS is_replaced,
           CASE WHEN cancel_requested_at IS NOT NULL AND %(status)s <> 'succeeded'
                THEN 'cancelled' ELSE %(status)s END AS status,
           coalesce(%(now)s::timestamptz, now()) AS now
    FROM executions_jobexecution
    WHERE id = %(id)s AND fence = %(fence)s AND status = 'running'
    FOR UPDATE
), known AS (
    SELECT ours.*,
           ours.status NOT IN ('retrying', 'scheduled') AND (
               job.fail_fast = 'run'
               OR EXISTS (
                   SELECT 1
                   FROM executions_runedge edge
                   WHERE edge.upstream_execution_id = ours.id AND edge.state = 'open'
               )
               OR EXISTS (
                   SELECT 1 FROM jobs_jobdependency d WHERE d.upstream_id = ours.job_id AND d.is_active
               )
           ) AS has_successors
    FROM ours
    JOIN jobs_jobdefinition job ON job.id = ours.job_id
), waits AS (
    -- What waits for it, where its end does no more than to meet their edges.
    SELECT edge.id, edge.execution_id, edge.delay_seconds
    FROM known
    JOIN executions_runedge edge ON edge.upstream_execution_id = known.id AND edge.state = 'open'
    WHERE NOT %(may_follow)s
      AND known.has_successors
      AND known.status = 'succeeded'
      AND NOT EXISTS (
          SELECT 1
          FROM executions_runedge other
          -- What an earlier end has met may have outputs to take over now.
          JOIN executions_runedge beside ON beside.execution_id = other.execution_id
          WHERE other.upstream_execution_id = known.id
            AND other.state = 'open'
            AND (other.condition = 'failure' OR beside.output_mapping <> '{}')
      )
      AND NOT EXISTS (
          SELECT 1
          FROM jobs_jobdependency d
          WHERE d.upstream_id = known.job_id
            AND d.is_active
            AND NOT EXISTS (
                SELECT 1
                FROM executions_runedge own
                WHERE own.upstream_execution_id = known.id AND own.dependency_id = d.id
            )
      )
), mine AS (
    SELECT *
    FROM known
    WHERE %(may_follow)s OR NOT has_successors OR EXISTS (SELECT 1 FROM waits)
), waiting AS (
    -- In the order of keys, as everybody who locks several.
    SELECT e.id
    FROM executions_jobexecution e
    WHERE e.id IN (SELECT execution_id FROM waits)
    ORDER BY e.id
    FOR UPDATE
), met AS (
    UPDATE executions_runedge edge
    SET state = 'met', ready_at = mine.now + make_interval(secs => waits.delay_seconds)
    FROM waits
    JOIN waiting ON waiting.id = waits.execution_id
    CROSS JOIN mine
    WHERE edge.id = waits.id AND edge.state = 'open'
), released AS (
    UPDATE executions_jobexecution e
    SET open_edges = e.open_edges - 1,
        status = CASE WHEN e.open_edges = 1 THEN 'scheduled' ELSE 'waiting' END,
        due_at = greatest(e.due_at, mine.now + make_interval(secs => waits.delay_seconds))
    FROM waiting
    JOIN waits ON waits.execution_id = waiting.id
    CROSS JOIN mine
    WHERE e.id = waiting.id AND e.status = 'waiting'
    RETURNING e.id, e.status, e.attempt, e.fence, e.due_at
), let_go AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, data)
    SELECT id, 'waiting', 'scheduled', attempt, fence, jsonb_build_object('due_at', due_at)
    FROM released
    WHERE status = 'scheduled'
), settled AS (
    UPDATE executions_jobexecution e
    SET status = mine.status,
        reason = CASE WHEN mine.status <> 'cancelled' THEN %(reason)s
                      WHEN mine.is_replaced THEN 'replaced' ELSE 'cancelled' END,
        fence = e.fence + %(fence_step)s::int,
        -- An attempt that was handed back, or waits for its condition, did not happen.
        attempt = e.attempt - CASE WHEN mine.status = 'scheduled' THEN 1 ELSE 0 END,
        due_at = CASE WHEN mine.status IN ('retrying', 'scheduled')
                      THEN mine.now + make_interval(secs => %(delay)s) ELSE e.due_at END,
        completed_at = CASE WHEN mine.status NOT IN ('retrying', 'scheduled') THEN mine.now END,
        lease_until = NULL,
        claim_token = NULL,
        output = %(output)s::jsonb,
        error_type = %(error_type)s,
        error_message = %(error_message)s,
        stack_trace = %(stack_trace)s,
        progress_fraction = coalesce(%(progress)s::float8, e.progress_fraction),
        progress_message = coalesce(%(progress_message)s, e.progress_message)
    FROM mine
    WHERE e.id = mine.id
    RETURNING e.id, e.fence, e.status, e.reason, e.due_at
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, actor, data)
    SELECT mine.id, 'running', settled.status, mine.attempt, settled.fence, settled.reason,
           %(actor)s,
           jsonb_strip_nulls(jsonb_build_object(
               'duration_seconds',
               round(extract(epoch FROM mine.now - mine.started_at)::numeric, 3),
               'error_type', %(error_type)s::text,
               'error', left(%(error_message)s::text, 500),
               'due_at', CASE WHEN settled.status IN ('retrying', 'scheduled') THEN settled.due_at END,
               'waits_until', CASE WHEN settled.status = 'scheduled' THEN %(waits_until)s::timestamptz END
           ))
    FROM mine JOIN settled ON settled.id = mine.id
), logged AS (
    INSERT INTO executions_jobexecutionlog
        (execution_id, attempt, sequence, at, level, stream, message)
    SELECT mine.id, mine.attempt, line.*
    FROM mine
    CROSS JOIN unnest(
        %(log_sequences)s::int[], %(log_times)s::timestamptz[], %(log_levels)s::text[],
        %(log_streams)s::text[], %(log_messages)s::text[]
    ) AS line
)
SELECT known.status,
       known.has_successors,
       mine.id IS NOT NULL AS is_settled,
       CASE
           WHEN EXISTS (
               SELECT 1
               FROM released
               WHERE released.status = 'scheduled' AND released.due_at <= mine.now
           ) THEN true
           WHEN mine.status IN ('retrying', 'scheduled') AND %(delay)s::float8 < 1 THEN true
           -- This statement's snapshot is older than its own UPDATE: the attempt still counts here.
           WHEN job.max_concurrent_executions <= (
               SELECT count(*)
               FROM executions_jobexecution active
               WHERE active.job_id = mine.job_id AND active.status IN ('queued', 'running')
           ) AND EXISTS (
               SELECT 1
               FROM executions_jobexecution waiting
               WHERE waiting.job_id = mine.job_id
                 AND waiting.status IN ('scheduled', 'retrying')
                 AND waiting.due_at <= mine.now
           ) THEN true
           -- Of a queue without a limit nothing is counted.
           WHEN queue.max_concurrent_executions IS NOT NULL
               AND queue.max_concurrent_executions <= (
                   SELECT count(*)
                   FROM executions_jobexecution active
                   WHERE active.queue = mine.queue AND active.status IN ('queued', 'running')
               ) THEN true
           WHEN job.concurrency_key <> '' AND EXISTS (
               SELECT 1
               FROM executions_jobexecution waiting
               WHERE waiting.job_id = mine.job_id
                 AND waiting.concurrency_key = mine.concurrency_key
                 AND waiting.status IN ('scheduled', 'retrying')
                 AND waiting.due_at <= mine.now
           ) THEN true
           ELSE EXISTS (
               SELECT 1
               FROM executions_jobexecution waiting
               WHERE waiting.schedule_id = mine.schedule_id
                 AND waiting.origin = 'schedule'
                 AND waiting.status IN ('scheduled', 'retrying')
                 AND waiting.due_at <= mine.now
           )
       END AS wakes_beat
FROM known
LEFT JOIN mine ON mine.id = known.id
JOIN jobs_jobdefinition job ON job.id = known.job_id
LEFT JOIN jobs_queue queue ON queue.name = mine.queue
