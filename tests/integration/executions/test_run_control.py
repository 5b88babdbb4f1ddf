"""A whole run: read, cancelled, and run again in part."""

from typing import Any
from uuid import uuid4

import pytest

from audit.models import JobAudit
from audit.trail import Actor
from core.errors import Conflict, InvalidInput, NotFound
from executions.models import ExecutionTransition, JobExecution, RunEdge
from executions.runs import Run, Scope, Version, cancel_run, read_run, rerun, rerun_run
from executions.services import trigger
from jobs.definitions import change_job, set_job_status
from jobs.models import JobDefinition, JobDependency, JobStatus
from tests.factories import TESTER, make_execution, make_job
from tests.graphs import begin, depend, end, make_graph, nodes, states

pytestmark = pytest.mark.django_db

ALICE = Actor(name="alice", id="7")
DIAMOND = (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))


def run(job: JobDefinition) -> JobExecution:
    return trigger(actor=TESTER, job=job)


def failed_diamond() -> JobExecution:
    """Return the root of a run a -> (b, c) -> d, in which b has failed and c has not."""
    root = run(make_graph(*DIAMOND)["a"])
    end(root)
    end(nodes(root)["c"])
    end(nodes(root)["b"], "failed")
    assert states(root) == {"a": "succeeded", "b": "failed", "c": "succeeded", "d": "skipped"}
    return root


def names(opened: list[JobExecution]) -> list[str]:
    return [execution.job.name.partition("-")[0] for execution in opened]


def upstreams(execution: JobExecution) -> dict[str, tuple[Any, str]]:
    """Return, by the job that it waits for, the execution that meets the edge, and its state."""
    edges = RunEdge.objects.filter(execution=execution).select_related("upstream_job")
    return {
        edge.upstream_job.name.partition("-")[0]: (edge.upstream_execution_id, edge.state)
        for edge in edges
    }


# --- Reading


def test_a_run_has_its_nodes_in_order_and_the_edges_between_them() -> None:
    root = run(make_graph(*DIAMOND)["a"])

    found = read_run(root.pk)

    assert [node.execution.job_name[0] for node in found.nodes] == ["a", "b", "c", "d"]
    keys = {node.execution.pk: node.execution.job_name[0] for node in found.nodes}
    assert {(keys[e.upstream_execution_id], keys[e.execution_id]) for e in found.edges} == set(
        DIAMOND
    )
    assert all(node.is_current for node in found.nodes)
    assert (found.status, found.started_at, found.ended_at) == ("scheduled", None, None)
    assert found.label == root.job.name


def test_a_run_stands_as_the_newest_of_each_job_does() -> None:
    root = failed_diamond()
    over = read_run(root.pk)
    assert (over.status, over.started_at) == ("failed", nodes(root)["a"].started_at)
    assert over.ended_at == max(node.execution.completed_at for node in over.nodes)

    rerun_run(actor=ALICE, correlation_id=root.pk)
    again = read_run(root.pk)
    assert (again.status, again.ended_at) == ("running", None)
    assert [node.is_current for node in again.nodes] == [True, False, True, False, True, True]

    end(nodes(root)["b"])
    end(nodes(root)["d"])
    assert read_run(root.pk).status == "succeeded"


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ({"succeeded"}, "succeeded"),
        ({"succeeded", "skipped"}, "succeeded"),
        ({"skipped"}, "skipped"),
        ({"succeeded", "cancelled"}, "cancelled"),
        ({"cancelled", "timed_out", "succeeded"}, "failed"),
        ({"succeeded", "scheduled"}, "running"),
        ({"waiting", "scheduled"}, "scheduled"),
        ({"failed", "running"}, "running"),
    ],
    ids=str,
)
def test_the_status_of_a_run_is_the_worst_of_its_ends_unless_it_goes_on(
    found: set[str], status: str
) -> None:
    run_id = uuid4()
    for each in found:
        make_execution(status=each, correlation_id=run_id)

    assert read_run(run_id).status == status


