-- Write what a new version of its rule changes in each of many schedules. (A CASE for each row and
-- column, as the ORM would write it, takes several times as long.) Returns the count.
WITH placed AS (
    UPDATE jobs_jobschedule s
    SET version = placed.version,
        versioned_at = placed.versioned_at,
        next_fire_at = placed.next_fire_at,
        next_run_at = placed.next_run_at,
        stuck_at = placed.stuck_at,
        stuck_reason = placed.stuck_reason,
        tzdata_version = placed.tzdata_version
    FROM unnest(
        %(id)s::uuid[], %(version)s::int[], %(versioned_at)s::timestamptz[],
        %(next_fire_at)s::timestamptz[], %(next_run_at)s::timestamptz[],
        %(stuck_at)s::timestamptz[], %(stuck_reason)s::text[], %(tzdata_version)s::text[]
    ) AS placed (
        id, version, versioned_at, next_fire_at, next_run_at, stuck_at, stuck_reason,
        tzdata_version
    )
    WHERE s.id = placed.id
    RETURNING s.id
)
SELECT count(*) AS placed FROM placed
