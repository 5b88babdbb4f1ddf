"""Schedules by REST."""

from datetime import timedelta

import pytest

from jobs.definitions import set_job_status
from jobs.models import JobSchedule
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

CONTRACT = """
id jobDefinitionId scheduleType cronExpression timeOfDay daysOfWeek dayOfMonth
businessDayOfMonth adjustToPreviousBusinessDay oneTimeExecutionDate conditionalExpression
timezone calendar isActive startDateUtc endDateUtc lastExecutionUtc nextExecutionUtc createdBy
createdAtUtc
"""
CONTRACT_FIELDS = set(CONTRACT.split())


def create(api, **fields):
    body = {"jobDefinitionId": str(make_job().id), "scheduleType": 2, "timeOfDay": "06:00"}
    return api.send("post", "/api/schedules", body | fields)


def test_a_schedule_has_the_fields_of_the_contract(api):
    body = api.get(f"/api/schedules/{make_schedule().id}").json()
    ours = {"intervalSeconds", "delaySeconds", "parameters", "updatedBy", "updatedAtUtc", "lastExecutionStatus"}
    assert set(body) == CONTRACT_FIELDS | ours


def test_what_a_schedule_answers_can_be_sent_again(api):
    body = api.get(f"/api/schedules/{make_schedule().id}").json()
    assert api.send("post", "/api/schedules", body).status_code == 201


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (2, {"timeOfDay": "06:00:00"}),
        ("Daily", {"timeOfDay": "23:59"}),
        ("cron", {"cronExpression": "*/5 * * * *"}),
        (6, {"cronExpression": "0 6 * * 1-5", "timezone": "Europe/Berlin"}),
        (8, {"intervalSeconds": 10}),
        ("Interval", {"intervalSeconds": 3600, "parameters": {"region": "EU"}}),
    ],
)
def test_each_kind_is_created_and_knows_its_next_fire(api, kind, fields):
    answer = create(api, scheduleType=kind, **{"timeOfDay": None, **fields})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert {name: body[name] for name in fields if name != "timeOfDay"} == {
        name: value for name, value in fields.items() if name != "timeOfDay"
    }
    assert body["nextExecutionUtc"].endswith("Z")


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "one_time"),
        (3, "weekly"),
        (4, "monthly"),
        (5, "monthly_business_day"),
        (7, "conditional"),
        (9, "delay"),
    ],
)
def test_a_kind_to_come_is_refused_as_not_available_yet(api, number, name):
    problem = problem_of(create(api, scheduleType=number), 400, "validation_error")
    error = problem["errors"][0]
    assert (error["pointer"], error["code"]) == ("#/scheduleType", "not_available")
    assert error["detail"].startswith(name)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("jobDefinitionId", None),
        ("jobDefinitionId", "17"),
        ("jobDefinitionId", 18),
        ("jobDefinitionId", 10**60),
        ("jobDefinitionId", []),
        ("jobDefinitionId", "00000000-0000-0000-0000-000000000000"),
        ("scheduleType", 0),
        ("scheduleType", None),
        ("scheduleType", "sometimes"),
        ("timeOfDay", "25:00"),
        ("timeOfDay", "six"),
        ("timeOfDay", 6),
        ("timeOfDay", None),
        ("timeOfDay", "06:00:00+02:00"),
        ("timeOfDay", "06:00:00Z"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("timezone", ""),
        ("timezone", 1),
        ("timezone", "x" * 65),
        ("startDateUtc", "yesterday"),
        ("startDateUtc", 17),
        ("startDateUtc", "0001-01-01T00:00:00+14:00"),
        ("endDateUtc", "2001-01-01"),
        ("endDateUtc", {}),
        ("isActive", "perhaps"),
        ("isActive", None),
        ("parameters", []),
        ("parameters", None),
        ("intervalSeconds", "x"),
        ("intervalSeconds", 2**31),
        ("cronExpression", "x" * 201),
        ("cronExpression", ["*"]),
        ("daysOfWeek", 62),
        ("dayOfMonth", 1),
        ("businessDayOfMonth", 1),
        ("adjustToPreviousBusinessDay", True),
        ("oneTimeExecutionDate", "2030-01-01T00:00:00Z"),
        ("conditionalExpression", "x > 1"),
        ("calendar", "DE"),
        ("createdBy", True),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_field(api, field, value):
    start = {"startDateUtc": "2020-01-01"} if field == "endDateUtc" else {}
    problem = problem_of(create(api, **start, **{field: value}), 400, "validation_error")
    assert {error["pointer"] for error in problem["errors"]} == {f"#/{field}"}
    assert not JobSchedule.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scheduleType": 6}, "cronExpression"),
        ({"scheduleType": 6, "cronExpression": "75 * * * *"}, "cronExpression"),
        ({"scheduleType": 6, "cronExpression": "0 0 30 2 *"}, "cronExpression"),
        ({"scheduleType": 8}, "intervalSeconds"),
        ({"scheduleType": 8, "intervalSeconds": 0}, "intervalSeconds"),
        ({"startDateUtc": "2030-01-02", "endDateUtc": "2030-01-01"}, "endDateUtc"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(api, fields, field):
    problem = problem_of(create(api, **fields), 400, "validation_error")
    assert {error["pointer"] for error in problem["errors"]} == {f"#/{field}"}


@pytest.mark.parametrize("silence", [None, False, 0, ""])
def test_fields_to_come_may_say_nothing(api, silence):
    names = ["daysOfWeek", "dayOfMonth", "oneTimeExecutionDate", "adjustToPreviousBusinessDay"]
    assert create(api, **dict.fromkeys(names, silence)).status_code == 201


def test_what_is_missing_is_named(api):
    problem = problem_of(api.send("post", "/api/schedules", {}), 400, "validation_error")
    pointers = {error["pointer"] for error in problem["errors"]}
    assert pointers == {"#/jobDefinitionId", "#/scheduleType"}


def test_instants_without_offset_are_utc_and_all_answers_end_in_z(api):
    body = create(
        api, startDateUtc="2030-01-01T00:00:00", endDateUtc="2031-01-01T01:00:00.1234567+01:00"
    ).json()
    assert body["startDateUtc"] == "2030-01-01T00:00:00Z"
    assert body["endDateUtc"] == "2031-01-01T00:00:00.123456Z"
    assert body["nextExecutionUtc"] == "2030-01-01T06:00:00Z"
    assert body["createdAtUtc"].endswith("Z")


def test_an_inactive_schedule_has_no_next_fire(api):
    assert create(api, isActive=False).json()["nextExecutionUtc"] is None


def test_an_archived_job_takes_no_schedule(api):
    job = make_job()
    set_job_status(actor=TESTER, job=job, status="archived")
    problem_of(create(api, jobDefinitionId=str(job.id)), 409, "job_archived")


def test_the_last_execution_is_the_latest_slot_that_started(api):
    schedule = make_schedule()
    _, last, _ = (
        make_execution(
            schedule.job,
            status=status,
            schedule=schedule,
            origin="schedule",
            scheduled_for=schedule.created_at + timedelta(minutes=slot),
        )
        for slot, status in enumerate(["succeeded", "failed", "scheduled"])
    )
    make_execution(schedule.job, status="succeeded")
    body = api.get(f"/api/schedules/{schedule.id}").json()
    assert body["lastExecutionStatus"] == "failed"
    assert body["lastExecutionUtc"] == last.started_at.isoformat().replace("+00:00", "Z")
