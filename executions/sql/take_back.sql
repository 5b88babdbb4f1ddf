-- Take back what no worker has claimed of what is held: queued -> scheduled, or -> retrying when an
-- attempt has failed, under a new fence. Returns the count.
--
-- Attempts that were handed back are not counted in "attempt": of what waits, attempt N has failed,
-- also when a hand-back of attempt N + 1 came after it.
-- What somebody else has locked is passed over: that is a claim, which wins, or a look of the sweeper,
-- which comes back here. So this waits for nobody, and nobody who waits for it is waited for.
WITH queued AS (
    SELECT e.id, e.job_id, e.queue, owner.team_name
    FROM executions_jobexecution e
    LEFT JOIN jobs_jobownership owner ON owner.job_id = e.job_id
    WHERE e.status = 'queued' AND EXISTS (SELECT FROM jobs_hold WHERE ended_at IS NULL)
), unclaimed AS MATERIALIZED (
    SELECT e.id, held.id AS hold
    FROM queued of
    JOIN executions_jobexecution e ON e.id = of.id AND e.status = 'queued'
    CROSS JOIN LATERAL (
        SELECT h.id
        FROM jobs_hold h
        WHERE h.ended_at IS NULL
          AND (
              \ir parts/covers.sql
          )
        ORDER BY h.held_at
        LIMIT 1
    ) AS held
    FOR UPDATE OF e SKIP LOCKED
), moved AS (
    UPDATE executions_jobexecution e
    SET status = CASE WHEN e.attempt = 0 THEN 'scheduled' ELSE 'retrying' END,
        fence = e.fence + 1,
        queue = NULL,
        queued_at = NULL,
        publish_again_at = NULL,
        publish_count = 0
    FROM unclaimed
    WHERE e.id = unclaimed.id
    RETURNING e.id, e.status, e.attempt, e.fence, old.queue AS queue, unclaimed.hold
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, actor, data)
    SELECT id, 'queued', status, attempt, fence, 'on_hold', %(actor)s,
           jsonb_build_object('queue', queue, 'hold', hold)
    FROM moved
)
SELECT count(*) AS taken FROM moved
