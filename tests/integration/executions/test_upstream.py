"""What a handler, or a command, learns of the executions that its own waited for."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from executions import authoring
from executions.authoring import JobContext, job_handler
from executions.models import JobExecution
from executions.runner import run
from executions.upstream import upstream_document, upstream_of
from tests.factories import make_execution, make_job
from tests.integration.executions.run_edges import make_edge

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_no_kernel_timer"),
]


@pytest.fixture
def loaded() -> JobExecution:
    """A finished execution of a job named "Load orders"."""
    return make_execution(make_job(name="Load orders"), status="succeeded", output={"rows": 42})


@pytest.fixture(autouse=True)
def _no_handler_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authoring, "_handlers", {})


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that go to the server."""
    connection.ensure_connection()
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def count(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", count)
    yield statements
    monkeypatch.undo()


def queued_after(upstream: JobExecution | None, **job: Any) -> JobExecution:
    execution = make_execution(make_job(execution_type_name="tests.it", **job), status="queued")
    if upstream is not None:
        make_edge(execution, upstream)
    return execution


def test_each_upstream_is_told_by_the_name_of_its_job(loaded: JobExecution) -> None:
    checked = make_execution(
        make_job(name="Check stock"), status="failed", reason="error", output=None
    )
    execution = queued_after(loaded)
    make_edge(execution, checked, state="dead", fail_if_dependency_fails=False)

    results = upstream_of(execution.pk)

    assert sorted(results) == ["Check stock", "Load orders"]
    assert results["Load orders"].output == {"rows": 42}
    assert results["Load orders"].status == "succeeded"
    assert results["Load orders"].execution_id == loaded.pk
    assert results["Load orders"].completed_at == loaded.completed_at
    assert (results["Check stock"].status, results["Check stock"].reason) == ("failed", "error")
    assert upstream_document(results)["Check stock"]["output"] is None


def test_an_upstream_that_retention_has_deleted_is_missing(loaded: JobExecution) -> None:
    execution = queued_after(loaded)
    JobExecution.objects.filter(pk=loaded.pk).delete()

    assert upstream_of(execution.pk) == {}


def test_a_handler_reads_an_output_in_one_round_trip_more(
    loaded: JobExecution, sent: list[str]
) -> None:
    @job_handler("tests.it")
    def report(context: JobContext) -> int:
        rows: int = context.upstream["Load orders"].output["rows"]
        return rows + context.upstream["Load orders"].output["rows"]

    execution = queued_after(loaded)
    sent.clear()

    run(execution_id=execution.pk, fence=1, worker="w")

    assert len(sent) == 3
    execution.refresh_from_db()
    assert execution.output == 84


@pytest.mark.parametrize("has_upstream", [True, False])
def test_nothing_is_read_that_is_not_needed(
    loaded: JobExecution, sent: list[str], has_upstream: bool
) -> None:
    @job_handler("tests.it")
    def report(context: JobContext) -> int:
        return 0 if has_upstream else len(context.upstream)

    execution = queued_after(loaded if has_upstream else None)
    sent.clear()

    run(execution_id=execution.pk, fence=1, worker="w")

    assert len(sent) == 2
    execution.refresh_from_db()
    assert execution.output == 0


def test_an_unknown_name_fails_the_attempt_and_names_what_there_is(loaded: JobExecution) -> None:
    @job_handler("tests.it")
    def report(context: JobContext) -> None:
        context.upstream["Load order"]

    execution = queued_after(loaded)

    run(execution_id=execution.pk, fence=1, worker="w")

    execution.refresh_from_db()
    assert execution.error_type == "KeyError"
    assert execution.error_message is not None
    assert "no upstream job 'Load order'" in execution.error_message
    assert "waited for: 'Load orders'" in execution.error_message


def test_a_command_finds_the_results_in_a_file(loaded: JobExecution, settings: Any) -> None:
    settings.SCHEDULER_ALLOWED_COMMANDS = [sys.executable]
    program = (
        "import json, os;"
        "found = json.load(open(os.environ['SCHEDULER_UPSTREAM_FILE']));"
        "json.dump(found, open(os.environ['SCHEDULER_OUTPUT_FILE'], 'w'))"
    )
    execution = queued_after(
        loaded,
        execution_mode="out_of_process",
        execution_command=f"{sys.executable} -I -S -c {json.dumps(program)}",
    )

    run(execution_id=execution.pk, fence=1, worker="w")

    execution.refresh_from_db()
    assert execution.error_message is None
    assert execution.output["Load orders"]["output"] == {"rows": 42}
    assert execution.output["Load orders"]["executionId"] == str(loaded.pk)
    assert execution.output["Load orders"]["completedAtUtc"].endswith("Z")
