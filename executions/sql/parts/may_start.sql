-- Whether execution `e`, ready and due, of job `job` may start as far as its schedule and its job's
-- circuit breaker go. While that is not closed: what a person asked for, and the one trial.
(
    NOT job.has_circuit OR job.wants_trial OR e.origin = 'manual' OR e.id = job.trial_id
)
AND (
    -- Whether execution `e` need not wait for an earlier slot of its schedule: they run one after another,
    -- in slot order, unless the schedule allows several at once. What else carries the schedule's key, a
    -- backfill for one, takes no part in that.
    e.origin <> 'schedule'
    OR NOT EXISTS (
        SELECT 1
        FROM executions_jobexecution earlier
        WHERE earlier.schedule_id = e.schedule_id
          AND earlier.origin = 'schedule'
          AND earlier.scheduled_for < e.scheduled_for
          AND earlier.status IN ('scheduled', 'queued', 'running', 'retrying')
    )
    OR (
        SELECT s.overlap = 'allow' AND (
            s.overlap_limit IS NULL
            OR s.overlap_limit > (
                SELECT count(*)
                FROM executions_jobexecution earlier
                WHERE earlier.schedule_id = e.schedule_id
                  AND earlier.origin = 'schedule'
                  AND earlier.scheduled_for < e.scheduled_for
                  AND earlier.status IN ('scheduled', 'queued', 'running', 'retrying')
            )
        )
        FROM jobs_jobschedule s
        WHERE s.id = e.schedule_id
    )
)
