"""History as months of work leave it: 1,000,000 executions of 200 jobs over four months.

The shape is what makes lists slow: a few jobs run every minute and own most rows, failures are few
and partly long ago, some statuses have three rows or none, one job may never run here, one is
always triggered, and one has outputs of 128 KB.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from core.clock import database_now
from executions.models import JobExecution
from jobs.models import JobDefinition, JobSchedule
from tests.factories import make_job, make_schedule

EXECUTIONS = 1_000_000
DAYS = 120
ONE_SECOND = timedelta(seconds=1)
CATEGORIES = 10
# How many jobs run every so many seconds.
PACES = ((3, 60), (9, 300), (54, 3_600), (134, 86_400))

# One row per slot, newest first. ``number`` is the job's place, from the busiest on.
FILL = """
WITH job AS (
    SELECT j.id, v.id AS version_id, s.id AS schedule_id, s.interval_seconds AS pace,
           (v.snapshot ->> 'priority')::int AS priority,
           row_number() OVER (ORDER BY s.interval_seconds, j.id) AS number
    FROM jobs_jobdefinition j
    JOIN jobs_jobversion v ON v.job_id = j.id
    JOIN jobs_jobschedule s ON s.job_id = j.id
), slot AS (
    SELECT job.*, back, (now() - make_interval(secs => back * pace + number))::timestamptz(0) AS at
    FROM job
    CROSS JOIN LATERAL generate_series(1, %(seconds)s / pace) AS back
    ORDER BY back * pace + number
    LIMIT %(executions)s
), fate AS (
    SELECT slot.*,
           CASE
               WHEN number = 2 THEN 'skipped'
               WHEN number = 1 AND back IN (100000, 100001, 150000) THEN 'cancelled'
               -- One category's failures are long ago, all others' are spread.
               WHEN number %% 10 = 3 THEN
                   CASE WHEN at < now() - interval '100 days' AND back %% 5 = 0 THEN 'failed'
                        ELSE 'succeeded' END
               WHEN back %% 33 = 0 THEN 'failed'
               WHEN back %% 200 = 7 THEN 'timed_out'
               ELSE 'succeeded'
           END AS status,
           CASE WHEN number = 3 OR number > 3 AND back %% 40 = 1 THEN 'manual' ELSE 'schedule'
           END AS origin,
           make_interval(
               secs => 0.5 + (back * 7919 + number * 104729) %% (least(pace, 600) * 8) / 10.0
           ) AS took
    FROM slot
)
INSERT INTO executions_jobexecution (
    id, job_id, version_id, schedule_id, origin, correlation_id, triggered_by, scheduled_for,
    due_at, is_late, priority, status, reason, fence, attempt, opened_at, queue, queued_at,
    publish_count, worker, worker_pid, started_at, completed_at, input, output, error_type,
    error_message, stack_trace)
SELECT uuidv7(at - clock_timestamp()), id, version_id,
       CASE WHEN origin = 'schedule' THEN schedule_id END, origin, gen_random_uuid(),
       CASE WHEN origin = 'schedule' THEN 'schedule' ELSE 'admin' END, at, at, false, priority,
       status,
       CASE status WHEN 'skipped' THEN 'environment' WHEN 'failed' THEN 'error'
                   WHEN 'timed_out' THEN 'timeout' WHEN 'cancelled' THEN 'cancelled' END,
       1, 1, at, 'default', at, 1,
       CASE WHEN status <> 'skipped' THEN 'worker1@bench' END,
       CASE WHEN status <> 'skipped' THEN 4711 END,
       CASE WHEN status <> 'skipped' THEN at + interval '20 ms' END,
       CASE WHEN status = 'skipped' THEN at ELSE at + took END,
       jsonb_build_object('region', 'EU', 'day', at::date),
       CASE WHEN status = 'succeeded' AND number = 5 AND back <= 200 THEN
                jsonb_build_object('noise', (
                    SELECT string_agg(md5(n || at::text), '') FROM generate_series(1, 4000) AS n
                ))
            WHEN status = 'succeeded' THEN
                jsonb_build_object('rows', back, 'sum', md5(at::text))
       END,
       CASE WHEN status = 'failed' THEN 'builtins.RuntimeError' END,
       CASE WHEN status = 'failed' THEN 'the other side answered 503' END,
       CASE WHEN status = 'failed' THEN
                repeat('  File "/opt/jobs/load.py", line 17, in load' || chr(10), 30)
       END
