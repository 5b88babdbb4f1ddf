"""The two calls of the contract, word for word, and what follows from them."""
# ruff: noqa: E501 (the contract's own lines)

import json
from typing import Any
from uuid import uuid4

import pytest

from audit.models import JobAudit
from executions.models import JobExecution

pytestmark = pytest.mark.django_db

JOB = """{
  "name": "Daily Sales Report", "description": "Generates daily sales reports", "category": "Reporting",
  "allowedEnvironments": 7, "executionMode": 1,
  "executionAssembly": "SalesReports.dll", "executionTypeName": "SalesReports.DailyReportJob",
  "timeoutSeconds": 300, "maxRetries": 3, "retryStrategy": 3, "baseDelaySeconds": 30, "maxConcurrentExecutions": 1,
  "ownerName": "John Smith", "ownerEmail": "john.smith@company.com", "teamName": "Data Analytics",
  "createdBy": "admin@company.com"}"""

SCHEDULE = """{
  "jobDefinitionId": "<id of the job>", "scheduleType": 2, "timeOfDay": "06:00:00", "createdBy": "admin@company.com"}"""


@pytest.fixture
def job(api: Any) -> dict[str, Any]:
    answer = api.send("post", "/api/jobs", JOB)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    assert answer["Location"] == f"/api/jobs/{body['id']}"
    return body


def test_the_job_is_created_as_the_call_says(job: dict[str, Any]) -> None:
    sent = json.loads(JOB)
    named = {"executionMode": "in_process", "retryStrategy": "exponential_with_jitter"}
    assert {name: job[name] for name in sent} == {**sent, **named}
    assert job["status"] == "active"
    assert job["version"] == 1
    assert job["lastExecutionUtc"] is job["lastExecutionStatus"] is None


def test_the_schedule_is_created_as_the_call_says(api: Any, job: dict[str, Any]) -> None:
    answer = api.send("post", "/api/schedules", SCHEDULE.replace("<id of the job>", job["id"]))
    assert answer.status_code == 201, answer.content
    schedule = answer.json()
    assert answer["Location"] == f"/api/schedules/{schedule['id']}"
    assert schedule["jobDefinitionId"] == job["id"]
    assert schedule["scheduleType"] == "daily"
    assert schedule["timeOfDay"] == "06:00:00"
    assert schedule["nextExecutionUtc"].endswith("T06:00:00Z")
    assert schedule["createdBy"] == "admin@company.com"
    assert api.get(answer["Location"]).json() == schedule
    assert api.get(f"/api/jobs/{job['id']}/schedules").json()["results"] == [schedule]


def test_created_by_is_a_claim_and_the_token_tells_who_acted(job: dict[str, Any]) -> None:
    entry = JobAudit.objects.get(action="JobCreated")
    assert (entry.actor, entry.claimed_actor) == ("alice", "admin@company.com")


def test_the_trigger_answers_202_with_the_execution(api: Any, job: dict[str, Any]) -> None:
    answer = api.send("post", f"/api/jobs/{job['id']}/trigger")
    assert answer.status_code == 202
    execution_id = answer.json()["executionId"]
    assert answer["Location"] == f"/api/executions/{execution_id}"
    execution = api.get(answer["Location"]).json()
    assert execution["id"] == execution_id
    assert execution["jobDefinitionId"] == job["id"]
    assert execution["jobName"] == "Daily Sales Report"
    assert execution["category"] == "Reporting"
    assert execution["status"] == "scheduled"
    assert execution["isManualTrigger"] is True
    assert execution["triggeredBy"] == "alice"
    assert execution["maxRetryAttempts"] == 3


def test_the_trigger_takes_parameters(api: Any, job: dict[str, Any]) -> None:
    answer = api.send("post", f"/api/jobs/{job['id']}/trigger", {"parameters": {"region": "EU"}})
    execution = JobExecution.objects.get(pk=answer.json()["executionId"])
    assert execution.input == {"region": "EU"}


def test_the_trigger_of_an_unknown_job_is_a_404(api: Any) -> None:
    assert api.send("post", f"/api/jobs/{uuid4()}/trigger").status_code == 404


# What a client of the contract sends of a schedule: each property, whether it applies or not.
WHOLE = {
    **dict.fromkeys(["cronExpression", "timeOfDay", "daysOfWeek", "dayOfMonth"]),
    **dict.fromkeys(["businessDayOfMonth", "oneTimeExecutionDate", "conditionalExpression"]),
    **dict.fromkeys(["calendar", "startDateUtc", "endDateUtc"]),
    "adjustToPreviousBusinessDay": False,
    "timezone": "UTC",
    "isActive": True,
    "createdBy": "admin@company.com",
}


@pytest.mark.parametrize(
    ("kind", "fields", "name"),
    [
        (1, {"oneTimeExecutionDate": "2130-12-01T06:00:00Z"}, "one_time"),
        (2, {"timeOfDay": "06:00:00"}, "daily"),
        (3, {"timeOfDay": "06:00:00", "daysOfWeek": 34}, "weekly"),
        (4, {"timeOfDay": "06:00:00", "dayOfMonth": 31}, "monthly"),
        (5, {"timeOfDay": "06:00:00", "businessDayOfMonth": 5}, "monthly_business_day"),
        (
            5,
            {
                "timeOfDay": "06:00:00",
                "businessDayOfMonth": 5,
                "adjustToPreviousBusinessDay": True,
                "timezone": "America/Sao_Paulo",
            },
            "monthly_business_day",
        ),
        (6, {"cronExpression": "0 6 * * 1-5"}, "cron"),
        (7, {"conditionalExpression": "prev.exists", "timeOfDay": "06:00:00"}, "conditional"),
        (7, {"conditionalExpression": "prev.exists", "cronExpression": "@hourly"}, "conditional"),
    ],
    ids=str,
)
def test_each_type_of_the_contract_is_taken_with_null_for_what_does_not_apply(
    api: Any, job: dict[str, Any], kind: int, fields: dict[str, Any], name: str
) -> None:
    sent = {"jobDefinitionId": job["id"], "scheduleType": kind, **WHOLE, **fields}
    answer = api.send("post", "/api/schedules", sent)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert {field: body[field] for field in sent} == {**sent, "scheduleType": name}
    assert body["nextExecutionUtc"].endswith("Z")
    again = api.send("put", answer["Location"], sent)
    assert (again.status_code, again.json()["nextExecutionUtc"]) == (200, body["nextExecutionUtc"])
    preview = api.send("post", "/api/schedules/preview", {**sent, "count": 1})
    assert [fire["fireUtc"] for fire in preview.json()["fires"]] == [body["nextExecutionUtc"]]
