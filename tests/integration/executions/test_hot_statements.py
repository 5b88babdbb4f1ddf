"""The hot statements find their rows by index, among 100,000 executions and 20,000 schedules.

Each is planned twice: for given parameters, and generically, as PostgreSQL may come to plan a
statement that is prepared and run often.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from core.sql import Statement
from executions.beat import NEXT_DUE
from executions.breaker import FIND_FAILING
from executions.capture import log_parameters
from executions.circuits import FIND_CIRCUITS
from executions.claim import CLAIM, RENEW
from executions.completions import FOLLOW
from executions.dispatcher import DISPATCH
from executions.holds import SKIP_HELD
from executions.ledger.rows import ROWS as LEDGER_ROWS
from executions.planner import COUNT_UNFINISHED, FIND_DEFERRED, LOCK_DUE
from executions.queues import QUEUE_LOADS
from executions.replacing import STOP_EARLIER
from executions.rescuer import LOCK_EXPIRED
from executions.settlement import SETTLE
from executions.sweeper import OFFER_AGAIN
from executions.transitions import TAKE_BACK
from executions.waits.limits import COUNT_BEFORE
from executions.watchdog import LOOK

pytestmark = pytest.mark.django_db

LARGE = (
    "executions_jobexecution",
    "executions_executiontransition",
    "jobs_jobschedule",
    "jobs_scheduleversion",
)

JOBS = """
WITH jobs AS (
    INSERT INTO jobs_jobdefinition (
        id, name, description, category, status, allowed_environments, execution_mode,
        execution_assembly, execution_type_name, execution_command, container_image,
        timeout_seconds, max_retries, retry_strategy, base_delay_seconds, max_delay_seconds,
        max_concurrent_executions, priority, queue_id, allow_manual_trigger, version, created_by,
        execution_options, concurrency_key, max_concurrent_per_key, breaker_seconds, fail_fast)
    SELECT uuidv7(), 'history ' || n, '', '', 'active', 7, 'in_process', '', 'tests.noop', '', '',
           300, 0, 'none', 30, 3600, 10, 5, 'history', true, 1, 'tester',
           '{}', '', 1, 300, 'branch'
    FROM generate_series(1, 50) AS n
    RETURNING id
)
INSERT INTO jobs_jobversion (job_id, number, snapshot, created_by)
SELECT id, 1, '{"timeout_seconds": 300}', 'tester' FROM jobs
"""
SCHEDULES = """
WITH made AS (
    INSERT INTO jobs_jobschedule (
        id, job_id, schedule_type, interval_seconds, timezone, parameters, is_active, created_by,
        created_at, anchor_at, exclusions, misfire_policy, max_catchup, overlap, spread_seconds,
        run_count, on_false, on_error, poll_seconds, wait_seconds, tzdata_version, version,
        versioned_at, pause_after_failures, next_fire_at, resume_at)
    SELECT uuidv7(), job_ids[n % 50 + 1],
           CASE WHEN n % 1000 = 0 THEN 'after_completion' ELSE 'interval' END, 3600, 'UTC', '{}',
           true, 'tester', now(), now(), '{}', 'run_latest', 100,
           CASE WHEN n % 800 = 0 THEN 'cancel_running' ELSE 'queue_one' END, 0, 0, 'skip', 'fail',
           60, 3600, '', 1, now() - interval '1 day', CASE WHEN n % 500 = 0 THEN 3 END,
           CASE WHEN n % 1000 <> 0
                THEN now() + make_interval(secs => CASE WHEN n <= 20 THEN -1 ELSE n END) END,
           CASE WHEN n % 700 = 0 THEN now() + make_interval(hours => n) END
    FROM generate_series(1, 20000) AS n,
         (SELECT array_agg(id) AS job_ids FROM jobs_jobdefinition) AS jobs
    RETURNING id
)
INSERT INTO jobs_scheduleversion (id, schedule_id, number, since, standing, spec, created_by)
SELECT uuidv7(), id, 1, now() - interval '1 day', 'firing', '{}', 'tester' FROM made
"""
EXECUTIONS = """
WITH made AS (
    SELECT uuidv7() AS id, job_ids[n % 50 + 1] AS job_id, n,
           CASE WHEN n <= 300 THEN 'running' WHEN n <= 500 THEN 'queued'
                WHEN n <= 1000 THEN 'scheduled' WHEN n <= 1100 THEN 'retrying'
                WHEN n % 20 = 0 THEN 'failed' ELSE 'succeeded' END AS status,
           now() - make_interval(mins => n) AS moment
    FROM generate_series(1, 100000) AS n,
         (SELECT array_agg(id) AS job_ids FROM jobs_jobdefinition) AS jobs
), schedules AS (
    SELECT job_id, array_agg(id) AS ids FROM jobs_jobschedule GROUP BY job_id
)
INSERT INTO executions_jobexecution (
    id, job_id, version_id, schedule_id, origin, correlation_id, triggered_by, scheduled_for,
    due_at, is_late, priority, status, fence, attempt, publish_count, input, queue, queued_at,
    publish_again_at, worker, started_at, renewed_at, lease_until, completed_at)