def test_a_run_without_its_first_execution_is_still_read_and_without_any_it_is_not() -> None:
    root = failed_diamond()
    JobExecution.objects.filter(pk=root.pk).delete()
    assert [node.execution.job_name[0] for node in read_run(root.pk).nodes] == ["b", "c", "d"]

    with pytest.raises(NotFound, match="no run"):
        read_run(nodes(root)["b"].pk)  # it is part of a run, and none itself


def test_reading_costs_as_much_for_many_nodes_as_for_one(django_assert_num_queries: Any) -> None:
    root = failed_diamond()

    with django_assert_num_queries(2):
        read_run(root.pk)


# --- Cancelling


def test_cancelling_ends_what_waits_at_once_and_asks_what_runs_to_stop() -> None:
    root = run(make_graph(*DIAMOND)["a"])
    end(root)
    begin(nodes(root)["b"])

    result: Run = cancel_run(actor=ALICE, correlation_id=root.pk, reason="wrong day")

    assert states(root) == {"a": "succeeded", "b": "running", "c": "cancelled", "d": "cancelled"}
    assert result.status == "running"
    asked = nodes(root)["b"]
    assert (asked.cancel_requested_by, asked.reason) == ("alice", None)
    moves = ExecutionTransition.objects.filter(to_status="cancelled", actor="alice")
    assert set(moves.values_list("from_status", flat=True)) == {"scheduled", "waiting"}
    entry = JobAudit.objects.get(action="RunCancelled")
    assert (entry.object_type, entry.object_id) == ("run", str(root.pk))
    assert (entry.actor, entry.object_label, entry.reason) == ("alice", root.job.name, "wrong day")
    assert entry.after == {"cancelled": 2, "asked_to_stop": 1}


def test_what_succeeds_all_the_same_releases_nothing_of_a_cancelled_run() -> None:
    root = run(make_graph(("a", "b"), ("b", "c"))["a"])
    begin(root)
    cancel_run(actor=ALICE, correlation_id=root.pk)
    JobExecution.objects.filter(pk=root.pk).update(status="scheduled")

    end(root)

    assert states(root) == {"a": "succeeded", "b": "cancelled", "c": "cancelled"}
    assert read_run(root.pk).status == "cancelled"


def test_a_message_that_is_out_finds_nothing_of_a_cancelled_run() -> None:
    root = make_execution(status="queued", correlation_id=uuid4())

    cancel_run(actor=ALICE, correlation_id=root.correlation_id)

    root.refresh_from_db()
    assert (root.status, root.fence, root.publish_again_at) == ("cancelled", 2, None)


def test_a_run_that_is_over_cannot_be_cancelled_and_one_that_is_not_there_neither() -> None:
    root = failed_diamond()

    with pytest.raises(Conflict, match="The run is failed") as refusal:
        cancel_run(actor=ALICE, correlation_id=root.pk)
    assert refusal.value.code == "run_finished"
    with pytest.raises(NotFound):
        cancel_run(actor=ALICE, correlation_id=uuid4())
    assert not JobAudit.objects.filter(action="RunCancelled").exists()


# --- Running again


def test_what_failed_runs_again_with_what_was_skipped_and_keeps_what_succeeded() -> None:
    root = failed_diamond()
    before = nodes(root)

    opened = rerun_run(actor=ALICE, correlation_id=root.pk)

    after = nodes(root)
    assert names(opened) == ["b", "d"]
    assert [row.rerun_of_id for row in opened] == [before["b"].pk, before["d"].pk]
    assert {row.correlation_id for row in opened} == {root.pk}
    assert [row.triggered_by for row in opened] == ["alice", "alice"]
    assert [row.origin for row in opened] == ["manual", "dependency"]
    assert states(root) == {"a": "succeeded", "b": "scheduled", "c": "succeeded", "d": "waiting"}
    assert upstreams(after["b"]) == {"a": (before["a"].pk, "met")}
    assert upstreams(after["d"]) == {
        "b": (after["b"].pk, "open"),
        "c": (before["c"].pk, "met"),
    }
    assert after["d"].open_edges == 1

    end(after["b"])
    assert states(root)["d"] == "scheduled"
    end(nodes(root)["d"])
    assert JobExecution.objects.count() == 6


