"""``manage.py trigger``, ``rerun``, ``cancel``, ``logs`` and ``executions``."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
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
from jobs.models import JobDefinition, JobStatus
from jobs.ownership import change_ownership
from tests.factories import TESTER, make_execution, make_job
from tests.integration.executions.calling import read, refuse, run


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
def test_trigger_as_json_prints_what_rest_answers() -> None:
    document = read("trigger", make_job().name)
    assert document == {"executionId": str(JobExecution.objects.get().pk)}


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["trigger", "rerun"])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--param", "region"], "not of the form name=value"),
        (["--param", "=EU"], "not of the form name=value"),
        (["--parameters", "{"], "--parameters is not JSON: "),
        (["--parameters", "[1]"], "--parameters is not a JSON object"),
        (["--parameters", '{"a": NaN}'], "parameters is not strict JSON"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_parameters_that_are_none_are_refused(command: str, options: list[str], says: str) -> None:
    execution = make_execution(status="failed")
    target = execution.job.name if command == "trigger" else str(execution.pk)
    assert says in str(refuse(command, target, *options))
    assert JobExecution.objects.count() == 1


@pytest.mark.django_db
def test_all_parameters_may_be_given_at_once_and_single_ones_beside_them() -> None:
    run("trigger", make_job().name, "--parameters", '{"days": 3, "region": "EU"}', "--param", "a=b")
    assert JobExecution.objects.get().input == {"days": 3, "region": "EU", "a": "b"}


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", ["-1", "nan", "soon"])
def test_a_wait_that_is_no_time_is_refused(seconds: str) -> None:
    assert "--wait" in str(refuse("trigger", make_job().name, f"--wait={seconds}"))


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("outcome", [Succeeded("42"), Failed("ValueError", "no such region")])
def test_trigger_with_wait_as_json_prints_the_finished_execution(in_background, outcome) -> None:
    job = make_job()
    in_background(lambda: carry_out(outcome))
    out, err = StringIO(), StringIO()
    is_failure = isinstance(outcome, Failed)
    with pytest.raises(CommandError) if is_failure else nullcontext() as refusal:
        call_command("trigger", job.name, "--wait", "20", "--json", stdout=out, stderr=err)
    document = json.loads(out.getvalue())
    assert document["status"] == ("failed" if is_failure else "succeeded")
    assert document["outputPayload"] == (None if is_failure else 42)
    assert document["jobName"] == job.name
    assert not is_failure or refusal.value.returncode == 1


@pytest.mark.django_db
def test_trigger_gives_up_waiting_says_where_to_look_and_has_its_own_exit_code() -> None:
    refusal = refuse("trigger", make_job().name, "--wait", "0")
    assert re.match(r"Not over after 0 s.*logs .* --follow", str(refusal))
    assert refusal.returncode == 3


@pytest.mark.django_db
def test_rerun_prints_the_id_of_a_new_execution_with_the_same_parameters() -> None:
    first = make_execution(status="failed", input={"days": 3, "region": "EU"})
    out, _ = run("rerun", str(first.pk))
    again = JobExecution.objects.get(pk=UUID(out.strip()))
    assert (again.rerun_of, again.input) == (first, {"days": 3, "region": "EU"})
    assert again.triggered_by.startswith("os:")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        (["--param", "days=4"], {"days": 4, "region": "EU"}),
        (["--parameters", '{"days": 4}'], {"days": 4}),
        (["--parameters", "{}"], {}),
        (["--parameters", "{}", "--param", "x=y"], {"x": "y"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_rerun_with_other_parameters(options: list[str], parameters: dict[str, object]) -> None:
    first = make_execution(status="failed", input={"days": 3, "region": "EU"})
    document = read("rerun", str(first.pk), *options)
    again = JobExecution.objects.get(pk=document["executionId"])
    assert (again.input, again.rerun_of) == (parameters, first)


@pytest.mark.django_db(transaction=True)
def test_rerun_with_wait_sees_it_through(in_background) -> None:
    first = make_execution(status="failed")
    in_background(lambda: carry_out(Succeeded('{"rows": 42}')))
    out, err = run("rerun", str(first.pk), "--wait", "20")
    assert json.loads(out) == {"rows": 42}
    assert "succeeded after" in err


@pytest.mark.django_db
def test_rerun_of_what_is_not_over_is_refused_in_one_line() -> None:
    execution = make_execution(status="running")
    assert "only a finished one can be run again" in str(refuse("rerun", str(execution.pk)))


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


@pytest.mark.django_db
def test_cancel_of_several_goes_on_after_a_refusal_and_fails_in_the_end() -> None:
    waiting, over, running = (make_execution(status=s) for s in ("queued", "failed", "running"))
    out, err = StringIO(), StringIO()
    ids = [str(execution.pk) for execution in (waiting, over, running)]
    with pytest.raises(CommandError, match=r"1 of 3 refused") as refusal:
        call_command("cancel", *ids, stdout=out, stderr=err)
    first, second = out.getvalue().splitlines()
    assert first == f"{waiting.pk}: The execution is cancelled."
    assert second.startswith(f"{running.pk}: Worker ")
    assert err.getvalue() == "The execution is failed and cannot be cancelled.\n"
    assert refusal.value.returncode == 1


@pytest.mark.django_db
def test_cancel_as_json_tells_what_was_done_and_what_was_refused() -> None:
    waiting, over = (make_execution(status=status) for status in ("queued", "failed"))
    out = StringIO()
    with pytest.raises(CommandError):
        call_command(
            *("cancel", str(waiting.pk), str(over.pk), "--json"), stdout=out, stderr=StringIO()
        )
    document = json.loads(out.getvalue())
    assert document["done"] == [
        {"id": str(waiting.pk), "jobName": waiting.job.name, "status": "cancelled"}
    ]
    ((refused),) = document["refused"]
    assert (refused["id"], refused["code"]) == (str(over.pk), "execution_finished")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--status", "queued"], ["scheduled", "running"]),
        (["--status", "queued", "--status", "scheduled"], ["running"]),
        ([], ["running"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_cancel_of_a_job_ends_all_of_a_status(options: list[str], left: list[str]) -> None:
    job = make_job(name="Nightly")
    for status in ("scheduled", "queued", "queued", "running", "succeeded"):
        make_execution(job, status=status)
    other = make_execution(status="queued")
    document = read("cancel", "--job", "Nightly", *options, "--yes")
    cancelled = JobExecution.objects.filter(job=job, status="cancelled")
    asked = JobExecution.objects.running().filter(cancel_requested_at__isnull=False)
    assert len(document["done"]) == cancelled.count() + asked.count()
    unfinished = JobExecution.objects.filter(job=job).unfinished().order_by("id")
    assert list(unfinished.values_list("status", flat=True)) == left
    other.refresh_from_db()
    assert other.status == "queued"


@pytest.mark.django_db
def test_cancel_of_many_asks_first() -> None:
    job = make_job(name="Nightly")
    make_execution(job, status="queued")
    make_execution(job, status="queued")
    refusal = refuse("cancel", "--job", "Nightly", "--status", "queued")
    assert str(refusal).startswith("Cancel 2 executions of Nightly?")
    assert "add --yes" in str(refusal)
    assert JobExecution.objects.filter(status="queued").count() == 2


@pytest.mark.django_db
def test_cancel_of_a_job_with_nothing_to_cancel_is_no_failure() -> None:
    make_job(name="Nightly")
    assert run("cancel", "--job", "Nightly") == ("", "Nothing to cancel.\n")
    assert read("cancel", "--job", "Nightly") == {"done": [], "refused": []}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--status", "queued"],
        [str(uuid4()), "--job", "Nightly"],
        [str(uuid4()), "--status", "queued"],
    ],
    ids=["nothing", "status-alone", "ids-and-job", "ids-and-status"],
)
def test_cancel_wants_ids_or_a_job(options: list[str]) -> None:
    make_job(name="Nightly")
    refusal = str(refuse("cancel", *options))
    assert "--job" in refusal
    assert "There is no" not in refusal


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


@pytest.mark.django_db
def test_logs_ends_with_the_error_and_where_it_came_from() -> None:
    execution = make_execution(
        status="failed",
        error_type="ValueError",
        error_message="no such region",
        stack_trace="Traceback (most recent call last):\n  line 7",
    )

    _, err = run("logs", str(execution.pk))

    assert err.splitlines() == [
        "Traceback (most recent call last):",
        "  line 7",
        "failed (ValueError: no such region)",
    ]


@pytest.mark.django_db
def test_logs_as_json_is_one_list() -> None:
    execution = make_execution(status="succeeded")
    add_line(execution, 1, "one")
    add_line(execution, 2, "two", "WARNING")
    first, second = read("logs", str(execution.pk))
    assert (first["sequence"], first["message"], first["level"]) == (1, "one", "INFO")
    assert (second["attempt"], second["level"], second["stream"]) == (1, "WARNING", "log")
    assert first["at"].endswith("Z")
    _, err = run("logs", str(execution.pk), "--json")
    assert err == ""


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
def test_executions_as_json_is_what_rest_answers() -> None:
    execution = make_execution(make_job(name="Nightly"), status="failed", input={"days": 3})
    (only,) = read("executions")
    assert (only["id"], only["jobName"], only["status"]) == (
        *(str(execution.pk), "Nightly", "failed"),
    )
    assert only["inputPayload"] == {"days": 3}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--job", "Nightly"], ["n-failed", "n-succeeded"]),
        (["--status", "failed"], ["n-failed", "o-failed"]),
        (["--job", "Nightly", "--status", "failed"], ["n-failed"]),
        (["--status", "failed", "--status", "queued"], ["n-failed", "o-failed", "o-queued"]),
        (["--team", "Finance"], ["n-failed", "n-succeeded"]),
        (["--category", "Feeds"], ["o-failed", "o-queued"]),
        (["--team", "Finance", "--category", "Feeds"], []),
        (["--since", "1h"], ["n-failed", "o-failed", "o-queued"]),
        (["--since", "1d", "--job", "Nightly"], ["n-failed", "n-succeeded"]),
        (["--since", "2020-01-01", "--limit", "1"], ["o-queued"]),
    ],
    ids=lambda value: " ".join(value) if value and value[0].startswith("-") else "",
)
def test_executions_are_filtered(options: list[str], found: list[str]) -> None:
    nightly = make_job(name="Nightly", category="Reports")
    change_ownership(actor=TESTER, job=nightly, fields={"team_name": "Finance"})
    other = make_job(name="Other", category="Feeds")
    long_ago = database_now() - timedelta(hours=2)
    labels = {
        open_at(nightly, "succeeded", long_ago): "n-succeeded",
        open_at(nightly, "failed"): "n-failed",
        open_at(other, "failed"): "o-failed",
        open_at(other, "queued"): "o-queued",
    }
    assert sorted(labels[row["id"]] for row in read("executions", *options)) == found


def open_at(job: JobDefinition, status: str, at: datetime | None = None) -> str:
    """Make an execution that was opened then, with an id of that time."""
    execution = make_execution(job, status=status)
    if at is None:
        return str(execution.pk)
    then = UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)
    JobExecution.objects.filter(pk=execution.pk).update(id=then, opened_at=at)
    return str(then)


@pytest.mark.django_db
@pytest.mark.parametrize("since", ["yesterday", "1y", "-1h", "9999999d", "999999w", ""])
def test_since_that_is_no_time_is_refused(since: str) -> None:
    assert "is no time and no span" in str(refuse("executions", f"--since={since}"))


@pytest.mark.django_db
def test_the_longest_span_reaches_back_to_all_there_is() -> None:
    execution = make_execution()
    assert [row["id"] for row in read("executions", "--since", "99999w")] == [str(execution.pk)]


@pytest.mark.django_db
def test_executions_never_counts(django_assert_num_queries) -> None:
    for _ in range(3):
        make_execution()
    with django_assert_num_queries(2) as queries:
        _, err = run("executions", "--limit", "2")
    assert not any("COUNT(" in query["sql"].upper() for query in queries.captured_queries)
    assert "The newest 2; there are more" in err


@pytest.mark.django_db
def test_the_list_says_why_an_execution_was_skipped_and_with_what_error_another_failed() -> None:
    make_execution(status="skipped", reason="overlap")
    make_execution(status="failed", error_type="ValueError", error_message="no such region")

    out, _ = run("executions")

    assert "the schedule already has one execution under way and one waiting" in out
    assert "ValueError: no such region" in out
