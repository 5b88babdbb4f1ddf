"""Whole runs by REST."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission

from executions.models import JobExecution
from executions.services import trigger
from jobs.definitions import change_job
from tests.factories import TESTER, make_execution
from tests.graphs import begin, depend, end, make_graph, nodes, states
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

DIAMOND = (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))


@pytest.fixture
def root() -> JobExecution:
    """The first execution of a run a -> (b, c) -> d."""
    return trigger(actor=TESTER, job=make_graph(*DIAMOND)["a"])


def fail_b(root: JobExecution) -> None:
    end(root)
    end(nodes(root)["c"])
    end(nodes(root)["b"], "failed")


def test_a_run_shows_its_nodes_edges_states_and_times(api, root):
    fail_b(root)

    body = api.get(f"/api/runs/{root.pk}").json()

    assert set(body) == {
        *("correlationId", "status", "openedAtUtc", "startedAtUtc", "endedAtUtc"),
        *("nodes", "edges"),
    }
    assert (body["correlationId"], body["status"]) == (str(root.pk), "failed")
    assert body["endedAtUtc"].endswith("Z")
    by_name = {node["jobName"][0]: node for node in body["nodes"]}
    assert {name: node["status"] for name, node in by_name.items()} == {
        "a": "succeeded",
        "b": "failed",
        "c": "succeeded",
        "d": "skipped",
    }
    assert (by_name["d"]["reason"], by_name["d"]["blockedBy"]) == ("upstream", by_name["b"]["id"])
    assert (by_name["b"]["errorType"], by_name["b"]["errorMessage"]) == ("ValueError", "bad")
    assert all(node["isCurrent"] for node in body["nodes"])
    ends = {(edge["from"], edge["to"]): edge for edge in body["edges"]}
    assert set(ends) == {(by_name[one]["id"], by_name[two]["id"]) for one, two in DIAMOND}
    edge = ends[(by_name["a"]["id"], by_name["b"]["id"])]
    assert (edge["condition"], edge["state"]) == ("success", "met")
    assert edge["readyAtUtc"] == by_name["a"]["completedAtUtc"]
    assert ends[(by_name["b"]["id"], by_name["d"]["id"])]["state"] == "dead"


def test_a_long_error_is_cut(api):
    execution = make_execution(status="failed", error_message="x" * 10_000, correlation_id=uuid4())
    node = api.get(f"/api/runs/{execution.correlation_id}").json()["nodes"][0]
    assert node["errorMessage"] == "x" * 4096 + "…"


@pytest.mark.parametrize("act", ["", "/cancel", "/rerun"])
def test_a_run_that_there_is_not_is_not_found(api, act):
    method = "post" if act else "get"
    problem_of(api.send(method, f"/api/runs/{uuid4()}{act}"), 404, "not_found")


def test_a_run_is_cancelled_with_a_reason(api, root):
    end(root)
    begin(nodes(root)["b"])

    answer = api.send("post", f"/api/runs/{root.pk}/cancel", {"reason": "wrong day"})

    assert answer.status_code == 202, answer.content
    assert answer.json()["status"] == "running"
    assert states(root) == {"a": "succeeded", "b": "running", "c": "cancelled", "d": "cancelled"}
    entry = api.get("/api/audit?action=RunCancelled")
    assert entry.status_code in (200, 404)


def test_a_run_that_is_over_is_not_cancelled(api, root):
    fail_b(root)
    answer = api.send("post", f"/api/runs/{root.pk}/cancel")
    assert "failed" in problem_of(answer, 409, "run_finished")["detail"]


def test_what_failed_runs_again_in_the_same_run(api, root):
    fail_b(root)

    answer = api.send("post", f"/api/runs/{root.pk}/rerun")

    assert answer.status_code == 202, answer.content
    assert answer["Location"] == f"/api/runs/{root.pk}"
    body = answer.json()
    assert body["correlationId"] == str(root.pk)
    assert body["executionIds"] == [str(nodes(root)["b"].pk), str(nodes(root)["d"].pk)]
    shown = api.get(answer["Location"]).json()["nodes"]
    assert [node["isCurrent"] for node in shown] == [True, False, True, False, True, True]


def test_one_execution_of_a_run_is_named_with_what_is_to_become_of_it(api, root):
    fail_b(root)
    change_job(actor=TESTER, job=root.job, fields={"timeout_seconds": 5})
    body = {
        "executionId": str(root.pk),
        "scope": "below",
        "keepSucceeded": False,
        "parameters": {"region": "EU"},
        "version": "same",
        "triggeredBy": "Ada",
    }

    answer = api.send("post", f"/api/runs/{root.pk}/rerun", body)

    assert answer.status_code == 202, answer.content
    assert len(answer.json()["executionIds"]) == 4
    again = nodes(root)["a"]
    assert (again.input, again.version.number) == ({"region": "EU"}, 1)


@pytest.mark.parametrize("scope", ["below", "Below", 2])
def test_an_execution_runs_again_with_all_below_it(api, root, scope):
    fail_b(root)
    failed = nodes(root)["b"]

    answer = api.send("post", f"/api/executions/{failed.pk}/rerun", {"scope": scope})

    assert answer.json() == {"executionId": str(nodes(root)["b"].pk)}
    assert states(root)["d"] == "waiting"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"scope": "above"}, "#/scope", "invalid_choice"),
        ({"version": "old"}, "#/version", "invalid_choice"),
        ({"keepSucceeded": "perhaps"}, "#/keepSucceeded", "invalid"),
        ({"parameters": [1]}, "#/parameters", "not_an_object"),
        ({"executionId": "x"}, "#/executionId", "invalid"),
        ({"executionId": str(uuid4())}, "#/executionId", "not_in_run"),
        ({"node": "b"}, "#/node", "unknown_field"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_rerun_of_a_run_refuses_bad_fields_by_their_names(api, root, body, pointer, code):
    fail_b(root)
    answer = api.send("post", f"/api/runs/{root.pk}/rerun", body)
    errors = problem_of(answer, 400, "validation_error")["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]


def test_parameters_for_several_are_refused(api):
    jobs = make_graph(("a", "b"), ("a", "c"))
    root = trigger(actor=TESTER, job=jobs["a"])
    end(root)
    end(nodes(root)["b"], "failed")
    end(nodes(root)["c"], "failed")
    answer = api.send("post", f"/api/runs/{root.pk}/rerun", {"parameters": {"x": 1}})
    problem = problem_of(answer, 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#/parameters"
    assert "name one executionId" in problem["errors"][0]["detail"]


def test_what_may_not_run_again_is_a_conflict(api, root):
    answer = api.send("post", f"/api/runs/{root.pk}/rerun")
    problem_of(answer, 409, "nothing_failed")
    body = {"executionId": str(root.pk)}
    answer = api.send("post", f"/api/runs/{root.pk}/rerun", body)
    problem_of(answer, 409, "execution_not_finished")


def test_the_edge_of_a_join_has_no_upstream_until_one_has_met_it(api):
    jobs = make_graph(("x", "join"))
    other = make_graph(("y", "z"))["y"]
    depend(jobs["join"], other)
    end(JobExecution.objects.get(pk=open_slot(jobs["x"]).pk))
    joined = JobExecution.objects.get(job=jobs["join"])

    edges = api.get(f"/api/runs/{joined.correlation_id}").json()["edges"]

    assert sorted(edge["from"] is None for edge in edges) == [False, True]
    assert {edge["to"] for edge in edges} == {str(joined.pk)}


def open_slot(job):
    """An execution that nobody asked for: its run has no jobs that wait for others too."""
    return make_execution(job, origin="join")


def test_each_call_takes_its_right(bob, bob_api, root):
    fail_b(root)
    assert bob_api.get(f"/api/runs/{root.pk}").status_code == 403
    bob.user_permissions.set(Permission.objects.filter(codename="view_jobexecution"))
    assert bob_api.get(f"/api/runs/{root.pk}").status_code == 200
    assert bob_api.send("post", f"/api/runs/{root.pk}/cancel").status_code == 403
    assert bob_api.send("post", f"/api/runs/{root.pk}/rerun").status_code == 403
    bob.user_permissions.set(Permission.objects.filter(codename="add_jobexecution"))
    assert bob_api.send("post", f"/api/runs/{root.pk}/rerun").status_code == 202
    bob.user_permissions.set(Permission.objects.filter(codename="change_jobexecution"))
    assert bob_api.send("post", f"/api/runs/{root.pk}/cancel").status_code == 202


def test_reading_a_run_takes_no_parameters(api, root):
    answer = api.get(f"/api/runs/{root.pk}?page=2")
    problem_of(answer, 400, "validation_error")
