-- Open the executions of runs, and their edges, for roots that have just been opened. Each stands for
-- its root's slot, and runs the job as it is defined now. Returns how many.
WITH opened AS (
    INSERT INTO executions_jobexecution (
        id, job_id, version_id, origin, correlation_id, triggered_by, scheduled_for, due_at,
        business_date, previous_business_date, next_business_date,
        is_late, priority, status, reason, error_message, completed_at,
        fence, attempt, publish_count, cancel_at_once, input, concurrency_key, open_edges
    )
    SELECT node.id, node.job_id, version.id, 'dependency', root.correlation_id, root.triggered_by,
           root.scheduled_for, root.due_at,
           root.business_date, root.previous_business_date, root.next_business_date,
           root.is_late,
           least(job.priority, CASE WHEN root.origin = 'backfill' THEN root.priority END),
           node.status, CASE WHEN node.status = 'skipped' THEN 'upstream' END, node.note,
           CASE WHEN node.status = 'skipped' THEN now() END,
           0, 0, 0, false, '{}', node.key, node.open_edges
    FROM unnest(
        %(ids)s::uuid[], %(jobs)s::uuid[], %(roots)s::uuid[], %(keys)s::text[],
        %(statuses)s::text[], %(notes)s::text[], %(open_edges)s::int[]
    ) AS node (id, job_id, root_id, key, status, note, open_edges)
    JOIN executions_jobexecution root ON root.id = node.root_id
    JOIN jobs_jobdefinition job ON job.id = node.job_id
    JOIN jobs_jobversion version ON version.job_id = job.id AND version.number = job.version
    RETURNING id, status, reason
), noted AS (
    INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence, reason)
    SELECT id, status, 0, 0, reason FROM opened
), edges AS (
    INSERT INTO executions_runedge (
        execution_id, dependency_id, upstream_job_id, upstream_execution_id, condition,
        delay_seconds, fail_if_dependency_fails, output_mapping, state, ready_at
    )
    -- As they were read: somebody may have removed a dependency since.
    SELECT edge.execution_id, edge.dependency_id, edge.upstream_job_id, edge.upstream_execution_id,
           edge.condition, edge.delay, edge.is_strict, edge.mapping::jsonb, edge.state,
           CASE WHEN edge.state = 'met' THEN now() END
    FROM unnest(
        %(edge_nodes)s::uuid[], %(edge_dependencies)s::uuid[], %(edge_jobs)s::uuid[],
        %(edge_upstreams)s::uuid[], %(edge_conditions)s::text[], %(edge_delays)s::int[],
        %(edge_stricts)s::boolean[], %(edge_mappings)s::text[], %(edge_states)s::text[]
    ) AS edge (
        execution_id, dependency_id, upstream_job_id, upstream_execution_id, condition, delay,
        is_strict, mapping, state
    )
)
SELECT count(*) AS opened FROM opened
