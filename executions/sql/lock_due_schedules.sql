-- Lock the schedules whose next slot is due, earliest first, and return what the planner needs.
-- Another beat's locked schedules are passed over.
SELECT s.id,
       s.job_id,
       s.schedule_type,
       s.next_fire_at,
       s.parameters::text AS parameters,
       j.priority,
       v.id AS version_id,
       coalesce(%(now)s::timestamptz, now()) AS now,
       -- Which rule holds since when, and whether it fires.
       s.versioned_at,
       kept.id AS schedule_version_id,
       kept.standing,
       s.misfire_policy, s.misfire_grace_seconds, s.catchup_window_seconds, s.max_catchup,
       s.overlap, s.spread_seconds, s.max_runs, s.run_count,
       -- The last runs since somebody last changed the schedule have all failed, as many as it allows.
       s.pause_after_failures IS NOT NULL AND coalesce((
           SELECT count(*) = s.pause_after_failures
                  AND bool_and(recent.status IN ('failed', 'timed_out'))
           FROM (
               SELECT e.status
               FROM executions_jobexecution e
               WHERE e.job_id = s.job_id
                 AND e.schedule_id = s.id
                 AND e.started_at IS NOT NULL
                 -- What was skipped or cancelled on the way says nothing of the job.
                 AND e.status IN ('succeeded', 'failed', 'timed_out')
                 AND e.completed_at > coalesce(s.updated_at, s.created_at)
               ORDER BY e.id DESC
               LIMIT s.pause_after_failures
           ) AS recent
       ), false) AS is_failing
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
