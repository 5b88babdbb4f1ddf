"""Queues by REST."""

from datetime import timedelta

import pytest

from audit.models import JobAudit
from core.clock import database_now
from executions.models import Worker
from jobs.models import Queue
from tests.factories import make_execution, make_job, pause_queue
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

IDLE = {
    "name": "default",
    "maxConcurrentExecutions": None,
    "startsPerMinute": None,
    "isPaused": False,
    "ready": 0,
    "held": 0,
    "queued": 0,
    "running": 0,
    "oldestDueUtc": None,
    "isServed": False,
    "servedBy": [],
    "slots": 0,
}


def serve(*queues):
    now = database_now()
    times = {"started_at": now, "last_seen_at": now}
    Worker.objects.create(
        name="w1@here", kind="worker", hostname="here", pid=7, queues=queues, concurrency=4, **times
    )


def test_queues_are_listed_by_name_on_one_page(api):
    Queue.objects.create(name="reports", max_concurrent_executions=3)
    answer = api.get("/api/queues")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["next"], body["previous"]) == (None, None)
    assert body["results"] == [IDLE, {**IDLE, "name": "reports", "maxConcurrentExecutions": 3}]


def test_a_queue_tells_its_load_and_who_serves_it(api):
    serve("default", "other")
    due = database_now() - timedelta(minutes=5)
    for status in ("scheduled", "retrying", "queued", "running"):
        make_execution(status=status, due_at=due)
    body = api.get("/api/queues/default").json()
    assert body == {
        **IDLE,
        "ready": 2,
        "held": 0,
        "queued": 1,
        "running": 1,
        "oldestDueUtc": due.isoformat().replace("+00:00", "Z"),
        "isServed": True,
        "servedBy": ["w1@here"],
        "slots": 4,
    }


def test_a_queue_is_created(api):
    sent = {"name": "reports.daily", "maxConcurrentExecutions": 2, "startsPerMinute": 60}
    answer = api.send("post", "/api/queues", sent)
    assert answer.status_code == 201, answer.content
    assert answer["Location"] == "/api/queues/reports.daily"
    assert api.get(answer["Location"]).json() == answer.json() == {**IDLE, **sent}
    assert JobAudit.objects.get().actor == "alice"


def test_what_a_queue_answers_can_be_sent_again(api):
    body = api.get("/api/queues/default").json()
    assert api.send("put", "/api/queues/default", body).json() == body
    assert api.send("post", "/api/queues", body | {"name": "copy"}).status_code == 201


def test_pausing_takes_back_what_no_worker_has_claimed(api):
    queued, running = make_execution(status="queued"), make_execution(status="running")
    change = {"isPaused": True, "reason": "the printer burns", "updatedBy": "Ada"}
    answer = api.send("patch", "/api/queues/default", change)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["isPaused"], answer.json()["ready"]) == (True, 1)
    queued.refresh_from_db()
    running.refresh_from_db()
    assert (queued.status, running.status) == ("scheduled", "running")
    entry = JobAudit.objects.get(action="HoldOpened")
    assert (entry.reason, entry.claimed_actor) == ("the printer burns", "Ada")


def test_patch_changes_what_it_names_and_put_lifts_the_limits_it_leaves_out(api):
    Queue.objects.filter(name="default").update(max_concurrent_executions=5, starts_per_minute=9)
    pause_queue("default")
    body = api.send("patch", "/api/queues/default", {"isPaused": False}).json()
    assert (body["maxConcurrentExecutions"], body["isPaused"]) == (5, False)
    body = api.send("patch", "/api/queues/default", {"maxConcurrentExecutions": 6}).json()
    assert (body["maxConcurrentExecutions"], body["startsPerMinute"]) == (6, 9)
    pause_queue("default")
    body = api.send("put", "/api/queues/default", {}).json()
    assert (body["maxConcurrentExecutions"], body["isPaused"]) == (None, True)
    assert body["startsPerMinute"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", "Capital"),
        ("name", "with space"),
        ("name", "unacked"),
        ("name", "x" * 101),
        ("name", ["x"]),
        ("name", "default"),
        ("maxConcurrentExecutions", 0),
        ("maxConcurrentExecutions", -1),
        ("maxConcurrentExecutions", "many"),
        ("maxConcurrentExecutions", 1.5),
        ("maxConcurrentExecutions", 2**31),
        ("startsPerMinute", 0),
        ("startsPerMinute", "often"),
        ("startsPerMinute", 2**31),
        ("isPaused", "perhaps"),
        ("isPaused", None),
        ("reason", "x" * 2001),
        ("reason", {}),
        ("updatedBy", "x" * 201),
        ("paused", True),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_field(api, field, value):
    answer = api.send("post", "/api/queues", {"name": "new", field: value})
    problem = problem_of(answer, 400, "validation_error")
    assert {error["pointer"] for error in problem["errors"]} == {f"#/{field}"}
    assert not Queue.objects.filter(name="new").exists()


def test_a_name_is_needed(api):
    problem = problem_of(api.send("post", "/api/queues", {}), 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#/name"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_queue_keeps_its_name(api, method):
    answer = api.send(method, "/api/queues/default", {"name": "other"})
    problem = problem_of(answer, 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#/name"
    assert "create another" in problem["detail"]


@pytest.mark.parametrize("method", ["get", "put", "patch"])
def test_an_unknown_queue_is_a_404(api, method):
    body = None if method == "get" else {"isPaused": True}
    problem_of(api.send(method, "/api/queues/nowhere", body), 404, "not_found")


@pytest.mark.parametrize("parameter", ["pageSize", "status"])
def test_the_list_takes_no_parameters(api, parameter):
    problem = problem_of(api.get(f"/api/queues?{parameter}=1"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == parameter


def test_executions_are_found_by_the_queue_of_their_job(api):
    Queue.objects.create(name="reports")
    wanted = make_execution(make_job(queue_id="reports"))
    make_execution()
    results = api.get("/api/executions?queue=reports").json()["results"]
    assert [row["id"] for row in results] == [str(wanted.pk)]


@pytest.mark.parametrize("method", ["get", "put", "patch"])
def test_a_name_that_no_queue_can_have_is_a_404(api, method):
    assert api.send(method, "/api/queues/default%00", {}).status_code == 404
