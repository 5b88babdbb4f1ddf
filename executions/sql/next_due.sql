-- Seconds until the next slot or ready execution is due (negative: overdue), NULL when there is none.
SELECT extract(epoch FROM least(
    (SELECT min(next_fire_at) FROM jobs_jobschedule WHERE next_fire_at IS NOT NULL),
    (SELECT min(due_at) FROM executions_jobexecution
     WHERE status IN ('scheduled', 'retrying') AND due_at > now())
) - clock_timestamp())::float8 AS seconds
