"""Lists and figures find their rows by index, whatever is asked for, in the history of the bench.

It is a small one here, so what is judged is not time but waste: rows that a plan reads and throws
away grow with the history, and so does what a sequential scan reads.
"""

from collections.abc import Iterator
from math import inf
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from executions.rollups import roll_up
from executions.stats import failing, figures, stale, trends, upcoming
from tests.bench import lists
from tests.bench.history import History, fill

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

LARGE = "executions_jobexecution"
EXECUTIONS = 70_000
# The slack for clocks, and what is under way: neither grows with the history.
MOST_IN_VAIN = 1_000
# A first page of each of 200 jobs. One job alone has more rows, and they grow.
MOST_OF_LISTS = 200 * 51

STATEMENTS = [
    (figures.FIGURES, {"late": 60.0}),
    (trends.TRENDS, {"days": 7}),
    (failing.FAILING, {"days": 7, "limit": 10}),
    (upcoming.UPCOMING, {"hours": 24, "limit": 20, "environment": 1}),
    (
        stale.STALE,
        {"limit": 20, "environment": 1, "slots": 3, "long": 86_400.0, "short": 3_600.0},
    ),
]


@pytest.fixture
def history() -> History:
    """The history of the bench in small, with its days rolled up."""
    history = fill(EXECUTIONS)
    roll_up()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return history


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def waste(plan: dict[str, Any], *, most: float = inf) -> list[str]:
    """Return what of a plan would grow with the history."""
    found = []
    for node in nodes(plan):
        if node.get("Relation Name") != LARGE:
            continue
        in_vain = node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
        rows = node["Actual Rows"] * node["Actual Loops"]
        if node["Node Type"] == "Seq Scan" or in_vain > MOST_IN_VAIN or rows > most:
            place = f"{node['Node Type']} {node.get('Index Name')}"
            found.append(f"{place}: {rows:.0f} rows, {in_vain:.0f} in vain")
    return found


def explain(cursor: Any, statement: str, parameters: Any = None) -> dict[str, Any]:
    cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
    return plan


def test_neither_lists_nor_figures_read_what_they_do_not_show(api: Any, history: History) -> None:
    wasteful = {}
    for name, address in {**lists.executions(history), **lists.others(history)}.items():
        with CaptureQueriesContext(connection) as queries:
            assert api.get(address).status_code == 200, address
        asked = [query["sql"] for query in queries if LARGE in query["sql"]]
        with psycopg.ClientCursor(connection.connection) as cursor:
            wasteful[name] = [
                line for sql in asked for line in waste(explain(cursor, sql), most=MOST_OF_LISTS)
            ]
    for statement, parameters in STATEMENTS:
        with psycopg.Cursor(connection.connection) as cursor:
            plan = explain(cursor, statement.text, {"now": None, **parameters})
            wasteful[statement.name] = waste(plan)
    assert {name: lines for name, lines in wasteful.items() if lines} == {}
