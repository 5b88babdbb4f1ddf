-- Lock the schedules whose next slot is due, earliest first, and return what the planner needs.
-- Another beat's locked schedules are passed over.
SELECT s.id,
       s.job_id,
       s.next_fire_at,
       s.parameters::text AS parameters,
       j.priority,
       v.id AS version_id,
       coalesce(%(now)s::timestamptz, now()) AS now,
       -- What was due when the schedule was stopped is still opened; what came after is not, until
       -- it was resumed.
       s.stopped_at,
       s.resumed_at
FROM jobs_jobschedule s
JOIN jobs_jobdefinition j ON j.id = s.job_id
JOIN jobs_jobversion v ON v.job_id = j.id AND v.number = j.version
WHERE s.next_fire_at <= coalesce(%(now)s::timestamptz, now())
ORDER BY s.next_fire_at
LIMIT %(limit)s
FOR UPDATE OF s SKIP LOCKED
