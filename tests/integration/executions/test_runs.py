"""Runs of dependent jobs: opened whole, released edge by edge, ended by what fails."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions import opening, outcomes, planner
from executions.joins import feed_joins
from executions.models import ExecutionTransition, JobExecution, RolledUpDay, RunEdge
from executions.planner import plan
from executions.retention import delete_expired
from executions.retry import RetryPolicy
from executions.services import cancel, rerun, trigger
from executions.settlement import decide, settle
from jobs.definitions import change_job, set_job_status
from jobs.dependencies import change_dependency, remove_dependency
from jobs.models import JobDefinition, JobDependency, JobSchedule, JobStatus
from tests.factories import TESTER, make_job, make_schedule
from tests.graphs import begin, depend, end, make_graph, nodes, states

pytestmark = pytest.mark.django_db

DIAMOND = (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))


def run(job: JobDefinition) -> JobExecution:
    return trigger(actor=TESTER, job=job)


def slot(job: JobDefinition) -> JobExecution:
    """Open a slot of a schedule of this job."""
    schedule = make_schedule(job, next_fire_at=database_now() - timedelta(seconds=1))
    plan(now=database_now())
    return JobExecution.objects.get(schedule=schedule)


# --- Opening


@pytest.mark.parametrize("opened_by", [run, slot])
def test_a_run_is_opened_whole_with_one_execution_a_job_and_one_edge_a_dependency(
    opened_by: Any,
) -> None:
    jobs = make_graph(*DIAMOND)

    root = opened_by(jobs["a"])

    assert states(root) == {"a": "scheduled", "b": "waiting", "c": "waiting", "d": "waiting"}
    found = nodes(root)
    assert {node.correlation_id for node in found.values()} == {root.pk}
    assert {node.scheduled_for for node in found.values()} == {root.scheduled_for}
    assert {node.business_date for node in found.values()} == {root.business_date}
    assert {name: node.open_edges for name, node in found.items()} == {
        "a": 0,
        "b": 1,
        "c": 1,
        "d": 2,
    }
    assert {node.origin for name, node in found.items() if name != "a"} == {"dependency"}
    edges = RunEdge.objects.values_list("upstream_execution__job", "execution__job")
    assert set(edges) == {(jobs[one].pk, jobs[two].pk) for one, two in DIAMOND}
    opened = ExecutionTransition.objects.filter(from_status=None, to_status="waiting")
    assert {move.execution_id for move in opened} == {found[name].pk for name in "bcd"}


def test_later_edits_of_the_graph_do_not_change_a_run_that_is_under_way() -> None:
    jobs = make_graph(("a", "b"))
    root = run(jobs["a"])
    JobDependency.objects.all().delete()
    depend(
        late := make_job(name="late-1"),
        jobs["a"],
        active_since=root.opened_at + timedelta(seconds=1),
    )

    end(root)

    assert states(root) == {"a": "succeeded", "b": "scheduled"}
    assert not JobExecution.objects.filter(job=late).exists()


def test_inactive_dependencies_and_archived_jobs_are_no_part_of_a_run() -> None:
    jobs = make_graph(("a", "b"), ("a", "c"), ("a", "d"))
    JobDependency.objects.filter(job=jobs["b"]).update(is_active=False)
    set_job_status(actor=TESTER, job=jobs["c"], status=JobStatus.ARCHIVED)

    assert set(states(run(jobs["a"]))) == {"a", "d"}


# --- Release


def test_parallel_branches_are_released_at_once_and_the_join_with_the_last_of_them() -> None:
    root = run(make_graph(*DIAMOND)["a"])

    end(root)
    assert states(root) == {"a": "succeeded", "b": "scheduled", "c": "scheduled", "d": "waiting"}
    end(nodes(root)["c"])
    assert states(root)["d"] == "waiting"
    end(nodes(root)["b"])
    assert states(root)["d"] == "scheduled"
    assert set(RunEdge.objects.values_list("state", flat=True)) == {"met"}


def test_the_wait_after_completion_is_counted_from_the_end_and_the_latest_edge_counts() -> None:
    jobs = make_graph(("a", "b"), ("b", "c"))
    depend(jobs["c"], jobs["a"], delay_after_completion_seconds=3_600)
    root = run(jobs["a"])
    ended = end(root).completed_at
    assert ended is not None
    end(nodes(root)["b"])

    last = nodes(root)["c"]
    assert (last.status, last.due_at) == ("scheduled", ended + timedelta(hours=1))


def test_a_retry_releases_nothing_the_last_attempt_does() -> None:
    root = begin(run(make_graph(("a", "b"))["a"]))
    policy = RetryPolicy(strategy="linear", max_retries=1, base_delay=30, max_delay=60)
    decision = decide(outcomes.Failed("E", "bad"), attempt=1, policy=policy)

    settle(execution_id=root.pk, fence=root.fence, decision=decision, lines=[])

    assert states(root) == {"a": "retrying", "b": "waiting"}


# --- Conditions, fail-fast

MET = {
    "success": {"succeeded"},
    "failure": {"failed", "timed_out"},
    "completion": {"succeeded", "failed", "timed_out", "skipped", "cancelled"},
}


@pytest.mark.parametrize("how", ["succeeded", "failed", "timed_out", "skipped", "cancelled"])
@pytest.mark.parametrize("condition", MET)
@pytest.mark.parametrize("is_strict", [True, False])
@pytest.mark.parametrize("fail_fast", ["branch", "run"])
def test_every_condition_with_every_outcome_and_choice(
    condition: str, how: str, is_strict: bool, fail_fast: str
) -> None:
    jobs = make_graph(("a", "x"), ("x", "y"))
    change_job(actor=TESTER, job=jobs["a"], fields={"fail_fast": fail_fast})
    jobs["b"], jobs["c"] = make_job(name="b-1"), make_job(name="c-1")
    depend(jobs["b"], jobs["a"], condition=condition, fail_if_dependency_fails=is_strict)
    depend(jobs["c"], jobs["b"])
    root = run(jobs["a"])

    end(root, how)

    is_met = how in MET[condition] or not is_strict
    after = states(root)
    ends_run = fail_fast == "run" and how in ("failed", "timed_out")
    assert after["b"] == ("scheduled" if is_met else "skipped")
    assert after["x"] == ("scheduled" if how == "succeeded" else "skipped")
    if not is_met:
        assert after["c"] == "skipped"
        node = nodes(root)["c"]
        assert (node.reason, node.blocked_by) == ("upstream", root.pk)
        said = {"succeeded": "succeeded", "failed": "failed", "timed_out": "timed out"}
        said |= {"skipped": "was skipped", "cancelled": "was cancelled"}
        assert node.error_message == f"Job {jobs['a'].name} {said[how]}."
    elif ends_run:
        assert after["c"] == "cancelled"
        assert nodes(root)["c"].reason == "fail_fast"
    else:
        assert after["c"] == "waiting"


def test_a_failure_that_ends_the_run_stops_what_has_not_started_and_lets_the_rest_be() -> None:
    jobs = make_graph(("a", "b"), ("a", "c"), ("a", "d"), ("c", "e"), ("d", "f"))
    change_job(actor=TESTER, job=jobs["b"], fields={"fail_fast": "run"})
    root = end(run(jobs["a"]))
    begin(nodes(root)["c"])

    failed = end(nodes(root)["b"], "failed")

    assert states(root) == {
        **{"a": "succeeded", "b": "failed", "c": "running", "d": "cancelled"},
        **{"e": "cancelled", "f": "cancelled"},
    }
    for name in "def":
        node = nodes(root)[name]
        assert (node.reason, node.blocked_by) == ("fail_fast", failed.pk)
    assert nodes(root)["d"].error_message == (
        f"Job {jobs['b'].name} failed, and its failure ends the run."
    )


def test_what_is_skipped_lets_go_what_waits_for_its_end_in_whatever_way() -> None:
    jobs = make_graph(("a", "b"), ("b", "c"))
    depend(clean := make_job(name="clean-1"), jobs["c"], condition="completion")
    depend(make_job(name="later-1"), clean)
    root = run(jobs["a"])

    end(root, "failed")

    assert states(root) == {
        **{"a": "failed", "b": "skipped", "c": "skipped", "clean": "scheduled", "later": "waiting"}
    }


def test_cancelling_a_node_ends_what_can_no_longer_run() -> None:
    root = end(run(make_graph(*DIAMOND)["a"]))

    cancel(actor=TESTER, execution=nodes(root)["b"])

    assert states(root) == {"a": "succeeded", "b": "cancelled", "c": "scheduled", "d": "skipped"}
    end(nodes(root)["c"])
    assert states(root)["d"] == "skipped"


def test_a_waiting_node_can_be_cancelled() -> None:
    root = run(make_graph(("a", "b"), ("b", "c"))["a"])

    cancel(actor=TESTER, execution=nodes(root)["b"])

    assert states(root) == {"a": "scheduled", "b": "cancelled", "c": "skipped"}


# --- Triggered by hand, with upstreams outside the run


def test_a_triggered_run_takes_what_lies_outside_by_its_last_success() -> None:
    jobs = make_graph(("a", "c"), ("b", "c"))
    old = end(run(jobs["b"]))
    end(run(jobs["b"]), "failed")

    root = run(jobs["a"])
    assert states(root) == {"a": "scheduled", "c": "waiting"}
    end(root)

    assert states(root)["c"] == "scheduled"
    edges = RunEdge.objects.filter(execution=nodes(root)["c"], upstream_job=jobs["b"])
    assert [(edge.state, edge.upstream_execution_id) for edge in edges] == [("met", old.pk)]


def test_without_any_success_outside_a_node_is_skipped_and_says_so() -> None:
    jobs = make_graph(("a", "c"), ("b", "c"), ("c", "d"))
    depend(anyhow := make_job(name="any-1"), jobs["d"], condition="completion")
    assert anyhow

    root = run(jobs["a"])

    assert states(root) == {"a": "scheduled", "c": "skipped", "d": "skipped", "any": "scheduled"}
    assert nodes(root)["c"].error_message == (
        f"Job {jobs['b'].name} is not part of this run, and its last success counts: it has none."
    )
    assert nodes(root)["c"].reason == "upstream"
    end(root)


# --- Joins


def joins(job: JobDefinition) -> list[JobExecution]:
    return list(JobExecution.objects.filter(job=job, origin="join").order_by("pk"))


def test_a_job_below_different_roots_is_joined_once_all_have_succeeded() -> None:
    jobs = make_graph(("a", "j"), ("b", "j"), ("j", "k"))
    first = slot(jobs["a"])
    assert states(first) == {"a": "scheduled"}

    end(first)
    [join] = joins(jobs["j"])
    assert (join.status, join.open_edges) == ("waiting", 1)
    assert join.correlation_id == join.pk
    assert states(join) == {"j": "waiting", "k": "waiting"}
    second = end(slot(jobs["b"]))

    join.refresh_from_db()
    assert (join.status, join.open_edges, join.scheduled_for) == (
        *("scheduled", 0),
        max(first.scheduled_for, second.scheduled_for),
    )
    assert end(join)
    assert states(join) == {"j": "succeeded", "k": "scheduled"}


def test_an_edge_of_a_join_keeps_the_newest_success_and_a_failure_leaves_it_open() -> None:
    jobs = make_graph(("a", "j"), ("b", "j"))
    end(slot(jobs["a"]))
    newest = end(slot(jobs["a"]))
    end(slot(jobs["b"]), "failed")

    [join] = joins(jobs["j"])
    assert join.status == "waiting"
    edges = dict(join.edges.values_list("upstream_job", "upstream_execution"))
    assert edges == {jobs["a"].pk: newest.pk, jobs["b"].pk: None}
    end(slot(jobs["b"]))
    assert [row.status for row in joins(jobs["j"])] == ["scheduled"]


def test_what_a_join_has_used_up_meets_no_later_one() -> None:
    jobs = make_graph(("a", "j"), ("b", "j"))
    end(slot(jobs["a"]))
    end(slot(jobs["b"]))

    end(slot(jobs["a"]))

    assert [(row.status, row.open_edges) for row in joins(jobs["j"])] == [
        ("scheduled", 0),
        ("waiting", 1),
    ]


def test_a_success_above_the_watermark_counts_when_the_join_is_opened_anew() -> None:
    jobs = make_graph(("a", "j"), ("b", "j"))
    end(slot(jobs["a"]))
    cancel(actor=TESTER, execution=joins(jobs["j"])[0])

    end(slot(jobs["b"]))

    assert [row.status for row in joins(jobs["j"])] == ["cancelled", "waiting"]


def test_a_triggered_job_leaves_the_joins_alone_that_are_in_its_own_run() -> None:
    jobs = make_graph(("a", "j"), ("b", "j"))
    end(run(jobs["b"]))
    end(run(jobs["a"]))

    assert joins(jobs["j"]) == []


# --- Kept as long as somebody may read it


def test_retention_keeps_what_an_unfinished_execution_of_the_run_may_still_read() -> None:
    jobs = make_graph(("a", "b"), keep_days=1)
    root = end(run(jobs["a"]))
    end(run(jobs["a"]))  # the last of a job is kept anyway
    RolledUpDay.objects.create(day=database_now().date(), counted_at=database_now())
    later = database_now() + timedelta(days=2)
    waiting = nodes(root)["b"]

    list(delete_expired(now=later))
    assert JobExecution.objects.filter(pk=root.pk).exists()
    end(waiting)
    end(run(jobs["b"]))
    list(delete_expired(now=later))

    assert not JobExecution.objects.filter(pk__in=[root.pk, waiting.pk]).exists()
    assert not RunEdge.objects.filter(execution=waiting).exists()


def test_outputs_are_taken_over_also_when_another_upstream_is_the_last_to_end() -> None:
    jobs = make_graph(("a", "b"), ("a", "c"), ("c", "d"))
    depend(jobs["d"], jobs["b"], output_mapping={"rows": "rows"})
    root = end(run(jobs["a"]))

    end(nodes(root)["b"], output={"rows": 7})
    end(nodes(root)["c"])

    last = nodes(root)["d"]
    assert (last.status, last.input) == ("scheduled", {"rows": 7})


# --- What would otherwise wait for ever


@pytest.mark.parametrize("condition", ["completion", "success"])
def test_what_a_failure_that_ends_the_run_spares_does_not_wait_for_what_it_cancels(
    condition: str,
) -> None:
    jobs = make_graph(("r", "x"), ("r", "y"))
    change_job(actor=TESTER, job=jobs["x"], fields={"fail_fast": "run"})
    depend(notify := make_job(name="n-1"), jobs["x"], condition="completion")
    depend(notify, jobs["y"], condition=condition)
    root = end(run(jobs["r"]))

    end(nodes(root)["x"], "failed")

    after = {"completion": "scheduled", "success": "skipped"}[condition]
    assert states(root) == {"r": "succeeded", "x": "failed", "y": "cancelled", "n": after}


def test_a_failure_that_ends_the_run_lets_be_what_somebody_has_asked_for_anew() -> None:
    jobs = make_graph(("r", "x"), ("r", "y"))
    change_job(actor=TESTER, job=jobs["x"], fields={"fail_fast": "run"})
    root = end(run(jobs["r"]))
    again = rerun(actor=TESTER, execution=end(nodes(root)["y"]))

    end(nodes(root)["x"], "failed")

    again.refresh_from_db()
    assert again.status == "scheduled"


def test_a_dependency_that_is_removed_while_a_run_is_opened_still_holds_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = make_graph(*DIAMOND)
    write = opening.OPEN_RUNS

    class Meanwhile:
        def rows(self, **parameters: Any) -> Any:
            JobDependency.objects.filter(job=jobs["d"], upstream=jobs["b"]).delete()
            return write.rows(**parameters)

    monkeypatch.setattr(opening, "OPEN_RUNS", Meanwhile())
    root = end(run(jobs["a"]))
    end(nodes(root)["b"])
    end(nodes(root)["c"])

    assert states(root)["d"] == "scheduled"


@pytest.mark.parametrize("how", ["removed", "switched off", "archived"])
def test_a_join_goes_on_without_an_upstream_that_is_none_any_more(how: str) -> None:
    jobs = make_graph(("a", "j"), ("b", "j"), ("c", "j"))
    end(slot(jobs["a"]))
    dependency = JobDependency.objects.get(job=jobs["j"], upstream=jobs["c"])
    if how == "removed":
        remove_dependency(actor=TESTER, dependency=dependency)
    elif how == "switched off":
        fields = {"is_active": False}
        change_dependency(actor=TESTER, dependency=dependency, fields=fields)
    else:
        set_job_status(actor=TESTER, job=jobs["c"], status=JobStatus.ARCHIVED)

    end(slot(jobs["b"]))

    assert [row.status for row in joins(jobs["j"])] == ["scheduled"]


def test_an_older_end_does_not_take_the_place_of_a_newer_one_in_a_join() -> None:
    jobs = make_graph(("a", "j"), ("b", "j"))
    newer, older = end(slot(jobs["a"])), end(slot(jobs["a"]))
    own = RunEdge.objects.filter(upstream_job=jobs["a"])
    own.update(upstream_execution=newer, ready_at=database_now() + timedelta(seconds=1))

    feed_joins([older.pk])

    edge = RunEdge.objects.get(execution=joins(jobs["j"])[0], upstream_job=jobs["a"])
    assert edge.upstream_execution_id == newer.pk


def test_a_dependency_that_is_switched_on_again_holds_for_runs_opened_from_then_on() -> None:
    jobs = make_graph(("a", "b"))
    dependency = JobDependency.objects.get()
    change_dependency(actor=TESTER, dependency=dependency, fields={"is_active": False})
    root = run(jobs["a"])
    change_dependency(actor=TESTER, dependency=dependency, fields={"is_active": True})
    JobExecution.objects.filter(pk=root.pk).update(opened_at=root.opened_at - timedelta(seconds=1))

    end(root)

    assert not JobExecution.objects.filter(job=jobs["b"]).exists()


def test_what_is_ready_at_once_takes_outputs_over_all_the_same() -> None:
    jobs = make_graph(("r", "x"), ("q", "x"), ("z", "y"))
    depend(jobs["y"], jobs["x"], condition="completion")
    JobDependency.objects.filter(upstream=jobs["z"]).update(output_mapping={"n": "n"})
    end(run(jobs["z"]), output={"n": 5})
    JobExecution.objects.filter(job=jobs["y"]).delete()

    root = run(jobs["r"])

    found = nodes(root)
    assert (found["x"].status, found["y"].status) == ("skipped", "scheduled")
    assert found["y"].input == {"n": 5}


def test_a_pass_of_the_planner_opens_no_more_rows_than_beat_has_time_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = make_graph(*DIAMOND)
    monkeypatch.setattr(planner, "MOST_SLOTS", 4)
    monkeypatch.setattr(planner, "_ROWS_PER_SLOT", 7)  # three nodes and four edges
    now = database_now()
    start = now - timedelta(seconds=95)
    schedule = make_schedule(jobs["a"], next_fire_at=start, overlap="queue_all")
    JobSchedule.objects.filter(pk=schedule.pk).update(misfire_policy="run_all")
    opened = []

    while (planned := plan(now=now)).opened or planned.is_full:
        opened.append(planned.opened)

    assert opened == [2, 2, 2, 2, 2]
    assert JobExecution.objects.filter(job=jobs["d"]).count() == 10
