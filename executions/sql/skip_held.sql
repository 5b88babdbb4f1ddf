-- Say of what a hold that has just ended kept from running whether it is too late now: what of a
-- schedule's slots passed its misfire grace while it was held is skipped by its misfire policy ("skip":
-- all of them, "run_latest": all but the newest of each schedule). Returns the skipped executions.
--
-- Not yet decided is what another open hold still covers. What somebody has locked is being cancelled,
-- or about to be; nobody waits for that here.
WITH clock AS (
    SELECT coalesce(%(now)s::timestamptz, now()) AS now
), late AS (
    SELECT e.id, s.misfire_policy,
           row_number() OVER (PARTITION BY e.schedule_id ORDER BY e.scheduled_for DESC) AS place
    FROM jobs_hold ended
    CROSS JOIN clock
    JOIN executions_jobexecution e ON e.status = 'scheduled' AND e.due_at < clock.now
    JOIN jobs_jobschedule s ON s.id = e.schedule_id
    JOIN jobs_jobdefinition job ON job.id = e.job_id
    LEFT JOIN jobs_jobownership owner ON owner.job_id = e.job_id
    CROSS JOIN LATERAL (
        SELECT e.job_id, job.queue_id AS queue, owner.team_name,
               e.due_at + make_interval(secs => coalesce(s.misfire_grace_seconds, %(grace)s))
                   AS late_at
    ) AS of
    CROSS JOIN LATERAL (
        SELECT bool_or(h.ended_at IS NULL) AS is_held,
               bool_or(h.id = ended.id) AS is_of_this,
               bool_or(h.held_at <= of.late_at AND h.ended_at > of.late_at) AS was_held
        FROM jobs_hold h
        WHERE (h.ended_at IS NULL OR h.ended_at > of.late_at)
          AND (
              \ir parts/covers.sql
          )
    ) AS holds
    WHERE ended.id = %(hold)s
      AND e.origin = 'schedule'
      AND e.started_at IS NULL
      AND holds.is_of_this AND NOT holds.is_held AND holds.was_held
), doomed AS MATERIALIZED (
    SELECT e.id
    FROM late
    JOIN executions_jobexecution e ON e.id = late.id
    WHERE late.misfire_policy = 'skip' OR late.misfire_policy = 'run_latest' AND late.place > 1
    FOR UPDATE OF e SKIP LOCKED
), moved AS (
    UPDATE executions_jobexecution e
    SET status = 'skipped',
        reason = 'held',
        completed_at = clock.now,
        fence = e.fence + 1
    FROM doomed
    CROSS JOIN clock
    WHERE e.id = doomed.id AND e.status = 'scheduled'
    RETURNING e.id, e.attempt, e.fence
), noted AS (
    INSERT INTO executions_executiontransition
        (execution_id, from_status, to_status, attempt, fence, reason, actor, data)
    SELECT id, 'scheduled', 'skipped', attempt, fence, 'held', %(actor)s,
           jsonb_build_object('hold', %(hold)s::uuid)
    FROM moved
)
SELECT id FROM moved ORDER BY id
