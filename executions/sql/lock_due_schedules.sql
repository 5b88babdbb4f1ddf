-- Lock the schedules whose next slot is due, earliest first, and return what the planner needs.
-- Another beat's locked schedules are passed over.
SELECT s.id,
       s.job_id,
       s.schedule_type,
       s.next_fire_at,
       s.parameters::text AS parameters,
       j.priority,
       v.id AS version_id,
       j.concurrency_key,
       EXISTS (
           SELECT 1 FROM jobs_jobdependency d WHERE d.upstream_id = j.id AND d.is_active
       ) AS has_dependents,
       coalesce(%(now)s::timestamptz, now()) AS now,
       -- Which rule holds since when, and whether it fires.
       s.versioned_at,
       kept.id AS schedule_version_id,
       kept.standing,
       s.misfire_policy, s.misfire_grace_seconds, s.catchup_window_seconds, s.max_catchup,
       s.overlap, s.spread_seconds, s.max_runs, s.run_count,
       s.pause_after_failures IS NOT NULL AND (
           \ir parts/is_failing.sql
       ) AS is_failing
FROM jobs_jobschedule s
JOIN jobs_jobdefinition j ON j.id = s.job_id
JOIN jobs_jobversion v ON v.job_id = j.id AND v.number = j.version
JOIN jobs_scheduleversion kept ON kept.schedule_id = s.id AND kept.number = s.version
WHERE s.next_fire_at <= coalesce(%(now)s::timestamptz, now())
  -- Those that could not be planned a moment ago must not take the places of others.
  AND s.id <> ALL(%(put_aside)s::uuid[])
ORDER BY s.next_fire_at
LIMIT %(limit)s
FOR UPDATE OF s SKIP LOCKED
