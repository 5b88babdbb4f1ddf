-- Write the progress and the new log lines of a running attempt, and return whether somebody asked
-- for it to stop; no row means that it is no longer ours. Without news it writes nothing.
WITH mine AS (
    SELECT id, cancel_requested_at IS NOT NULL AS is_cancel_requested, cancel_at_once,
           progress_fraction, progress_message
    FROM executions_jobexecution
    WHERE id = %(id)s AND fence = %(fence)s AND status = 'running'
), progressed AS (
    UPDATE executions_jobexecution e
    SET progress_fraction = %(progress)s::float8, progress_message = %(progress_message)s::text
    FROM mine
    WHERE e.id = mine.id
      AND e.fence = %(fence)s
      AND e.status = 'running'
      AND (mine.progress_fraction, mine.progress_message)
          IS DISTINCT FROM (%(progress)s::float8, %(progress_message)s::text)
), logged AS (
    INSERT INTO executions_jobexecutionlog
        (execution_id, attempt, sequence, at, level, stream, message)
    SELECT mine.id, %(attempt)s::smallint, line.*
    FROM mine
    CROSS JOIN unnest(
        %(log_sequences)s::int[], %(log_times)s::timestamptz[], %(log_levels)s::text[],
        %(log_streams)s::text[], %(log_messages)s::text[]
    ) AS line
)
SELECT is_cancel_requested, cancel_at_once FROM mine
