-- Whether execution `e`, ready and due, of job `job` may start as far as its schedule and its job's
-- circuit breaker go. While that is not closed: what a person asked for, and the one trial.
(
    NOT job.has_circuit OR job.wants_trial OR e.origin = 'manual' OR e.id = job.trial_id
)
AND (
    \ir is_in_turn.sql
)
