-- Open one execution per slot, note its first transition, and advance the schedules, in one go.
-- A slot that exists already (another beat, a restored backup) is left alone. Returns the count.
WITH opened AS (
    INSERT INTO executions_jobexecution (
        id, job_id, version_id, schedule_id, origin, correlation_id, triggered_by,
        scheduled_for, due_at, is_late, priority, status, reason, error_message, completed_at,
        business_date, previous_business_date, next_business_date,
        fence, attempt, publish_count, cancel_at_once, input, concurrency_key
    )
    SELECT id, job_id, version_id, schedule_id, 'schedule', id, 'schedule',
           scheduled_for, due_at, is_late, priority,
           CASE WHEN reason IS NULL THEN 'scheduled' ELSE 'skipped' END,
           reason,
           note,
           CASE WHEN reason IS NOT NULL THEN coalesce(%(now)s::timestamptz, now()) END,
           business_date, previous_date, next_date,
           0, 0, 0, false, input::jsonb, concurrency_key
    FROM unnest(
        %(ids)s::uuid[], %(jobs)s::uuid[], %(versions)s::bigint[], %(schedules)s::uuid[],
        %(slots)s::timestamptz[], %(due)s::timestamptz[], %(late)s::boolean[],
        %(priorities)s::smallint[], %(reasons)s::text[], %(notes)s::text[],
        %(business_dates)s::date[], %(previous_dates)s::date[], %(next_dates)s::date[],
        %(inputs)s::text[], %(keys)s::text[]
    ) AS slot (
        id, job_id, version_id, schedule_id, scheduled_for, due_at, is_late, priority, reason,
        note, business_date, previous_date, next_date, input, concurrency_key
    )
    ON CONFLICT (schedule_id, scheduled_for) WHERE origin = 'schedule' DO NOTHING
    RETURNING id, schedule_id, status, reason
), noted AS (
    INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence, reason)
    SELECT id, status, 0, 0, reason FROM opened
), advanced AS (
    UPDATE jobs_jobschedule s
    SET next_fire_at = advance.next_fire_at,
        next_run_at = advance.next_run_at,
        run_count = s.run_count + (
            SELECT count(*) FROM opened WHERE schedule_id = advance.id AND status = 'scheduled'
        ),
        stuck_at = advance.stuck_at,
        stuck_reason = advance.stuck_reason
    FROM unnest(
        %(advanced)s::uuid[], %(next_fires)s::timestamptz[], %(next_runs)s::timestamptz[],
        %(stuck)s::timestamptz[], %(stuck_reasons)s::text[]
    ) AS advance (id, next_fire_at, next_run_at, stuck_at, stuck_reason)
    WHERE s.id = advance.id
)
SELECT count(*) AS opened FROM opened
