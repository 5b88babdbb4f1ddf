-- Look at the next `limit` log lines in the order they were written: the id of the last, the time of
-- the oldest (both NULL: there are none), and those of their executions that ended too long ago.
WITH oldest AS MATERIALIZED (
    SELECT l.id, l.execution_id, l.at
    FROM executions_jobexecutionlog l
    WHERE l.id > %(after)s
    ORDER BY l.id
    LIMIT %(limit)s
)
SELECT max(id) AS until,
       min(at) AS oldest_at,
       ARRAY(
           SELECT e.id
           FROM executions_jobexecution e
           WHERE e.id = ANY(ARRAY(SELECT DISTINCT execution_id FROM oldest))
             AND e.completed_at < %(completed_before)s
       ) AS executions
FROM oldest
