-- Delete the log lines of some executions between two ids. Returns how many.
WITH deleted AS (
    DELETE FROM executions_jobexecutionlog
    WHERE id > %(after)s AND id <= %(until)s AND execution_id = ANY(%(executions)s::uuid[])
    RETURNING 1
)
SELECT count(*) AS log_lines FROM deleted
