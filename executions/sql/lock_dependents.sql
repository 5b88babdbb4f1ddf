-- Lock what the end of some executions may release, skip or cancel, in the order of keys, so that
-- those that end at the same time wait for each other and never in a circle. Returns the keys, and
-- whether a failure among those ends its run.
--
-- Directly below them lies what waits for them; below what can no longer run, all that waits for
-- that; and where a failure ends the run, all of it that has not started.
WITH RECURSIVE ended AS (
    SELECT e.id, e.status, e.correlation_id,
           e.status IN ('failed', 'timed_out') AND job.fail_fast = 'run' AS ends_run
    FROM executions_jobexecution e
    JOIN jobs_jobdefinition job ON job.id = e.job_id
    WHERE e.id = ANY(%(ids)s::uuid[]) AND e.completed_at IS NOT NULL
), below (id, is_dead) AS (
    SELECT edge.execution_id, NOT
        \ir parts/edge_is_met.sql
    FROM ended
    JOIN executions_runedge edge ON edge.upstream_execution_id = ended.id AND edge.state = 'open'
    UNION
    SELECT edge.execution_id, edge.condition <> 'completion' AND edge.fail_if_dependency_fails
    FROM below
    JOIN executions_runedge edge ON edge.upstream_execution_id = below.id AND edge.state = 'open'
    WHERE below.is_dead
), rest AS (
    SELECT e.id
    FROM ended
    JOIN executions_jobexecution e
      ON e.correlation_id = ended.correlation_id
     AND e.correlation_id <> e.id
     AND e.status IN ('waiting', 'scheduled', 'queued')
    WHERE ended.ends_run
)
SELECT e.id, EXISTS (SELECT 1 FROM ended WHERE ends_run) AS ends_run
FROM executions_jobexecution e
WHERE e.id IN (SELECT id FROM below UNION SELECT id FROM rest)
ORDER BY e.id
FOR UPDATE OF e
