-- Seconds until the next slot, or the next ready execution that was not yet due at the last dispatch
-- (`since`), is due. Negative: overdue by now. NULL: nothing is to come. What was due before and is
-- still ready waits for something else than time, and must not keep beat awake.
SELECT extract(epoch FROM least(
    (SELECT min(next_fire_at) FROM jobs_jobschedule WHERE next_fire_at IS NOT NULL),
    (SELECT min(due_at) FROM executions_jobexecution
     WHERE status IN ('scheduled', 'retrying')
       AND due_at > coalesce(%(since)s::timestamptz, now()))
) - clock_timestamp())::float8 AS seconds
