"""Workers by REST."""

from datetime import timedelta

import pytest

from audit.models import JobAudit
from core.clock import database_now
from executions.models import JobExecution, Worker
from tests.factories import make_execution, make_job
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db


def report(name, kind="worker", ago=0.0, **fields):
    at = database_now() - timedelta(seconds=ago)
    values = {"hostname": "here", "pid": 7, "started_at": at, "last_seen_at": at}
    return Worker.objects.create(name=name, kind=kind, **{**values, **fields})


def test_a_worker_tells_what_it_serves_and_runs(api):
    worker = report("worker1@test", queues=["default", "reports"], concurrency=4)
    execution = make_execution(make_job(name="load"), status="running")
    make_execution(status="running", worker="another@test")
    body = api.get("/api/workers").json()
    assert (body["next"], body["previous"]) == (None, None)

    def shown(at):
        return at.isoformat().replace("+00:00", "Z")

    assert body["results"] == [
        {
            "name": "worker1@test",
            "kind": "worker",
            "isAlive": True,
            "state": "alive",
            "hostname": "here",
            "pid": 7,
            "queues": ["default", "reports"],
            "concurrency": 4,
            "startedAtUtc": shown(worker.started_at),
            "lastSeenAtUtc": shown(worker.last_seen_at),
            "stoppedAtUtc": None,
            "drainRequestedAtUtc": None,
            "drainRequestedBy": None,
            "drainUntilUtc": None,
            "running": [
                {
                    "id": str(execution.pk),
                    "jobDefinitionId": str(execution.job_id),
                    "jobName": "load",
                    "attempt": 1,
                    "startedAtUtc": shown(execution.started_at),
                }
            ],
        }
    ]


def test_those_that_are_gone_are_listed_when_asked_for(api):
    report("beat", kind="beat")
    report("silent", ago=3600)
    report("stopped", stopped_at=database_now())

    def names(query=""):
        results = api.get(f"/api/workers{query}").json()["results"]
        return {row["name"]: row["isAlive"] for row in results}

    assert names() == names("?includeGone=false") == {"beat": True}
    assert names("?includeGone=true") == {"beat": True, "silent": False, "stopped": False}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("includeGone=perhaps", "includeGone"), ("includeGone=", "includeGone"), ("all=1", "all")],
)
def test_a_bad_parameter_is_refused_by_its_name(api, query, parameter):
    problem = problem_of(api.get(f"/api/workers?{query}"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == parameter


# --- Draining


def test_a_worker_is_drained_and_undrained(api):
    report("w@host.example")
    make_execution(status="running", worker="w@host.example")
    path = "/api/workers/w@host.example"
    answer = api.send("post", f"{path}/drain", {"withinSeconds": 60, "updatedBy": "Ada"})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["state"], body["drainRequestedBy"]) == ("draining", "alice")
    assert body["drainUntilUtc"] > body["drainRequestedAtUtc"]
    entry = JobAudit.objects.get(action="WorkerDrained")
    assert (entry.object_id, entry.claimed_actor) == ("w@host.example", "Ada")

    JobExecution.objects.all().delete()
    assert api.get("/api/workers").json()["results"][0]["state"] == "drained"

    body = api.send("post", f"{path}/undrain", {}).json()
    assert (body["state"], body["drainUntilUtc"]) == ("alive", None)
    assert JobAudit.objects.filter(action="WorkerUndrained").count() == 1
    problem_of(api.send("post", f"{path}/undrain", {}), 409, "not_draining")


def test_a_draining_worker_serves_no_queue(api):
    report("w@test", queues=["default"], concurrency=4)
    make_execution()
    api.send("post", "/api/workers/w@test/drain", {})
    (queue,) = api.get("/api/queues").json()["results"]
    assert (queue["isServed"], queue["servedBy"], queue["slots"]) == (False, [], 0)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"withinSeconds": -1}, "#/withinSeconds"),
        ({"withinSeconds": 86_401}, "#/withinSeconds"),
        ({"withinSeconds": "soon"}, "#/withinSeconds"),
        ({"within": 5}, "#/within"),
    ],
)
def test_a_deadline_that_is_none_is_refused(api, body, pointer):
    report("w@test")
    problem = problem_of(
        api.send("post", "/api/workers/w@test/drain", body), 400, "validation_error"
    )
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert Worker.objects.get().drain_requested_at is None


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"kind": "beat"}, 409, "not_a_worker"),
        ({"ago": 3600}, 409, "worker_gone"),
        ({"stopped_at": database_now}, 409, "worker_gone"),
    ],
)
def test_only_a_live_worker_is_drained(api, fields, status, code):
    report("w", **{name: v() if callable(v) else v for name, v in fields.items()})
    problem_of(api.send("post", "/api/workers/w/drain", {}), status, code)
    problem_of(api.send("post", "/api/workers/nobody/drain", {}), 404, "not_found")


def test_draining_takes_a_permission(bob_api):
    report("w")
    assert bob_api.send("post", "/api/workers/w/drain", {}).status_code == 403
    assert bob_api.send("post", "/api/workers/w/undrain", {}).status_code == 403
