"""``manage.py trigger``, ``cancel``, ``logs`` and ``executions``."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import JobAudit
from core.clock import database_now
from executions.capture import LogLine
from executions.claim import claim
from executions.dispatcher import choose
from executions.models import JobExecution, JobExecutionLog
from executions.outcomes import Failed, Outcome, Succeeded
from executions.retry import RetryPolicy
from executions.settlement import decide, settle
from jobs.definitions import set_job_status
from jobs.models import JobStatus
from tests.factories import TESTER, make_execution, make_job


def run(*arguments: str) -> tuple[str, str]:
    """Call a command; return what it said on standard output and on standard error."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def carry_out(outcome: Outcome) -> None:
    """Do for the one execution there is what beat and a worker do."""
    give_up_at = time.monotonic() + 20
    while not (hints := choose().hints):
        assert time.monotonic() < give_up_at
    claimed = claim(execution_id=hints[0].id, fence=hints[0].fence, worker="w@test", pid=1)
    assert claimed is not None
    settle(
        execution_id=claimed.execution_id,
        fence=claimed.fence,
        decision=decide(outcome, attempt=1, policy=RetryPolicy.of(claimed.snapshot)),
        lines=[LogLine(1, claimed.started_at, "INFO", "log", "done")],
    )


@pytest.fixture
def in_background() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Run a function in a thread with its own connection; it must have ended at the end."""
    threads = []

    def start(function: Callable[[], None]) -> None:
        def body() -> None:
            try:
                function()
            finally:
                connection.close()

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        threads.append(thread)

    yield start
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.django_db
def test_trigger_prints_the_id_of_a_new_execution() -> None:
    job = make_job(name="Nightly")
    out, _ = run("trigger", "Nightly", "--param", "days=3", "--param", "region=EU")
    execution = JobExecution.objects.get(pk=UUID(out.strip()))
    assert execution.job == job
    assert execution.input == {"days": 3, "region": "EU"}
    assert execution.triggered_by.startswith("os:")
    assert execution.triggered_by.endswith(" via manage.py")
    assert JobAudit.objects.filter(action="ManualTrigger", object_id=execution.pk).count() == 1


@pytest.mark.django_db
def test_trigger_takes_an_id_too() -> None:
    job = make_job()
    out, _ = run("trigger", str(job.pk))
    assert JobExecution.objects.get(pk=out.strip()).job == job


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Nothing of that name", str(uuid4())])
def test_trigger_of_an_unknown_job_says_what_to_give(name: str) -> None:
    with pytest.raises(CommandError, match="exact name"):
        run("trigger", name)


@pytest.mark.django_db
def test_trigger_of_a_disabled_job_is_refused_in_one_line() -> None:
    job = make_job()
    set_job_status(actor=TESTER, job=job, status=JobStatus.DISABLED)
    with pytest.raises(CommandError, match="enable it first"):
        run("trigger", job.name)


@pytest.mark.django_db
@pytest.mark.parametrize("pair", ["region", "=EU"])
def test_a_parameter_without_name_or_value_is_refused(pair: str) -> None:
    with pytest.raises(CommandError, match="name=value"):
        run("trigger", make_job().name, "--param", pair)


@pytest.mark.django_db(transaction=True)
def test_trigger_with_wait_prints_the_output_when_it_succeeds(in_background) -> None:
    job = make_job()
    in_background(lambda: carry_out(Succeeded('{"rows": 42}')))
    out, err = run("trigger", job.name, "--wait", "20")
    assert json.loads(out) == {"rows": 42}
    assert "succeeded after" in err


@pytest.mark.django_db(transaction=True)
def test_trigger_with_wait_fails_when_the_execution_does(in_background) -> None:
    job = make_job()
    in_background(lambda: carry_out(Failed("ValueError", "no such region")))
    with pytest.raises(CommandError, match="is failed"):
        run("trigger", job.name, "--wait", "20")


@pytest.mark.django_db
def test_trigger_gives_up_waiting_and_says_where_to_look() -> None:
    with pytest.raises(CommandError, match=r"Not over after 0 s.*logs .* --follow"):
        run("trigger", make_job().name, "--wait", "0")


@pytest.mark.django_db
def test_cancel_ends_what_no_worker_has_claimed() -> None:
    execution = make_execution(status="queued")
    assert "cancelled" in run("cancel", str(execution.pk))[0]
    assert JobExecution.objects.get().status == "cancelled"


@pytest.mark.django_db
def test_cancel_asks_the_worker_of_a_running_execution() -> None:
    execution = make_execution(status="running")
    assert "was asked to stop it" in run("cancel", str(execution.pk))[0]


@pytest.mark.django_db
def test_cancel_of_what_is_over_is_refused() -> None:
    with pytest.raises(CommandError, match="cannot be cancelled"):
        run("cancel", str(make_execution(status="failed").pk))


@pytest.mark.django_db
def test_the_beginning_of_an_id_is_not_enough() -> None:
    execution = make_execution()
    with pytest.raises(CommandError, match="whole id"):
        run("cancel", str(execution.pk)[:13])


def add_line(execution: JobExecution, sequence: int, message: str, level: str = "INFO") -> None:
    JobExecutionLog.objects.create(
        execution=execution,
        attempt=1,
        sequence=sequence,
        at=database_now(),
        level=level,
        stream="log",
        message=message,
    )


@pytest.mark.django_db
def test_logs_prints_every_line_in_order() -> None:
    execution = make_execution(status="succeeded")
    add_line(execution, 1, "collecting [bold]rows[/bold]")
    add_line(execution, 2, "one is odd", "WARNING")
    first, second = run("logs", str(execution.pk))[0].splitlines()
    assert first.startswith("#1 ")
    assert first.endswith(" INFO     log      collecting [bold]rows[/bold]")
    assert second.endswith(" WARNING  log      one is odd")


@pytest.mark.django_db(transaction=True)
def test_logs_follows_until_the_execution_is_over(in_background) -> None:
    execution = make_execution()
    add_line(execution, 1, "beforehand")
    in_background(lambda: carry_out(Succeeded()))
    out, err = run("logs", str(execution.pk), "--follow")
    assert [line.split()[-1] for line in out.splitlines()] == ["beforehand", "done"]
    assert "succeeded" in err


@pytest.mark.django_db
def test_executions_lists_the_newest_first() -> None:
    older, newer = make_execution(status="succeeded"), make_execution(status="failed")
    lines = run("executions")[0].splitlines()
    assert [line.split()[0] for line in lines] == ["id", str(newer.pk), str(older.pk)]


@pytest.mark.django_db
def test_executions_filters_by_job_and_status() -> None:
    wanted = make_execution(make_job(name="Nightly"), status="failed")
    make_execution(wanted.job, status="succeeded")
    make_execution(status="failed")
    out, _ = run("executions", "--job", "Nightly", "--status", "failed", "--json")
    (only,) = json.loads(out)
    assert (only["id"], only["jobName"], only["status"]) == (str(wanted.pk), "Nightly", "failed")


@pytest.mark.django_db
def test_executions_never_counts_and_asks_once(django_assert_num_queries) -> None:
    for _ in range(3):
        make_execution()
    with django_assert_num_queries(1) as queries:
        run("executions", "--limit", "2")
    assert "COUNT(" not in queries.captured_queries[0]["sql"].upper()
