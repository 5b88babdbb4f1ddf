"""Checkpoints: kept at once, under the fence, for the next attempt and no other execution."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from core.clock import database_now
from executions import authoring
from executions.authoring import JobContext, RetryLater, job_handler
from executions.checkpoints import keep_checkpoint
from executions.claim import LeaseLost, claim
from executions.models import JobExecution, JobExecutionLog
from executions.runner import run
from executions.services import rerun
from tests.factories import TESTER, make_execution, make_job

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_no_kernel_timer"),
]


@pytest.fixture(autouse=True)
def _no_handler_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authoring, "_handlers", {})


def queued(handler: Callable[..., Any] | None = None, **job: Any) -> JobExecution:
    if handler is not None:
        job_handler("tests.it")(handler)
    fields = {"execution_type_name": "tests.it", "max_retries": 3, **job}
    return make_execution(make_job(**fields), status="queued")


def attempt(execution: JobExecution) -> JobExecution:
    """Carry out one attempt, as a worker child does."""
    JobExecution.objects.filter(pk=execution.pk).exclude(status="queued").update(
        status="queued", queue="default", publish_again_at=database_now()
    )
    execution.refresh_from_db()
    run(execution_id=execution.pk, fence=execution.fence, worker="w@h")
    execution.refresh_from_db()
    return execution


def claim_it(execution: JobExecution) -> Any:
    return claim(execution_id=execution.pk, fence=execution.fence, worker="w@h", pid=42)


def count_to_three(context: JobContext) -> int:
    """Fail after each step but the last."""
    done = (context.last_checkpoint or {"done": 0})["done"] + 1
    context.checkpoint({"done": done})
    if done < 3:
        raise RetryLater
    return done


def test_the_next_attempt_goes_on_where_the_last_one_was() -> None:
    execution = queued(count_to_three)

    assert attempt(execution).status == "retrying"
    assert execution.checkpoint == {"done": 1}
    assert attempt(execution).status == "retrying"
    assert attempt(execution).status == "succeeded"

    assert execution.output == 3
    assert execution.attempt == 3


def test_the_first_attempt_has_none() -> None:
    seen = []
    execution = queued(lambda context: seen.append(context.last_checkpoint))

    attempt(execution)

    assert seen == [None]


def test_it_is_there_before_the_call_returns() -> None:
    seen = []

    def look(context: JobContext) -> None:
        context.checkpoint({"row": 7})
        row = JobExecution.objects.get(pk=context.execution_id)
        seen.append((row.checkpoint, row.checkpoint_at is not None, row.status))

    attempt(queued(look))

    assert seen == [({"row": 7}, True, "running")]


def test_a_checkpoint_costs_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    claimed = claim_it(queued())
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def count(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", count)

    keep_checkpoint(claimed, {"row": 1})

    assert len(statements) == 1
    assert JobExecution.objects.get().checkpoint == {"row": 1}


def test_nobody_keeps_anything_for_an_execution_that_is_not_his_any_more() -> None:
    execution = queued()
    claimed = claim_it(execution)
    JobExecution.objects.filter(pk=execution.pk).update(fence=execution.fence + 1)

    with pytest.raises(LeaseLost):
        keep_checkpoint(claimed, {"row": 1})

    assert JobExecution.objects.get().checkpoint is None


def test_nothing_is_kept_of_an_execution_that_is_over() -> None:
    execution = queued()
    claimed = claim_it(execution)
    JobExecution.objects.filter(pk=execution.pk).update(
        status="succeeded", completed_at=database_now(), lease_until=None
    )

    with pytest.raises(LeaseLost):
        keep_checkpoint(claimed, {"row": 1})


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (float("nan"), "The checkpoint is not strict JSON"),
        ({"when": database_now}, "The checkpoint is not strict JSON"),
        ("\0", "The checkpoint holds a NUL character"),
        ("x" * 1024 * 1024, "The checkpoint has 1,048,578 bytes; at most 1,048,576 are kept"),
    ],
    ids=["nan", "function", "nul", "large"],
)
def test_what_cannot_be_kept_fails_the_attempt_and_says_why(state: Any, said: str) -> None:
    execution = queued(lambda context: context.checkpoint(state), max_retries=0)

    attempt(execution)

    assert (execution.status, execution.error_type) == ("failed", "InvalidCheckpoint")
    assert execution.error_message.startswith(said)
    assert execution.checkpoint is None


def test_inside_a_transaction_it_is_refused_so_that_the_lease_can_be_renewed() -> None:
    def careless(context: JobContext) -> None:
        with transaction.atomic():
            context.checkpoint({"row": 1})

    execution = attempt(queued(careless, max_retries=0))

    assert execution.error_type == "InvalidCheckpoint"
    assert "call it once the transaction is over" in execution.error_message


def test_a_connection_that_was_lost_meanwhile_costs_nothing() -> None:
    claimed = claim_it(queued())
    connection.connection.close()

    keep_checkpoint(claimed, {"row": 1})

    assert JobExecution.objects.get().checkpoint == {"row": 1}


def test_none_lets_the_next_attempt_begin_anew() -> None:
    seen = []

    def forget(context: JobContext) -> None:
        seen.append(context.last_checkpoint)
        context.checkpoint(None)
        raise RetryLater

    execution = queued(forget)
    JobExecution.objects.filter(pk=execution.pk).update(checkpoint={"row": 1})

    attempt(execution)
    attempt(execution)

    assert seen == [{"row": 1}, None]


def test_a_rerun_begins_anew() -> None:
    execution = attempt(queued(lambda context: context.checkpoint({"row": 1})))

    again = rerun(actor=TESTER, execution=execution)

    again.refresh_from_db()
    assert execution.checkpoint == {"row": 1}
    assert again.checkpoint is None


# Commands


@pytest.fixture
def command(tmp_path: Path, settings: Any) -> Callable[[str], dict[str, Any]]:
    """The fields of a job whose command is this Python code."""
    settings.SCHEDULER_ALLOWED_COMMANDS = [sys.executable]

    def write(code: str) -> dict[str, Any]:
        program = tmp_path / "program.py"
        program.write_text(code)
        return {
            "execution_mode": "out_of_process",
            "execution_type_name": "",
            "execution_command": f"{sys.executable} -I -S {program}",
        }

    return write


COUNT = """
import json, os, sys
path = os.environ["SCHEDULER_CHECKPOINT_FILE"]
done = json.load(open(path))["done"] if os.path.exists(path) else 0
with open(path + ".new", "w") as file:
    json.dump({"done": done + 1}, file)