SELECT made.id, made.job_id, v.id, schedules.ids[n / 50 % 400 + 1], 'schedule', made.id,
       'schedule', moment, moment + CASE WHEN n > 900 THEN interval '3 days' ELSE interval '0' END,
       false, 5, status, 1, 1, 0, '{}', 'history', moment,
       CASE WHEN status = 'queued' THEN now() + make_interval(secs => n % 100 - 10) END,
       CASE WHEN status NOT IN ('scheduled', 'queued') THEN 'worker1@test' END,
       CASE WHEN status NOT IN ('scheduled', 'queued') THEN moment END,
       CASE WHEN status = 'running' THEN now() END,
       CASE WHEN status = 'running' THEN now() + make_interval(secs => n % 100 - 10) END,
       CASE WHEN status IN ('succeeded', 'failed') THEN moment + interval '5 seconds' END
FROM made
JOIN jobs_jobversion v ON v.job_id = made.job_id
JOIN schedules ON schedules.job_id = made.job_id
"""
TRANSITIONS = """
INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence)
SELECT id, status, 1, 1 FROM executions_jobexecution
"""


Link = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def link(django_db_setup: None, django_db_blocker: Any) -> Iterator[Link]:
    """A connection whose transaction holds a large history, and is rolled back in the end."""
    copy = connection.copy()
    with django_db_blocker.unblock():
        copy.ensure_connection()
    link: Link = copy.connection
    with link.transaction(force_rollback=True):
        link.execute("INSERT INTO jobs_queue (name) VALUES ('history')")
        for statement in (JOBS, SCHEDULES, EXECUTIONS, TRANSITIONS):
            link.execute(statement)
        for table in (*LARGE, "jobs_jobdefinition", "jobs_jobversion"):
            link.execute(f"ANALYZE {table}")
        yield link
    copy.close()


@pytest.fixture(scope="module")
def running(link: Link) -> UUID:
    """The id of an execution that runs."""
    row = link.execute(
        "SELECT id FROM executions_jobexecution WHERE status = 'running' LIMIT 1"
    ).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


RECENTLY = datetime.now(UTC) - timedelta(minutes=5)
MINE = {"id": UUID(int=0), "fence": 1, "now": None}
ATTEMPT = {"progress": 0.5, "progress_message": "half", **log_parameters([])}
CASES: list[tuple[Statement, dict[str, Any], set[str]]] = [
    (LOCK_DUE, {"now": None, "limit": 500, "put_aside": []}, {"schedule_due"}),
    (FIND_FAILING, {"since": RECENTLY}, {"execution_completed", "execution_started"}),
    (
        FIND_CIRCUITS,
        {"since": RECENTLY, "now": None},
        {"execution_completed", "execution_ended"},
    ),
    (FOLLOW, {"now": None}, {"schedule_follows"}),
    (STOP_EARLIER, {"now": None}, {"schedule_replaces", "execution_of_schedule"}),
    (FIND_DEFERRED, {"schedules": [UUID(int=0)] * 20}, {"execution_of_schedule"}),
    (COUNT_UNFINISHED, {"schedules": [UUID(int=0)] * 20}, {"execution_of_schedule"}),
    (
        DISPATCH,
        {"now": None, "environment": 1, "publish_again": 60.0, "worker_alive": 30.0},
        {
            "execution_ready",
            "execution_active",
            "execution_of_schedule",
            "execution_ready_key",
            "execution_active_key",
        },
    ),
    (
        CLAIM,
        {**MINE, "worker": "w", "pid": 1, "token": UUID(int=1), "lease": 60.0},
        {"executions_jobexecution_pkey"},
    ),
    (RENEW, {**MINE, "lease": 60.0}, {"executions_jobexecution_pkey"}),
    (LOOK, {**MINE, "attempt": 1, **ATTEMPT}, {"executions_jobexecution_pkey"}),
    (
        SETTLE,
        {
            **MINE,
            "status": "succeeded",
            "reason": None,
            "fence_step": 0,
            "delay": 0.0,
            "output": "1",
            "error_type": None,
            "error_message": None,
            "stack_trace": None,
            "waits_until": None,
            "actor": None,
            "may_follow": False,
            **ATTEMPT,
        },
        {
            "executions_jobexecution_pkey",
            "execution_active",
            "execution_of_schedule",
        },
    ),
    (LOCK_EXPIRED, {"now": None, "limit": 100}, {"execution_leased"}),
    (
        OFFER_AGAIN,
        {
            "now": None,
            "queue": "history",
            "limit": 1_000,
            "publish_again": 60.0,
            "publish_again_max": 300.0,
        },
        {"execution_unclaimed"},
    ),
    (NEXT_DUE, {"since": None}, {"schedule_due", "execution_next_due"}),
    (TAKE_BACK, {"actor": None}, {"execution_unclaimed"}),
    (
        SKIP_HELD,
        {"now": None, "hold": UUID(int=0), "actor": "tester", "grace": 900.0},
        {"execution_next_due"},
    ),
    (
        LEDGER_ROWS,
        {
            "schedules": [UUID(int=0)] * 20,
            "after": datetime(2026, 1, 1, tzinfo=UTC),
            "until": datetime(2026, 1, 2, tzinfo=UTC),
            "limit": 1_000,
        },
        {"one_execution_per_slot"},
    ),
    (
        QUEUE_LOADS,
        {"now": None, "worker_alive": 30.0},
        {"execution_active", "execution_next_due"},
    ),
    (
        COUNT_BEFORE,
        {
            "queue": "history",
            "priority": 5,
            "due_at": RECENTLY,
            "id": UUID(int=0),
            "now": RECENTLY,
            "most": 100,
        },
        {"execution_ready"},
    ),
]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def explain(
    link: Link, statement: Statement, parameters: dict[str, Any], options: str = ""
) -> dict[str, Any]:
    with psycopg.Cursor(link) as cursor:
        cursor.execute(f"EXPLAIN ({options} FORMAT JSON) {statement.text}", parameters)
        return cursor.fetchone()[0][0]["Plan"]  # type: ignore[index,no-any-return]


def explain_generic(link: Link, statement: Statement, parameters: dict[str, Any]) -> dict[str, Any]:
    """Plan without values; the types are those that psycopg would send."""
    names = list(parameters)
    types = {int: "bigint", float: "float8", UUID: "uuid", list: "text[]"}

    def number(found: re.Match[str]) -> str:
        place = f"${names.index(found[1]) + 1}"
        kind = types.get(type(parameters[found[1]]))
        is_typed = found[2] or kind is None or found[1].startswith("log_")
        return place + (found[2] or "") if is_typed else f"{place}::{kind}"

    text = re.sub(r"%\((\w+)\)s(::[\w\[\]]+)?", number, statement.text)
    with psycopg.ClientCursor(link) as cursor:
        cursor.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {text}".encode())
        return cursor.fetchone()[0][0]["Plan"]  # type: ignore[index,no-any-return]


@pytest.mark.parametrize("plan", [explain, explain_generic], ids=["custom", "generic"])
@pytest.mark.parametrize(
    ("statement", "parameters", "indexes"), CASES, ids=[case[0].name for case in CASES]
)
def test_a_hot_statement_reads_large_tables_by_their_indexes_alone(
    link: Link,
    running: UUID,
    statement: Statement,
    parameters: dict[str, Any],
    indexes: set[str],
    plan: Any,
) -> None:
    if "id" in parameters:
        parameters = {**parameters, "id": running}

    found = list(nodes(plan(link, statement, parameters)))

    scanned = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
    assert not scanned & set(LARGE), found
    used = {node["Index Name"] for node in found if "Index Name" in node}
    assert indexes <= used, found


@pytest.mark.parametrize(
    ("statement", "parameters", "indexes"), CASES, ids=[case[0].name for case in CASES]
)
def test_a_hot_statement_reads_no_more_than_what_is_active(
    link: Link,
    running: UUID,
    statement: Statement,
    parameters: dict[str, Any],
    indexes: set[str],
) -> None:
    if "id" in parameters:
        parameters = {**parameters, "id": running}

    with link.transaction(force_rollback=True):
        plan = explain(link, statement, parameters, options="ANALYZE,")

    for node in nodes(plan):
        if node.get("Relation Name") in LARGE and "Scan" in node["Node Type"]:
            assert node["Actual Rows"] + node.get("Rows Removed by Filter", 0) <= 2_000, node
