-- Find which joins the end of some executions concerns: for each dependency of another job on one of
-- theirs that it satisfies, and that is no edge of their own run, the execution that ended last.
-- Ordered by the job that joins, so that all lock joins in one order.
SELECT DISTINCT ON (edge.job_id, edge.id)
       edge.job_id, edge.id AS dependency_id, ended.id AS execution_id, ended.completed_at
FROM executions_jobexecution ended
JOIN jobs_jobdependency edge ON edge.upstream_id = ended.job_id AND edge.is_active
JOIN jobs_jobdefinition job ON job.id = edge.job_id AND job.status <> 'archived'
WHERE ended.id = ANY(%(ids)s::uuid[])
  AND ended.completed_at IS NOT NULL
  -- A later edit of the graph changes no run that is under way.
  AND edge.active_since <= ended.opened_at
  -- A backfill's execution that was never let go has not opened its run.
  AND (ended.backfill_id IS NULL OR ended.started_at IS NOT NULL)
  -- What a join has used up, or what is older than that, meets no other.
  AND ended.completed_at >= coalesce(edge.consumed_until, '-infinity')
  AND
      \ir parts/edge_is_met.sql
  AND NOT EXISTS (
      SELECT 1
      FROM executions_runedge own
      WHERE own.upstream_execution_id = ended.id AND own.dependency_id = edge.id
  )
  -- Nor when its run has that edge at an earlier execution of it: a rerun opens what it is asked to.
  AND NOT EXISTS (
      SELECT 1
      FROM executions_jobexecution node
      JOIN executions_runedge own ON own.execution_id = node.id
      WHERE ended.rerun_of_id IS NOT NULL
        AND node.correlation_id = ended.correlation_id
        AND node.correlation_id <> node.id
        AND own.dependency_id = edge.id
  )
ORDER BY edge.job_id, edge.id, ended.completed_at DESC
