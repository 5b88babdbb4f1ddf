"""Executions by REST."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import database_now
from executions.models import ExecutionTransition, JobExecutionLog
from executions.states import FINAL, ExecutionStatus
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
OUR_FIELDS = {"reason", "attempt", "progress", "cancelRequestedAtUtc", "scheduledForUtc"}


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


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=unheard", "status"),
        ("status=10", "status"),
        ("status=" + "9" * 5000, "status"),
        ("job=17", "job"),
        ("jobDefinitionId=x", "jobDefinitionId"),
        ("jobId=x", "jobId"),
    ],
)
def test_a_bad_filter_is_refused_by_its_name(api, query, parameter):
    problem = problem_of(api.get(f"/api/executions?{query}"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == parameter


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


@pytest.mark.parametrize("rows", ["logs", "transitions"])
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


def test_cancelling_takes_no_fields(api):
    answer = api.send("post", f"/api/executions/{make_execution().id}/cancel", {"force": True})
    problem = problem_of(answer, 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#/force"


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
