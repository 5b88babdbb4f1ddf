"""The budget of one execution on its worker: one round trip to claim it, one to settle it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from executions.capture import LogLine
from executions.claim import claim, renew
from executions.models import JobExecution
from executions.outcomes import Failed, Succeeded
from executions.retry import RetryPolicy
from executions.runner import run
from executions.settlement import decide, settle
from tests.factories import make_execution, make_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_no_kernel_timer")]

LINES = [LogLine(number, datetime.now(UTC), "INFO", "log", "line") for number in range(500)]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The first line of every statement that goes to the server."""
    connection.ensure_connection()
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def count(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(str(query).strip().splitlines()[0])
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", count)
    yield statements
    monkeypatch.undo()


def test_a_claim_is_one_round_trip(sent: list[str]) -> None:
    execution = make_execution(status="queued")
    sent.clear()

    assert claim(execution_id=execution.id, fence=1, worker="w", pid=1) is not None
    assert len(sent) == 1


@pytest.mark.parametrize(
    "outcome", [Succeeded('{"rows":1}'), Failed("E", "bad", "trace")], ids=["success", "retry"]
)
def test_settling_is_one_round_trip_log_lines_included(sent: list[str], outcome: Any) -> None:
    execution = make_execution(status="running")
    policy = RetryPolicy(strategy="linear", max_retries=3, base_delay=1, max_delay=1)
    sent.clear()

    settle(
        execution_id=execution.id,
        fence=1,
        decision=decide(outcome, attempt=1, policy=policy),
        lines=LINES,
        progress=(1.0, "done"),
    )
    assert len(sent) == 1


def test_a_renewal_is_one_round_trip(sent: list[str]) -> None:
    execution = make_execution(status="queued")
    claimed = claim(execution_id=execution.id, fence=1, worker="w", pid=1)
    assert claimed is not None
    sent.clear()

    renew(claimed)
    assert len(sent) == 1


def test_a_stale_message_costs_one_round_trip(sent: list[str]) -> None:
    execution = make_execution(status="succeeded")
    sent.clear()

    run(execution_id=execution.id, fence=1, worker="w")
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_a_whole_short_execution_is_two_round_trips(sent: list[str]) -> None:
    job = make_job(execution_type_name="nobody knows this handler")
    execution = make_execution(job, status="queued")
    sent.clear()

    run(execution_id=execution.id, fence=1, worker="w")

    assert len(sent) == 2
    assert JobExecution.objects.get().error_type == "UnknownHandler"
