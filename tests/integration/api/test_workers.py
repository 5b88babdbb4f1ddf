"""Workers by REST."""

from datetime import timedelta

import pytest

from core.clock import database_now
from executions.models import Worker
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
            "hostname": "here",
            "pid": 7,
            "queues": ["default", "reports"],
            "concurrency": 4,
            "startedAtUtc": shown(worker.started_at),
            "lastSeenAtUtc": shown(worker.last_seen_at),
            "stoppedAtUtc": None,
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