os.replace(path + ".new", path)
sys.exit(0 if done == 1 else 75)
"""


def test_a_command_gets_the_checkpoint_as_a_file_and_leaves_it_there(command: Any) -> None:
    execution = queued(**command(COUNT))

    assert attempt(execution).status == "retrying"
    assert execution.checkpoint == {"done": 1}
    assert attempt(execution).status == "succeeded"
    assert execution.checkpoint == {"done": 2}


WAIT = """
import json, os, sys, time
path = os.environ["SCHEDULER_CHECKPOINT_FILE"]
with open(path, "w") as file:
    file.write('{"rows":')
    file.flush()
    time.sleep(1.5)  # half written
    file.write(' 7}')
time.sleep(2.5)
with open(path, "w") as file:
    file.write("no JSON")
"""


def test_it_is_kept_while_the_command_runs_and_what_is_no_json_is_named(
    command: Any, settings: Any
) -> None:
    settings.SCHEDULER_CANCEL_POLL_SECONDS = 60  # a look of the watchdog leaves a connection open
    execution = attempt(queued(**command(WAIT)))

    assert execution.status == "succeeded"
    assert execution.checkpoint == {"rows": 7}
    [line] = JobExecutionLog.objects.filter(execution=execution, stream="platform")
    assert line.message.startswith(
        "The checkpoint was not kept. The file named by SCHEDULER_CHECKPOINT_FILE is not JSON"
    )


def test_a_command_that_leaves_it_alone_keeps_it(command: Any) -> None:
    execution = queued(**command("pass"))
    JobExecution.objects.filter(pk=execution.pk).update(
        checkpoint={"rows": 7}, checkpoint_at=database_now()
    )
    execution.refresh_from_db()
    before = execution.checkpoint_at

    attempt(execution)

    assert (json.dumps(execution.checkpoint), execution.checkpoint_at) == ('{"rows": 7}', before)
