-- Take back what no worker has claimed in a queue that is paused (in all of them when none is named):
-- queued -> scheduled, or -> retrying when an attempt has failed, under a new fence. Returns the count.
--
-- Attempts that were handed back are not counted in "attempt": of what waits, attempt N has failed,
-- also when a hand-back of attempt N + 1 came after it.
-- What somebody else has locked is passed over: that is a claim, which wins, or a look of the sweeper,
-- which comes back here. So this waits for nobody, and nobody who waits for it is waited for.
WITH unclaimed AS MATERIALIZED (
    SELECT e.id
    FROM executions_jobexecution e
    JOIN jobs_queue q ON q.name = e.queue
    WHERE e.status = 'queued'
      AND q.is_paused
      AND (%(queue)s::text IS NULL OR e.queue = %(queue)s::text)
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
    RETURNING e.id, e.status, e.attempt, e.fence, old.queue AS queue
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, actor, data)
    SELECT id, 'queued', status, attempt, fence, 'queue_paused', %(actor)s,
           jsonb_build_object('queue', queue)
    FROM moved
)
SELECT count(*) AS taken FROM moved
