-- Load all dependencies of all jobs that come, near or far, after some jobs.
WITH RECURSIVE live AS (
    SELECT d.*, job.concurrency_key, upstream.name AS upstream_name
    FROM jobs_jobdependency d
    JOIN jobs_jobdefinition job ON job.id = d.job_id AND job.status <> 'archived'
    JOIN jobs_jobdefinition upstream
      ON upstream.id = d.upstream_id AND upstream.status <> 'archived'
    WHERE d.is_active
), below (job_id) AS (
    SELECT job_id FROM live WHERE upstream_id = ANY(%(jobs)s::uuid[])
    UNION
    SELECT live.job_id FROM below JOIN live ON live.upstream_id = below.job_id
)
SELECT live.id, live.job_id, live.upstream_id, live.upstream_name, live.condition,
       live.delay_after_completion_seconds AS delay, live.fail_if_dependency_fails,
       live.output_mapping::text AS output_mapping, live.concurrency_key
FROM below
JOIN live ON live.job_id = below.job_id
ORDER BY live.id