def test_everything_below_runs_again_when_nothing_is_to_be_kept() -> None:
    root = failed_diamond()

    opened = rerun(actor=ALICE, execution=root, scope=Scope.BELOW, keep_succeeded=False)

    assert names(opened) == ["a", "b", "c", "d"]
    assert states(root) == {"a": "scheduled", "b": "waiting", "c": "waiting", "d": "waiting"}
    end(nodes(root)["a"])
    end(nodes(root)["b"])
    end(nodes(root)["c"])
    assert states(root)["d"] == "scheduled"


def test_the_chosen_one_runs_again_even_if_it_had_succeeded() -> None:
    root = failed_diamond()

    opened = rerun(actor=ALICE, execution=root, scope=Scope.BELOW)

    assert names(opened) == ["a", "b", "d"]
    assert upstreams(nodes(root)["d"])["c"][1] == "met"


def test_one_alone_opens_nothing_below_it_not_even_when_it_succeeds() -> None:
    root = failed_diamond()
    before = nodes(root)

    opened = rerun(actor=ALICE, execution=before["b"])
    end(nodes(root)["b"])

    assert names(opened) == ["b"]
    assert upstreams(opened[0]) == {"a": (before["a"].pk, "met")}
    assert states(root) == {"a": "succeeded", "b": "succeeded", "c": "succeeded", "d": "skipped"}
    assert JobExecution.objects.count() == 5


def test_what_could_not_run_even_now_is_not_opened_again() -> None:
    jobs = make_graph(("a", "b"), ("b", "c"), ("c", "e"))
    alarm = make_job(name="alarm-1")
    depend(alarm, jobs["b"], condition="failure")
    depend(jobs["c"], alarm)
    root = run(jobs["a"])
    end(root)
    end(nodes(root)["b"])
    assert states(root)["alarm"] == "skipped"

    rerun(actor=ALICE, execution=nodes(root)["a"])
    end(nodes(root)["a"])
    opened = rerun(actor=ALICE, execution=root, scope=Scope.BELOW)

    # What had been skipped because b succeeded stays so: b is kept.
    assert names(opened) == ["a"]


def test_parameters_and_definition_are_those_of_today_or_of_then_as_asked() -> None:
    root = failed_diamond()
    failed = nodes(root)["b"]
    change_job(actor=TESTER, job=failed.job, fields={"timeout_seconds": 5})

    same = rerun(actor=ALICE, execution=failed, parameters={"region": "EU"}, version=Version.SAME)[
        0
    ]
    today = rerun(actor=ALICE, execution=failed)[0]

    assert (same.version.number, same.input) == (1, {"region": "EU"})
    assert (today.version.number, today.input) == (2, {})


def test_outputs_are_taken_over_again_from_what_is_kept_and_from_what_runs_again() -> None:
    jobs = make_graph(*DIAMOND)
    JobDependency.objects.filter(job=jobs["d"]).update(output_mapping={"rows": "rows"})
    JobDependency.objects.filter(job=jobs["d"], upstream=jobs["c"]).update(
        output_mapping={"files": "files"}
    )
    root = run(jobs["a"])
    end(root)
    end(nodes(root)["c"], output={"files": 3})
    end(nodes(root)["b"], "failed")

    rerun_run(actor=ALICE, correlation_id=root.pk)
    end(nodes(root)["b"], output={"rows": 7})
    assert nodes(root)["d"].input == {"rows": 7, "files": 3}

    end(nodes(root)["d"], "failed")
    alone = rerun(actor=ALICE, execution=nodes(root)["d"])[0]
    assert alone.input == {"rows": 7, "files": 3}


