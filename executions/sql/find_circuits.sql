-- Find the circuit breakers that have to move: what to do (closes, half_opens, opens, frees its trial),
-- for which job, and because of what. Each row has the time of the look (now); when nothing has to
-- move, one row says just that.
--
-- Of the jobs with a closed breaker only those are looked at of which an execution has failed since
-- `since`; all of them where that is NULL.
WITH clock AS (
    SELECT coalesce(%(now)s::timestamptz, now()) AS now
), suspects AS (
    SELECT DISTINCT job_id
    FROM executions_jobexecution
    WHERE status IN ('failed', 'timed_out') AND completed_at > %(since)s::timestamptz
    UNION
    SELECT id
    FROM jobs_jobdefinition
    WHERE %(since)s::timestamptz IS NULL AND breaker_failures IS NOT NULL
), failing AS (
    SELECT job.id AS job_id, job.breaker_failures, job.breaker_seconds
    FROM suspects
    -- By key, one by one: those that have failed lately are few.
    CROSS JOIN LATERAL (
        SELECT * FROM jobs_jobdefinition WHERE id = suspects.job_id LIMIT 1
    ) AS job
    LEFT JOIN executions_circuitclosing closing ON closing.job_id = job.id
    WHERE job.breaker_failures IS NOT NULL
      AND job.status = 'active'
      AND NOT EXISTS (SELECT 1 FROM executions_circuit circuit WHERE circuit.job_id = job.id)
      AND (
          SELECT count(*) = job.breaker_failures AND bool_and(recent.status <> 'succeeded')
          FROM (
              SELECT newest.status
              FROM unnest(ARRAY['succeeded', 'failed', 'timed_out']) AS ending (status)
              CROSS JOIN LATERAL (
                  SELECT e.id, e.status, e.started_at, e.completed_at
                  FROM executions_jobexecution e
                  WHERE e.job_id = job.id AND e.status = ending.status
                    AND e.status IN ('succeeded', 'failed', 'timed_out')
                  ORDER BY e.id DESC
                  LIMIT job.breaker_failures
              ) AS newest
              -- One that never began says nothing of the job.
              WHERE newest.started_at IS NOT NULL
                AND newest.completed_at > greatest(
                    closing.closed_at, coalesce(job.updated_at, job.created_at)
                )
              ORDER BY newest.completed_at DESC, newest.id DESC
              LIMIT job.breaker_failures
          ) AS recent
      )
), moves AS (
    SELECT failing.job_id, 'opens' AS move, NULL::uuid AS trial_id, NULL AS outcome,
           failing.breaker_failures, failing.breaker_seconds
    FROM failing
    UNION ALL
    SELECT circuit.job_id,
           CASE
               -- Its job has given up the breaker; one opened by hand stays.
               WHEN circuit.half_open_at IS NOT NULL AND job.breaker_failures IS NULL THEN 'closes'
               WHEN circuit.state = 'open' AND circuit.half_open_at <= clock.now THEN 'half_opens'
               WHEN circuit.trial_id IS NULL THEN NULL
               WHEN trial.status = 'succeeded' THEN 'closes'
               WHEN trial.status IN ('failed', 'timed_out') THEN 'opens'
               WHEN trial.status IN ('cancelled', 'skipped') OR trial.status IS NULL THEN 'frees'
           END,
           circuit.trial_id, trial.status, job.breaker_failures, job.breaker_seconds
    FROM executions_circuit circuit
    CROSS JOIN clock
    CROSS JOIN LATERAL (
        SELECT * FROM jobs_jobdefinition WHERE id = circuit.job_id LIMIT 1
    ) AS job
    LEFT JOIN LATERAL (
        SELECT status FROM executions_jobexecution WHERE id = circuit.trial_id LIMIT 1
    ) AS trial ON true
)
SELECT clock.now, moves.*
FROM clock
LEFT JOIN moves ON moves.move IS NOT NULL
