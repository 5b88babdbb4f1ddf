-- Open one execution per slot, note its first transition, and advance the schedules, in one go.
-- A slot that exists already (another beat, a restored backup) is left alone. Returns the count.
WITH opened AS (
    INSERT INTO executions_jobexecution (
        id, job_id, version_id, schedule_id, origin, correlation_id, triggered_by,
        scheduled_for, due_at, is_late, priority, status, reason, completed_at,
        fence, attempt, publish_count, input
    )
    SELECT id, job_id, version_id, schedule_id, 'schedule', id, 'schedule',
           scheduled_for, scheduled_for, is_late, priority,
           CASE WHEN reason IS NULL THEN 'scheduled' ELSE 'skipped' END,
           reason,
           CASE WHEN reason IS NOT NULL THEN coalesce(%(now)s::timestamptz, now()) END,
           0, 0, 0, input::jsonb
    FROM unnest(
        %(ids)s::uuid[], %(jobs)s::uuid[], %(versions)s::bigint[], %(schedules)s::uuid[],
        %(slots)s::timestamptz[], %(late)s::boolean[], %(priorities)s::smallint[],
        %(reasons)s::text[], %(inputs)s::text[]
    ) AS slot (id, job_id, version_id, schedule_id, scheduled_for, is_late, priority, reason, input)
    ON CONFLICT (schedule_id, scheduled_for) WHERE origin = 'schedule' DO NOTHING
    RETURNING id, status, reason
), noted AS (
    INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence, reason)
    SELECT id, status, 0, 0, reason FROM opened
), advanced AS (
    UPDATE jobs_jobschedule s
    SET next_fire_at = advance.next_fire_at,
        -- Once the planner is past the time in which it was stopped, nobody has to know of it.
        stopped_at = CASE WHEN s.resumed_at IS NULL OR advance.next_fire_at <= s.stopped_at
                          THEN s.stopped_at END,
        resumed_at = CASE WHEN advance.next_fire_at <= s.stopped_at THEN s.resumed_at END
    FROM unnest(%(advanced)s::uuid[], %(next_fires)s::timestamptz[]) AS advance (id, next_fire_at)
    WHERE s.id = advance.id
)
SELECT count(*) AS opened FROM opened
