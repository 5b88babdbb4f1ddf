-- Take over into the waiting join of a job the executions that meet its edges, each in the place of
-- an older one; and let it go once all are met, due at the latest of their ends and delays, for the
-- newest of their slots. Its row is locked. What is used up then is noted at the dependencies.
-- Returns the join when it was let go, and whether it is due and takes outputs over.
WITH meeting AS (
    SELECT * FROM unnest(%(dependencies)s::uuid[], %(executions)s::uuid[])
        AS meeting (dependency_id, execution_id)
), met AS (
    UPDATE executions_runedge edge
    SET upstream_execution_id = e.id,
        state = 'met',
        ready_at = e.completed_at + make_interval(secs => edge.delay_seconds)
    FROM meeting
    JOIN executions_jobexecution e ON e.id = meeting.execution_id
    WHERE edge.execution_id = %(id)s
      AND edge.dependency_id = meeting.dependency_id
      AND (edge.ready_at IS NULL
           OR edge.ready_at <= e.completed_at + make_interval(secs => edge.delay_seconds))
    RETURNING edge.id, edge.dependency_id, edge.upstream_execution_id, edge.ready_at
), given_up AS (
    -- Nobody will ever meet an edge that holds no more: the join goes on without it.
    DELETE FROM executions_runedge edge
    WHERE edge.execution_id = %(id)s
      AND edge.state = 'open'
      AND NOT EXISTS (
          SELECT 1
          FROM jobs_jobdependency d
          JOIN jobs_jobdefinition upstream ON upstream.id = d.upstream_id
          WHERE d.id = edge.dependency_id AND d.is_active AND upstream.status <> 'archived'
      )
    RETURNING edge.id
), edges AS (
    -- As they are after this statement.
    SELECT edge.dependency_id, edge.output_mapping,
           coalesce(met.upstream_execution_id, edge.upstream_execution_id) AS upstream_execution_id,
           coalesce(met.ready_at, edge.ready_at) AS ready_at
    FROM executions_runedge edge
    LEFT JOIN met ON met.id = edge.id
    WHERE edge.execution_id = %(id)s AND edge.id NOT IN (SELECT id FROM given_up)
), slot AS (
    SELECT e.scheduled_for, e.business_date, e.previous_business_date, e.next_business_date
    FROM edges
    JOIN executions_jobexecution e ON e.id = edges.upstream_execution_id
    ORDER BY e.scheduled_for DESC
    LIMIT 1
), counted AS (
    SELECT count(*) FILTER (WHERE upstream_execution_id IS NULL) AS open, max(ready_at) AS ready_at
    FROM edges
), changed AS (
    UPDATE executions_jobexecution e
    SET open_edges = counted.open,
        status = CASE WHEN counted.open = 0 THEN 'scheduled' ELSE 'waiting' END,
        due_at = greatest(e.due_at, counted.ready_at),
        scheduled_for = slot.scheduled_for,
        business_date = slot.business_date,
        previous_business_date = slot.previous_business_date,
        next_business_date = slot.next_business_date
    FROM counted, slot
    WHERE e.id = %(id)s AND e.status = 'waiting'
    RETURNING e.id, e.status, e.attempt, e.fence, e.due_at
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, data)
    SELECT id, 'waiting', 'scheduled', attempt, fence, jsonb_build_object('due_at', due_at)
    FROM changed
    WHERE status = 'scheduled'
), used AS (
    UPDATE jobs_jobdependency dependency
    SET consumed_until = greatest(dependency.consumed_until, e.completed_at)
    FROM changed
    CROSS JOIN edges
    JOIN executions_jobexecution e ON e.id = edges.upstream_execution_id
    WHERE changed.status = 'scheduled' AND dependency.id = edges.dependency_id
)
SELECT changed.id,
       changed.due_at <= coalesce(%(now)s::timestamptz, now()) AS is_due,
       EXISTS (SELECT 1 FROM edges WHERE output_mapping <> '{}') AS takes_outputs
FROM changed
WHERE changed.status = 'scheduled'
