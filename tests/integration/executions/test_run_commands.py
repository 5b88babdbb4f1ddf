"""``runs`` and ``rerun --below``, as ``manage.py`` calls them."""

from uuid import uuid4

import pytest
from django.core.management import CommandError

from audit.models import JobAudit
from executions.models import JobExecution
from executions.services import trigger
from jobs.definitions import change_job
from tests.factories import TESTER, make_execution
from tests.graphs import begin, end, make_graph, nodes, states
from tests.integration.executions.calling import read, refuse, run

pytestmark = pytest.mark.django_db

DIAMOND = (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))


@pytest.fixture
def root() -> JobExecution:
    """The first execution of a run a -> (b, c) -> d, in which b has failed."""
    first = trigger(actor=TESTER, job=make_graph(*DIAMOND)["a"])
    end(first)
    end(nodes(first)["c"])
    end(nodes(first)["b"], "failed")
    return first


def test_a_run_is_shown_as_a_table_with_what_each_waited_for(root: JobExecution) -> None:
    lines = run("runs", str(root.pk))[0].splitlines()

    assert lines[0].startswith(f"run {root.pk} of {root.job.name}: failed, opened ")
    heading, *shown = lines[1:]
    assert heading.split() == ["id", "job", "status", "started", "(UTC)", "took", "after", "says"]
    assert [line.split()[1][0] for line in shown] == ["a", "b", "c", "d"]
    names = {name: row.job.name for name, row in nodes(root).items()}
    assert f"not {names['b']}, {names['c']}" in shown[3]
    assert f"Job {names['b']} failed." in shown[3]
    assert "bad" in shown[1]


def test_an_execution_stands_for_its_run_and_what_waits_says_so() -> None:
    root = trigger(actor=TESTER, job=make_graph(("a", "b"))["a"])

    said = run("runs", str(nodes(root)["b"].pk))[0]

    assert f"run {root.pk} of {root.job.name}: scheduled" in said
    assert f"waits for {root.job.name}" in said


def test_the_document_is_that_of_the_api(root: JobExecution) -> None:
    document = read("runs", str(root.pk))
    assert document["correlationId"] == str(root.pk)
    assert (len(document["nodes"]), len(document["edges"])) == (4, 4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x"], "no id. Give a correlation id"),
        ([str(uuid4())], "There is no run"),
    ],
    ids=["no id", "unknown"],
)
def test_what_is_no_run_is_refused_in_words(arguments: list[str], said: str) -> None:
    assert said in str(refuse("runs", *arguments))


def test_a_reason_without_a_cancel_is_refused(root: JobExecution) -> None:
    assert "--reason goes with --cancel" in str(refuse("runs", str(root.pk), "--reason", "why"))


def test_a_run_is_cancelled_as_a_whole_once_somebody_is_sure() -> None:
    root = trigger(actor=TESTER, job=make_graph(("a", "b"))["a"])
    begin(root)
    assert "add --yes" in str(refuse("runs", str(root.pk), "--cancel"))

    run("runs", str(root.pk), "--cancel", "--reason", "wrong day", "--yes")

    assert states(root) == {"a": "running", "b": "cancelled"}
    assert JobAudit.objects.get(action="RunCancelled").reason == "wrong day"


def test_rerun_below_opens_what_was_skipped_too(root: JobExecution) -> None:
    again = read("rerun", str(nodes(root)["b"].pk), "--below")["executionId"]

    assert str(nodes(root)["b"].pk) == again
    assert states(root) == {"a": "succeeded", "b": "scheduled", "c": "succeeded", "d": "waiting"}
    assert "run again since" in run("runs", str(root.pk))[0]


def test_rerun_below_all_opens_what_had_succeeded_too(root: JobExecution) -> None:
    run("rerun", str(root.pk), "--below", "--all")
    assert states(root) == {"a": "scheduled", "b": "waiting", "c": "waiting", "d": "waiting"}
    assert "--all goes with --below" in str(refuse("rerun", str(root.pk), "--all"))


def test_rerun_takes_the_version_that_is_asked_for() -> None:
    execution = make_execution(status="failed", input={"region": "EU", "day": 1})
    change_job(actor=TESTER, job=execution.job, fields={"timeout_seconds": 5})

    run("rerun", str(execution.pk), "--job-version", "same", "--param", "day=2")
    run("rerun", str(execution.pk))

    same, today = JobExecution.objects.filter(rerun_of=execution).order_by("pk")
    assert (same.version.number, same.input) == (1, {"region": "EU", "day": 2})
    assert (today.version.number, today.input) == (2, {"region": "EU", "day": 1})


def test_an_unknown_version_is_refused(root: JobExecution) -> None:
    with pytest.raises(CommandError, match="invalid choice: 'old'"):
        run("rerun", str(root.pk), "--job-version", "old")


def test_waiting_for_a_run_ends_with_it_and_succeeds_only_if_it_did(root: JobExecution) -> None:
    assert str(refuse("runs", str(root.pk), "--wait")) == "The run is failed."
    good = trigger(actor=TESTER, job=make_graph(("a", "b"))["a"])
    refusal = refuse("runs", str(good.pk), "--wait", "0")
    assert (str(refusal), refusal.returncode) == ("Not over after 0 s.", 3)
    end(good)
    end(nodes(good)["b"])
    assert "succeeded" in run("runs", str(good.pk), "--wait", "60")[0]
