-- Delete the oldest expired executions of one job with their transitions, edges, callbacks, looks at
-- conditions and log lines: at most `limit`, and no further one after `most_lines` looks and log lines.
-- What somebody else has locked is passed over. Returns what was deleted and the id to go on after
-- (NULL: there was nothing more).
--
-- Nothing is deleted that an unfinished execution of its run may still read. Only executions of days that are counted in the rollups are deleted. The job is asked for as a
-- range for the same reason as in `retention_bounds`; backwards, because the index has its newest
-- execution first.
WITH expired AS MATERIALIZED (
    SELECT e.id
    FROM executions_jobexecution e
    WHERE e.job_id >= %(job)s AND e.job_id <= %(job)s
      AND e.id > %(after)s
      AND e.id < %(before)s
      AND e.completed_at IS NOT NULL
      AND (e.completed_at < %(completed_before)s OR e.id < %(too_many_before)s::uuid)
      AND e.id <> ALL(%(kept)s::uuid[])
      AND NOT
          \ir parts/is_waited_for.sql
      AND EXISTS (
          SELECT 1
          FROM executions_rolledupday r
          WHERE r.day = (e.completed_at AT TIME ZONE 'UTC')::date
      )
    ORDER BY e.job_id DESC, e.id
    LIMIT %(limit)s
    FOR UPDATE OF e SKIP LOCKED
), measured AS (
    SELECT expired.id, sum(log.lines) OVER (ORDER BY expired.id) - log.lines AS lines_before
    FROM expired
    CROSS JOIN LATERAL (
        SELECT (
            SELECT count(*) FROM executions_jobexecutionlog l WHERE l.execution_id = expired.id
        ) + (
            SELECT count(*) FROM executions_conditioncheck c WHERE c.execution_id = expired.id
        ) AS lines
    ) AS log
), chosen AS MATERIALIZED (
    SELECT id FROM measured WHERE lines_before < %(most_lines)s
), lines AS (
    DELETE FROM executions_jobexecutionlog l USING chosen WHERE l.execution_id = chosen.id
    RETURNING 1
), looks AS (
    DELETE FROM executions_conditioncheck c USING chosen WHERE c.execution_id = chosen.id
    RETURNING 1
), edges AS (
    DELETE FROM executions_runedge edge USING chosen WHERE edge.execution_id = chosen.id
    RETURNING 1
), callbacks AS (
    DELETE FROM executions_callback c USING chosen WHERE c.execution_id = chosen.id
    RETURNING 1
), transitions AS (
    DELETE FROM executions_executiontransition t USING chosen WHERE t.execution_id = chosen.id
    RETURNING 1
), executions AS (
    DELETE FROM executions_jobexecution e USING chosen WHERE e.id = chosen.id
    RETURNING 1
)
SELECT (SELECT count(*) FROM executions) AS executions,
       (SELECT count(*) FROM transitions) AS transitions,
       (SELECT count(*) FROM lines) AS log_lines,
       (SELECT id FROM chosen ORDER BY id DESC LIMIT 1) AS after
