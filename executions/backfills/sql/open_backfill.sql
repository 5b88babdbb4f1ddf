-- Open one waiting execution per slot of a backfill, and note its first transition, in one go.
-- Returns the count.
WITH opened AS (
    INSERT INTO executions_jobexecution (
        id, job_id, version_id, schedule_id, backfill_id, origin, correlation_id, triggered_by,
        scheduled_for, due_at, is_late, priority, status,
        business_date, previous_business_date, next_business_date,
        fence, attempt, publish_count, cancel_at_once, input, concurrency_key
    )
    SELECT id, %(job)s, %(version)s, %(schedule)s, %(backfill)s, 'backfill', id, %(actor)s,
           scheduled_for, now(), true, %(priority)s, 'waiting',
           business_date, previous_date, next_date,
           0, 0, 0, false, %(input)s::jsonb, %(key)s::text
    FROM unnest(
        %(ids)s::uuid[], %(slots)s::timestamptz[], %(business_dates)s::date[],
        %(previous_dates)s::date[], %(next_dates)s::date[]
    ) AS slot (id, scheduled_for, business_date, previous_date, next_date)
    RETURNING id
), noted AS (
    INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence, actor)
    SELECT id, 'waiting', 0, 0, %(actor)s FROM opened ORDER BY id
)
SELECT count(*) AS opened FROM opened
