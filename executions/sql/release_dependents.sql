-- Let go, or skip, what waited for some executions that have ended; all of it is locked
-- (`lock_dependents`). Returns what became of each: released (with whether outputs are to be taken
-- over into its parameters, and whether it is due), or skipped.
--
-- An edge is met, or dead. What has a dead edge is skipped, and so is, at any depth, what can no longer
-- run because of that; each names the execution that it is due to. What has its last edge met is due
-- at the latest of its edges' ends and delays.
WITH RECURSIVE clock AS (
    SELECT coalesce(%(now)s::timestamptz, now()) AS now
), ended AS (
    SELECT e.id, e.status, e.completed_at, coalesce(e.blocked_by, e.id) AS culprit,
           'Job ' || job.name || CASE e.status
               WHEN 'timed_out' THEN ' timed out.'
               WHEN 'cancelled' THEN ' was cancelled.'
               WHEN 'skipped' THEN ' was skipped.'
               ELSE ' ' || e.status || '.'
           END AS said
    FROM executions_jobexecution e
    JOIN jobs_jobdefinition job ON job.id = e.job_id
    WHERE e.id = ANY(%(ids)s::uuid[]) AND e.completed_at IS NOT NULL
), direct AS (
    SELECT edge.id, edge.execution_id, edge.delay_seconds, ended.completed_at AS ended_at,
           ended.culprit, ended.said,
           \ir parts/edge_is_met.sql
           AS is_met
    FROM ended
    JOIN executions_runedge edge ON edge.upstream_execution_id = ended.id AND edge.state = 'open'
), doomed (execution_id, culprit, said) AS (
    SELECT execution_id, culprit, said FROM direct WHERE NOT is_met
    UNION
    SELECT edge.execution_id, doomed.culprit, doomed.said
    FROM doomed
    JOIN executions_runedge edge
      ON edge.upstream_execution_id = doomed.execution_id AND edge.state = 'open'
    WHERE edge.condition <> 'completion' AND edge.fail_if_dependency_fails
), dead AS (
    -- Of several culprits one is named.
    SELECT DISTINCT ON (doomed.execution_id) doomed.*
    FROM doomed
    JOIN executions_jobexecution e ON e.id = doomed.execution_id AND e.status = 'waiting'
    ORDER BY doomed.execution_id, doomed.culprit
), judged AS (
    SELECT id, execution_id, delay_seconds, ended_at, is_met FROM direct
    UNION ALL
    SELECT edge.id, edge.execution_id, edge.delay_seconds, clock.now,
           edge.condition = 'completion' OR NOT edge.fail_if_dependency_fails
    FROM dead
    JOIN executions_runedge edge
      ON edge.upstream_execution_id = dead.execution_id AND edge.state = 'open'
    CROSS JOIN clock
), marked AS (
    UPDATE executions_runedge edge
    SET state = CASE WHEN judged.is_met THEN 'met' ELSE 'dead' END,
        ready_at = CASE WHEN judged.is_met
                        THEN judged.ended_at + make_interval(secs => judged.delay_seconds) END
    FROM judged
    WHERE edge.id = judged.id
), counted AS (
    SELECT judged.execution_id,
           count(*) AS met,
           max(judged.ended_at + make_interval(secs => judged.delay_seconds)) AS ready_at
    FROM judged
    WHERE judged.is_met
      AND NOT EXISTS (SELECT 1 FROM dead WHERE dead.execution_id = judged.execution_id)
    GROUP BY judged.execution_id
), changed AS (
    UPDATE executions_jobexecution e
    SET open_edges = e.open_edges - coalesce(counted.met, 0),
        status = CASE WHEN dead.execution_id IS NOT NULL THEN 'skipped'
                      WHEN e.open_edges = counted.met THEN 'scheduled'
                      ELSE 'waiting' END,
        due_at = greatest(e.due_at, counted.ready_at),
        reason = CASE WHEN dead.execution_id IS NOT NULL THEN 'upstream' END,
        error_message = dead.said,
        blocked_by = dead.culprit,
        completed_at = CASE WHEN dead.execution_id IS NOT NULL THEN clock.now END
    FROM clock,
         (SELECT execution_id FROM counted UNION SELECT execution_id FROM dead) AS touched
         LEFT JOIN counted USING (execution_id)
         LEFT JOIN dead USING (execution_id)
    WHERE e.id = touched.execution_id AND e.status = 'waiting'
    RETURNING e.id, e.status, e.reason, e.attempt, e.fence, e.due_at, e.blocked_by
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, data)
    SELECT id, 'waiting', status, attempt, fence, reason,
           CASE WHEN status = 'skipped' THEN jsonb_build_object('blocked_by', blocked_by)
                ELSE jsonb_build_object('due_at', due_at) END
    FROM changed
    WHERE status <> 'waiting'
)
SELECT changed.id,
       changed.status,
       changed.due_at <= clock.now AS is_due,
       changed.status = 'scheduled' AND EXISTS (
           SELECT 1
           FROM executions_runedge edge
           WHERE edge.execution_id = changed.id AND edge.output_mapping <> '{}'
       ) AS takes_outputs
FROM changed
CROSS JOIN clock
WHERE changed.status <> 'waiting'
ORDER BY changed.id
