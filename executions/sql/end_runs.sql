-- Cancel all that has not started in the runs of executions that have failed, of jobs whose failure
-- ends the run, but for what that failure itself has just released. All of it is locked
-- (`lock_dependents`). Returns what was cancelled.
WITH ended AS (
    SELECT DISTINCT ON (e.correlation_id)
           e.correlation_id, e.id, 'Job ' || job.name || ' '
               || CASE e.status WHEN 'failed' THEN 'failed' ELSE 'timed out' END
               || ', and its failure ends the run.' AS said
    FROM executions_jobexecution e
    JOIN jobs_jobdefinition job ON job.id = e.job_id
    WHERE e.id = ANY(%(ids)s::uuid[])
      AND e.status IN ('failed', 'timed_out')
      AND job.fail_fast = 'run'
    ORDER BY e.correlation_id, e.id
), moved AS (
    UPDATE executions_jobexecution e
    SET status = 'cancelled', reason = 'fail_fast', error_message = ended.said,
        blocked_by = ended.id, fence = e.fence + 1, publish_again_at = NULL,
        completed_at = coalesce(%(now)s::timestamptz, now())
    FROM ended
    WHERE e.correlation_id = ended.correlation_id
      AND e.correlation_id <> e.id
      -- An attempt of it has failed before: it has started.
      AND e.attempt = 0
      AND e.status IN ('waiting', 'scheduled', 'queued')
      -- What somebody has asked for anew has nothing to do with that failure.
      AND (e.rerun_of_id IS NULL OR e.origin <> 'manual')
      AND NOT EXISTS (
          SELECT 1
          FROM executions_runedge edge
          WHERE edge.execution_id = e.id
            AND edge.upstream_execution_id = ANY(%(ids)s::uuid[])
            AND edge.state = 'met'
      )
    RETURNING e.id, old.status AS from_status, e.attempt, e.fence, e.blocked_by
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, data)
    SELECT id, from_status, 'cancelled', attempt, fence, 'fail_fast',
           jsonb_build_object('blocked_by', blocked_by)
    FROM moved
), closed AS (
    UPDATE executions_runedge edge
    SET state = 'dead'
    FROM moved
    WHERE edge.execution_id = moved.id AND edge.state = 'open'
)
SELECT id FROM moved