FROM fate
ORDER BY at
"""
# A little of everything that is under way, and no retrying at all.
UNFINISHED = """
INSERT INTO executions_jobexecution (
    id, job_id, version_id, origin, correlation_id, triggered_by, scheduled_for, due_at, is_late,
    priority, status, fence, attempt, queue, queued_at, publish_count, publish_again_at, worker,
    worker_pid, started_at, renewed_at, lease_until, input)
SELECT uuidv7(), v.job_id, v.id, 'manual', gen_random_uuid(), 'admin', now(), now(), false, 5,
       kind.status, 1, 1, 'default', now(), 1,
       CASE WHEN kind.status = 'queued' THEN now() + interval '60 seconds' END,
       CASE WHEN kind.status = 'running' THEN 'worker1@bench' END,
       CASE WHEN kind.status = 'running' THEN 4711 END,
       CASE WHEN kind.status = 'running' THEN now() END,
       CASE WHEN kind.status = 'running' THEN now() END,
       CASE WHEN kind.status = 'running' THEN now() + interval '1 hour' END, '{}'
FROM (VALUES ('scheduled', 400), ('queued', 150), ('running', 50)) AS kind (status, count)
CROSS JOIN LATERAL generate_series(1, kind.count) AS number
JOIN (
    SELECT id, job_id, row_number() OVER (ORDER BY id) AS place FROM jobs_jobversion
) AS v ON v.place = number %% 150 + 1
"""
LOG = """
INSERT INTO executions_jobexecutionlog (execution_id, attempt, sequence, at, level, stream, message)
SELECT %(execution)s, 1, number, now(), 'INFO', 'log', 'line ' || number || ' of many'
FROM generate_series(1, 10000) AS number
"""


@dataclass(frozen=True)
class History:
    """What lists are asked for."""

    size: int
    busiest: JobDefinition
    barred: JobDefinition
    """It may not run here: every slot is skipped."""
    voluminous: JobDefinition
    """Its outputs are large."""
    daily: JobDefinition
    logged: JobExecution


def fill(executions: int = EXECUTIONS) -> History:
    """Fill an empty database; its statistics are left to the caller."""
    jobs = [make_kind(number, pace) for number, pace in enumerate_paces()]
    with connection.cursor() as cursor:
        days = 1 + DAYS * executions // EXECUTIONS
        cursor.execute(FILL, {"seconds": days * 86_400, "executions": executions - 600})
        cursor.execute(UNFINISHED, {})
        last = JobExecution.objects.filter(status="succeeded").latest("id")
        cursor.execute(LOG, {"execution": last.pk})
    return History(
        size=executions,
        busiest=jobs[0],
        barred=jobs[1],
        voluminous=jobs[4],
        daily=jobs[-1],
        logged=last,
    )


def enumerate_paces() -> list[tuple[int, int]]:
    paces = [pace for count, pace in PACES for _ in range(count)]
    return list(enumerate(paces, start=1))


def make_kind(number: int, pace: int) -> JobDefinition:
    """Make the job of this place, and its schedule, which is not due during the measurement."""
    job = make_job(
        name=f"job {number:03}",
        category=f"category {number % CATEGORIES}",
        allowed_environments=4 if number == 2 else 7,
        expected_duration_seconds=60,
    )
    job.ownership.team_name = f"team {number // 20}"
    job.ownership.save()
    schedule = make_schedule(job, schedule_type="interval", interval_seconds=pace)
    JobSchedule.objects.filter(pk=schedule.pk).update(
        next_fire_at=database_now().replace(microsecond=0) + (pace + 3_600) * ONE_SECOND
    )
    return job