def test_one_that_was_skipped_takes_over_what_its_upstreams_have_come_to_since() -> None:
    jobs = make_graph(("a", "b"))
    JobDependency.objects.update(output_mapping={"rows": "rows"})
    root = run(jobs["a"])
    end(root, "failed")
    skipped = nodes(root)["b"]

    with pytest.raises(Conflict, match="which has none: its execution is failed") as refusal:
        rerun(actor=ALICE, execution=skipped)
    assert refusal.value.code == "outputs_missing"
    assert rerun(actor=ALICE, execution=skipped, parameters={"rows": 1})[0].input == {"rows": 1}

    rerun(actor=ALICE, execution=root)
    end(nodes(root)["a"], output={"rows": 7})
    again = rerun(actor=ALICE, execution=skipped)[0]
    again.refresh_from_db()
    assert again.input == {"rows": 7}
    assert upstreams(again) == {"a": (nodes(root)["a"].pk, "met")}


def test_a_cancelled_run_runs_again_from_where_it_was_cancelled() -> None:
    root = run(make_graph(*DIAMOND)["a"])
    end(root)
    cancel_run(actor=ALICE, correlation_id=root.pk)

    assert names(rerun_run(actor=ALICE, correlation_id=root.pk)) == ["b", "c", "d"]


def test_an_upstream_outside_the_run_counts_by_its_last_success() -> None:
    outside = make_job(name="outside-1")
    success = end(run(outside))
    jobs = make_graph(("a", "b"))
    depend(jobs["b"], outside)
    root = run(jobs["a"])
    end(root, "failed")

    rerun_run(actor=ALICE, correlation_id=root.pk)

    assert upstreams(nodes(root)["b"])["outside"] == (success.pk, "met")


def test_a_rerun_is_audited_with_what_it_was_asked_for() -> None:
    root = failed_diamond()

    opened = rerun_run(actor=ALICE, correlation_id=root.pk)

    entry = JobAudit.objects.get(action="ExecutionRerun")
    assert (entry.object_type, entry.object_id) == ("execution", str(opened[0].pk))
    assert entry.after == {
        "rerun_of": str(opened[0].rerun_of_id),
        "parameters": [],
        "scope": "below",
        "version": 1,
        "opened": 2,
    }
    moves = ExecutionTransition.objects.filter(execution__in=opened, from_status=None)
    assert {(move.execution_id, move.to_status, move.actor) for move in moves} == {
        (opened[0].pk, "scheduled", "alice"),
        (opened[1].pk, "waiting", "alice"),
    }


def test_what_is_not_over_is_not_run_again_wherever_it_is() -> None:
    root = run(make_graph(*DIAMOND)["a"])
    with pytest.raises(Conflict, match="is scheduled; only a finished one") as refusal:
        rerun(actor=ALICE, execution=root)
    assert refusal.value.code == "execution_not_finished"

    end(root)
    end(nodes(root)["b"])
    with pytest.raises(Conflict, match=r"of job (c|d)-.* is (scheduled|waiting)"):
        rerun(actor=ALICE, execution=nodes(root)["b"], scope=Scope.BELOW)
    assert rerun(actor=ALICE, execution=nodes(root)["b"], scope=Scope.ONE)


def test_a_run_in_which_nothing_has_failed_asks_which_one_to_run_again() -> None:
    root = run(make_graph(("a", "b"))["a"])
    end(root)
    end(nodes(root)["b"])

    with pytest.raises(Conflict, match="Name an executionId") as refusal:
        rerun_run(actor=ALICE, correlation_id=root.pk)
    assert refusal.value.code == "nothing_failed"


def test_a_job_below_that_may_not_run_refuses_the_whole() -> None:
    root = failed_diamond()
    set_job_status(actor=TESTER, job=nodes(root)["d"].job, status=JobStatus.DISABLED)

    with pytest.raises(Conflict, match=r"Job d-.* is disabled") as refusal:
        rerun_run(actor=ALICE, correlation_id=root.pk)

    assert refusal.value.code == "job_not_active"
    assert JobExecution.objects.count() == 4


def test_parameters_for_several_at_once_are_refused() -> None:
    root = run(make_graph(("a", "b"), ("a", "c"))["a"])
    end(root)
    end(nodes(root)["b"], "failed")
    end(nodes(root)["c"], "failed")

    with pytest.raises(InvalidInput, match="2 executions are run again; name one executionId"):
        rerun_run(actor=ALICE, correlation_id=root.pk, parameters={"region": "EU"})
