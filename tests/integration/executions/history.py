"""A large history, for plans and measurements: written by PostgreSQL itself, in seconds."""

from collections.abc import Iterator
from typing import Any

import psycopg

from core.sql import Statement

EXECUTIONS = """
INSERT INTO executions_jobexecution (
    id, job_id, version_id, origin, correlation_id, triggered_by, scheduled_for, due_at, is_late,
    priority, status, fence, attempt, publish_count, input, worker, started_at, completed_at)
SELECT uuidv7(moment - now()), v.job_id, v.id, 'manual', uuidv7(), 'tester', moment, moment, false,
       5, CASE WHEN n %% 20 = 0 THEN 'failed' ELSE 'succeeded' END, 1, 1, 0, '{}', 'worker1@test',
       moment, moment + interval '5 seconds'
FROM (
    SELECT n, now() - make_interval(secs => 86400.0 * %(days)s * n / %(count)s) AS moment
    FROM generate_series(1, %(count)s) AS n
) AS made
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS versions
      FROM jobs_jobversion) AS v
  ON v.place = made.n %% v.versions + 1
"""
TRANSITIONS = """
INSERT INTO executions_executiontransition (execution_id, to_status, attempt, fence)
SELECT e.id, to_status, 1, 1
FROM executions_jobexecution e
CROSS JOIN unnest(ARRAY['scheduled', 'queued', 'running', 'succeeded']) AS to_status
"""
LOG_LINES = """
INSERT INTO executions_jobexecutionlog
    (execution_id, attempt, sequence, at, level, stream, message)
SELECT e.id, 1, line, e.started_at, 'INFO', 'log', 'one line of an ordinary length'
FROM executions_jobexecution e
CROSS JOIN generate_series(1, %(lines)s) AS line
ORDER BY e.started_at, line
"""
TABLES = ("executions_jobexecution", "executions_executiontransition", "executions_jobexecutionlog")


def make_history(link: "psycopg.Connection[Any]", *, count: int, days: float, lines: int) -> None:
    """Give the jobs that exist ``count`` finished executions, spread evenly over past days."""
    with psycopg.ClientCursor(link) as cursor:
        cursor.execute(EXECUTIONS, {"count": count, "days": days})
        cursor.execute(TRANSITIONS)
        cursor.execute(LOG_LINES, {"lines": lines})
        for table in TABLES:
            cursor.execute(f"ANALYZE {table}")


def explain(
    link: "psycopg.Connection[Any]", statement: Statement, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return all nodes of the statement's plan."""
    with psycopg.Cursor(link) as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.text}", parameters)
        row = cursor.fetchone()
    assert row is not None
    return list(_nodes(row[0][0]["Plan"]))


def tables_read_whole(nodes: list[dict[str, Any]]) -> set[str]:
    """Return which of the large tables the plan reads from end to end."""
    return {n["Relation Name"] for n in nodes if n["Node Type"] == "Seq Scan"} & set(TABLES)


def indexes_used(nodes: list[dict[str, Any]]) -> set[str]:
    return {node["Index Name"] for node in nodes if "Index Name" in node}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
