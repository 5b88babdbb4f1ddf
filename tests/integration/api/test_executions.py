"""Executions by REST."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import database_now
from executions.models import ConditionCheck, ExecutionTransition, JobExecution, JobExecutionLog
from executions.states import FINAL, UNFINISHED, ExecutionStatus
from executions.views import executions as views
from tests.factories import make_execution, make_job, make_schedule
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

CONTRACT = """
id jobDefinitionId jobName category jobScheduleId correlationId traceId status queuedAtUtc
startedAtUtc completedAtUtc durationSeconds retryAttempt maxRetryAttempts hostInstance
inputPayload outputPayload errorMessage stackTrace triggeredBy isManualTrigger
nextRetryAtUtc
"""
CONTRACT_FIELDS = set(CONTRACT.split())
OURS = """
reason attempt progress cancelRequestedAtUtc scheduledForUtc rerunOf dueAtUtc errorType isLate
businessDate previousBusinessDate nextBusinessDate
"""
OUR_FIELDS = set(OURS.split())


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize("status", ExecutionStatus.values)
def test_an_execution_has_the_fields_of_the_contract_in_every_status(api, status):
    body = api.get(f"/api/executions/{make_execution(status=status).id}").json()
    assert set(body) >= CONTRACT_FIELDS | OUR_FIELDS
    assert body["status"] == status
    times = [value for name, value in body.items() if name.endswith("Utc")]
    assert all(value is None or value.endswith("Z") for value in times)


def test_an_execution_tells_how_it_went(api):
    execution = make_execution(
        make_job(max_retries=3, category="ETL"),
        status="failed",
        attempt=2,
        output={"rows": 1},
        error_message="no",
        stack_trace="Traceback",
    )
    body = api.get(f"/api/executions/{execution.id}").json()
    expected = {
        "category": "ETL",
        "durationSeconds": 7.0,
        "attempt": 2,
        "retryAttempt": 1,
        "maxRetryAttempts": 3,
        "hostInstance": "worker1@test",
        "outputPayload": {"rows": 1},
        "errorMessage": "no",
        "stackTrace": "Traceback",
        "nextRetryAtUtc": None,
    }
    assert {name: body[name] for name in expected} == expected


def test_a_retry_to_come_and_the_progress_are_told(api):
    body = api.get(f"/api/executions/{make_execution(status='retrying').id}").json()
    assert body["nextRetryAtUtc"].endswith("Z")
    running = make_execution(status="running", progress_fraction=0.5, progress_message="half")
    body = api.get(f"/api/executions/{running.id}").json()
    assert body["progress"] == {"fraction": 0.5, "message": "half"}


def test_executions_are_listed_newest_first(api):
    first, second = make_execution(), make_execution()
    assert ids(api.get("/api/executions")) == [str(second.id), str(first.id)]


def test_executions_are_filtered_by_status_and_job(api):
    failed, running = make_execution(status="failed"), make_execution(status="running")
    job = failed.job_id
    assert ids(api.get("/api/executions?status=Failed")) == [str(failed.id)]
    assert ids(api.get("/api/executions?status=2")) == [str(running.id)]
    assert len(ids(api.get("/api/executions?status=running&status=4"))) == 2
    assert ids(api.get(f"/api/executions?job={job}")) == [str(failed.id)]
    assert ids(api.get(f"/api/executions?jobDefinitionId={job}")) == [str(failed.id)]
    assert ids(api.get(f"/api/executions?jobDefinitionId={job}&status=running")) == []
    assert ids(api.get(f"/api/executions/job/{job}")) == [str(failed.id)]
    assert ids(api.get(f"/api/executions/job/{str(job).upper()}")) == [str(failed.id)]
    assert ids(api.get(f"/api/executions/job/{uuid4()}")) == []


def test_running_lists_what_runs(api):
    running = make_execution(status="running")
    make_execution(status="queued")
    make_execution(status="succeeded")
    assert ids(api.get("/api/executions/running")) == [str(running.id)]


def test_failed_today_begins_at_utc_midnight(api):
    midnight = database_now().replace(hour=0, minute=0, second=0, microsecond=0)
    failed = make_execution(status="failed", completed_at=midnight)
    timed_out = make_execution(status="timed_out", completed_at=midnight)
    make_execution(status="failed", completed_at=midnight - timedelta(microseconds=1))
    make_execution(status="succeeded", completed_at=midnight)
    assert ids(api.get("/api/executions/failed-today")) == [str(timed_out.id), str(failed.id)]


def test_listing_takes_the_same_queries_however_many_there_are(api):
    def count():
        with CaptureQueriesContext(connection) as queries:
            ids(api.get("/api/executions"))
        return len(queries)

    make_execution()
    count()  # the first use of the token is noted
    few = count()
    for _ in range(5):
        make_execution()
    assert count() == few


def add_lines(execution, count):
    return JobExecutionLog.objects.bulk_create(
        JobExecutionLog(
            execution=execution,
            attempt=1,
            sequence=number,
            at=database_now(),
            level="INFO",
            stream="log",
            message=f"line {number}",
        )
        for number in range(1, count + 1)
    )


def test_log_lines_come_oldest_first_with_the_address_of_those_that_follow(api):
    execution = make_execution(status="running")
    lines = add_lines(execution, 5)
    add_lines(make_execution(status="running"), 1)
    answer = api.get(f"/api/executions/{execution.id}/logs?pageSize=3").json()
    assert [line["sequence"] for line in answer["results"]] == [1, 2, 3]
    first = answer["results"][0]
    assert set(first) == {"id", "sequence", "at", "level", "stream", "message", "attempt"}
    assert first["at"].endswith("Z")
    rest = api.get(answer["next"]).json()
    assert [line["message"] for line in rest["results"]] == ["line 4", "line 5"]
    assert rest["next"] is None
    tail = api.get(f"/api/executions/{execution.id}/logs?after={lines[-1].id}").json()
    assert tail == {"next": None, "previous": None, "results": []}


def test_transitions_tell_the_life_of_an_execution(api):
    execution = make_execution(status="queued")
    for before, after in [(None, "scheduled"), ("scheduled", "queued")]:
        ExecutionTransition.objects.create(
            execution=execution, from_status=before, to_status=after, attempt=0, fence=0
        )
    moves = api.get(f"/api/executions/{execution.id}/transitions").json()["results"]
    assert [(m["fromStatus"], m["toStatus"]) for m in moves] == [
        (None, "scheduled"),
        ("scheduled", "queued"),
    ]
    assert all(move["at"].endswith("Z") for move in moves)


def test_the_looks_at_its_condition_are_listed_with_each_check(api):
    execution = make_execution(status="skipped")
    term = {"path": "environment", "what": "a", "result": "false", "why": "b"}
    for result in ("false", "true"):
        ConditionCheck.objects.create(
            execution=execution, result=result, terms=[term], message="why", worker="w@h"
        )
    rows = api.get(f"/api/executions/{execution.id}/condition-checks").json()["results"]
    assert [row["result"] for row in rows] == ["false", "true"]
    assert rows[0].pop("at").endswith("Z")
    assert rows[0] == {
        "id": rows[0]["id"],
        "result": "false",
        "message": "why",
        "terms": [term],
        "worker": "w@h",
    }
    after = api.get(f"/api/executions/{execution.id}/condition-checks?after={rows[0]['id']}").json()
    assert after["results"] == rows[1:]


@pytest.mark.parametrize("rows", ["logs", "transitions", "condition-checks"])
@pytest.mark.parametrize("query", ["after=x", "after=-1", f"after={2**63}", "since=1", "cursor=x"])
def test_a_bad_place_to_go_on_from_is_refused_by_its_name(api, rows, query):
    answer = api.get(f"/api/executions/{make_execution().id}/{rows}?{query}")
    problem = problem_of(answer, 400, "validation_error")
    assert problem["errors"][0]["parameter"] == query.split("=")[0]


@pytest.mark.parametrize("status", ["scheduled", "queued", "retrying"])
def test_what_no_worker_has_is_cancelled_at_once(api, status):
    execution = make_execution(status=status)
    answer = api.send("post", f"/api/executions/{execution.id}/cancel")
    assert answer.status_code == 202
    assert answer.json()["id"] == str(execution.id)
    assert answer.json()["status"] == "cancelled"


def test_what_runs_is_asked_to_stop(api):
    execution = make_execution(status="running")
    answer = api.send("post", f"/api/executions/{execution.id}/cancel", {})
    assert answer.status_code == 202
    assert answer.json()["status"] == "running"
    assert answer.json()["cancelRequestedAtUtc"].endswith("Z")


@pytest.mark.parametrize("status", FINAL)
def test_what_is_over_is_not_cancelled(api, status):
    execution = make_execution(status=status)
    answer = api.send("post", f"/api/executions/{execution.id}/cancel")
    assert status in problem_of(answer, 409, "execution_finished")["detail"]


@pytest.mark.parametrize("act", ["cancel", "rerun"])
def test_what_retention_deletes_in_the_same_instant_is_not_found(api, monkeypatch, act):
    gone = JobExecution(pk=uuid4())
    monkeypatch.setattr(views, "_existing", lambda pk: gone)  # it was there when it was looked up
    answer = api.send("post", f"/api/executions/{gone.pk}/{act}")
    assert "is gone" in problem_of(answer, 404, "not_found")["detail"]


def test_cancelling_takes_no_fields(api):
    answer = api.send("post", f"/api/executions/{make_execution().id}/cancel", {"force": True})
    problem = problem_of(answer, 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#/force"


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (None, {"region": "EU"}),
        ({}, {"region": "EU"}),
        ({"parameters": None}, {"region": "EU"}),
        ({"parameters": {"region": "US"}}, {"region": "US"}),
        ({"parameters": {}, "triggeredBy": "Ada"}, {}),
    ],
)
def test_what_is_over_is_run_again_with_the_same_or_other_parameters(api, body, parameters):
    execution = make_execution(status="failed", input={"region": "EU"})
    answer = api.send("post", f"/api/executions/{execution.id}/rerun", body)
    assert answer.status_code == 202, answer.content
    again = answer.json()["executionId"]
    assert answer["Location"] == f"/api/executions/{again}"
    shown = api.get(answer["Location"]).json()
    assert shown["rerunOf"] == str(execution.id)
    assert shown["inputPayload"] == parameters
    assert shown["isManualTrigger"] is True
    assert api.get(f"/api/executions/{execution.id}").json()["rerunOf"] is None


@pytest.mark.parametrize("status", UNFINISHED)
def test_what_is_not_over_is_not_run_again(api, status):
    execution = make_execution(status=status)
    answer = api.send("post", f"/api/executions/{execution.id}/rerun")
    assert status in problem_of(answer, 409, "execution_not_finished")["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"parameters": []}, "#/parameters"),
        ({"parameters": "x"}, "#/parameters"),
        ({"parameters": {"x": "\x00"}}, "#/parameters/x"),
        ({"parameters": {"x": "y" * 1_100_000}}, "#/parameters"),
        ({"triggeredBy": ["Ada"]}, "#/triggeredBy"),
        ({"params": {}}, "#/params"),
    ],
)
def test_a_rerun_refuses_bad_fields_by_their_names(api, body, pointer):
    execution = make_execution(status="failed")
    answer = api.send("post", f"/api/executions/{execution.id}/rerun", body)
    problem = problem_of(answer, 400, "validation_error")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_rerunning_takes_the_right_to_add_executions(bob, bob_api):
    execution = make_execution(status="failed")
    bob.user_permissions.set(Permission.objects.filter(codename="add_jobexecution"))
    assert bob_api.send("post", f"/api/executions/{execution.id}/rerun").status_code == 202
    assert bob_api.send("post", f"/api/executions/{execution.id}/cancel").status_code == 403


LISTS = ["", "/running", "/failed-today", "/job/{job}"]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_shows_what_is_small_whole(api, path):
    status = "failed" if "failed" in path else "running"
    execution = make_execution(
        status=status,
        input={"a": "x" * 4_000},
        output=[1, None],
        error_message="e" * 4_096,
        stack_trace="\N{GREEK SMALL LETTER ALPHA}" * 4_096,
    )
    (row,) = api.get(f"/api/executions{path.format(job=execution.job_id)}").json()["results"]
    assert row["truncatedFields"] == []
    one = api.get(f"/api/executions/{execution.id}").json()
    del row["truncatedFields"], one["waitReason"], one["checkpoint"], one["checkpointAtUtc"]
    assert row == one


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("noise", [None, 1], ids=["compressible", "incompressible"])
def test_a_list_cuts_what_is_large_and_says_so(api, path, noise):
    text = 50_000 * "x" if noise is None else random.Random(noise).randbytes(25_000).hex()  # noqa: S311
    execution = make_execution(
        status="failed" if "failed" in path else "running",
        input={"a": text},
        output={"a": text},
        error_message=text,
        stack_trace=text,
    )
    (row,) = api.get(f"/api/executions{path.format(job=execution.job_id)}").json()["results"]
    assert row["inputPayload"] is row["outputPayload"] is None
    assert row["errorMessage"] == row["stackTrace"] == text[:4_096] + "…"
    names = ["inputPayload", "outputPayload", "errorMessage", "stackTrace"]
    assert row["truncatedFields"] == names
    one = api.get(f"/api/executions/{execution.id}").json()
    assert (one["inputPayload"], one["stackTrace"]) == ({"a": text}, text)


def test_an_execution_of_a_schedule_names_it(api):
    schedule = make_schedule()
    execution = make_execution(schedule.job, schedule=schedule, origin="schedule")
    body = api.get(f"/api/executions/{execution.id}").json()
    assert body["jobScheduleId"] == str(schedule.id)
    assert body["isManualTrigger"] is False


def test_an_unfinished_execution_says_what_it_waits_for(api):
    running = make_execution(status="running")
    done = make_execution(status="succeeded")
    assert "worker1@test" in api.get(f"/api/executions/{running.pk}").json()["waitReason"]
    assert api.get(f"/api/executions/{done.pk}").json()["waitReason"] is None
