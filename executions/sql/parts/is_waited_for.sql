-- Whether something of the execution's run (e) may still read what it has returned.
EXISTS (
    SELECT 1
    FROM executions_runedge edge
    JOIN executions_jobexecution dependent ON dependent.id = edge.execution_id
    WHERE edge.upstream_execution_id = e.id AND dependent.completed_at IS NULL
)
