"""Jobs by REST."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import JobAudit
from core.clock import database_now
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, Queue
from jobs.ownership import change_ownership
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

CONTRACT = """
id name description category status allowedEnvironments executionMode executionAssembly
executionTypeName executionCommand containerImage timeoutSeconds maxRetries retryStrategy
baseDelaySeconds maxDelaySeconds maxConcurrentExecutions allowManualTrigger
expectedDurationSeconds parameterSchema version lastExecutionUtc lastExecutionStatus ownerName
ownerEmail teamName teamChannel escalationEmail createdBy createdAtUtc updatedBy updatedAtUtc
disabledBy disabledAtUtc disabledReason
"""
CONTRACT_FIELDS = set(CONTRACT.split())


def create(api, **fields):
    return api.send("post", "/api/jobs", {"name": "a job", "executionTypeName": "x", **fields})


def address(job):
    return f"/api/jobs/{job.id}"


def test_a_job_has_the_fields_of_the_contract(api):
    body = api.get(f"/api/jobs/{make_job().id}").json()
    assert set(body) - CONTRACT_FIELDS == {
        *("priority", "queue", "keepDays", "keepExecutions", "executionOptions", "failFast"),
        *("concurrencyKey", "maxConcurrentPerKey", "startsPerMinute"),
        *("breakerFailures", "breakerSeconds"),
    }
    assert set(body) >= CONTRACT_FIELDS


def test_what_a_job_answers_can_be_sent_again(api):
    job = make_job()
    body = api.get(address(job)).json()
    assert api.send("post", "/api/jobs", body | {"name": "a copy"}).status_code == 201
    entries = JobAudit.objects.count()
    for method in ("put", "patch"):
        answer = api.send(method, address(job), body)
        assert (answer.status_code, answer.json()) == (200, body)
    assert JobAudit.objects.count() == entries


def test_a_name_and_a_handler_are_enough(api):
    assert create(api).status_code == 201
    problem = problem_of(api.send("post", "/api/jobs", {"name": "x"}), 400, "validation_error")
    assert problem["errors"] == [
        {
            "pointer": "#/executionTypeName",
            "code": "required",
            "detail": "An in_process job needs the registered name of its handler,"
            " such as reports.daily.",
        }
    ]


@pytest.mark.parametrize("mode", [1, "01", "InProcess", "in_process", "IN_PROCESS", "in-process"])
def test_an_enumeration_takes_the_number_and_any_spelling_of_the_name(api, mode):
    assert create(api, executionMode=mode).json()["executionMode"] == "in_process"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(0, "none"), (1, "linear"), ("Exponential", "exponential"), (3, "exponential_with_jitter")],
)
def test_every_retry_strategy_is_known_by_number_and_name(api, sent, kept):
    assert create(api, retryStrategy=sent).json()["retryStrategy"] == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (7, 7),
        ("5", 5),
        ("Production", 4),
        (["Development", "homologation"], 3),
        ([1, "Production"], 5),
        ("Development, Production", 5),
    ],
)
def test_flags_take_a_sum_and_names(api, sent, kept):
    assert create(api, allowedEnvironments=sent).json()["allowedEnvironments"] == kept


@pytest.mark.parametrize("status", [1, 2, 4])
def test_a_job_may_start_in_any_status_but_archived(api, status):
    names = {1: "active", 2: "disabled", 4: "draft"}
    assert create(api, status=status).json()["status"] == names[status]


BAD = [
    ("name", ""),
    ("name", None),
    ("name", "x" * 201),
    ("name", True),
    ("name", ["x"]),
    ("description", {"a": 1}),
    ("description", None),
    ("category", "x" * 101),
    ("status", 3),
    ("status", 9),
    ("status", "sleeping"),
    ("allowedEnvironments", 0),
    ("allowedEnvironments", 8),
    ("allowedEnvironments", -1),
    ("allowedEnvironments", True),
    ("allowedEnvironments", 1.0),
    ("allowedEnvironments", []),
    ("allowedEnvironments", ["Mars"]),
    ("allowedEnvironments", [[1]]),
    ("allowedEnvironments", {}),
    ("allowedEnvironments", None),
    ("executionMode", 0),
    ("executionMode", True),
    ("executionMode", 1.0),
    ("executionMode", [1]),
    ("executionMode", "x" * 10_000),
    ("executionMode", None),
    ("executionAssembly", "x" * 301),
    ("executionTypeName", "x" * 301),
    ("executionCommand", True),
    ("containerImage", "x" * 501),
    ("timeoutSeconds", 0),
    ("timeoutSeconds", -1),
    ("timeoutSeconds", "soon"),
    ("timeoutSeconds", 1.5),
    ("timeoutSeconds", 10**30),
    ("timeoutSeconds", True),
    ("maxRetries", 11),
    ("maxRetries", -1),
    ("retryStrategy", 4),
    ("retryStrategy", -1),
    ("baseDelaySeconds", 0),
    ("maxDelaySeconds", 0),
    ("maxConcurrentExecutions", 0),
    ("maxConcurrentExecutions", 2**31),
    ("allowManualTrigger", "perhaps"),
    ("allowManualTrigger", None),
    ("allowManualTrigger", []),
    ("expectedDurationSeconds", -1),
    ("parameterSchema", []),
    ("parameterSchema", "{}"),
    ("priority", 10),
    ("priority", -1),
    ("queue", "no-such-queue"),
    ("queue", 17),
    ("queue", None),
    ("queue", {"a": 1}),
    ("ownerName", "x" * 201),
    ("ownerEmail", "nobody"),
    ("teamName", None),
    ("teamChannel", "x" * 201),
    ("escalationEmail", "a@b"),
    ("createdBy", "x" * 201),
    ("createdBy", ["me"]),
    ("keepDays", 0),
    ("keepDays", "long"),
    ("keepDays", 2**31),
    ("keepExecutions", 0),
    ("keepExecutions", -1),
    ("keepExecutions", 1.5),
    ("executionTypeName", ""),
    ("executionTypeName", None),
    ("executionCommand", None),
    ("updatedBy", 17 > 16),
    ("updatedBy", "x" * 201),
    ("colour", "red"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_bad_value_is_refused_by_the_name_of_its_field(api, method, field, value):
    job = make_job()
    before = api.get(address(job)).json()
    path = "/api/jobs" if method == "post" else address(job)
    whole = {} if method == "patch" else {"name": "a job", "executionTypeName": "x"}
    answer = api.send(method, path, whole | {field: value})
    problem = problem_of(answer, 400, "validation_error")
    places = {error["pointer"].split("/")[1] for error in problem["errors"]}
    assert places == {field}
    assert all(error["detail"] for error in problem["errors"])
    assert JobDefinition.objects.count() == 1
    assert api.get(address(job)).json() == before


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("queue", "nightly", "There is no queue 'nightly'. There are: default, reports."),
        ("queue", True, "Send the name of a queue as text."),
        ("timeoutSeconds", "soon", "Send a whole number."),
        ("timeoutSeconds", "1" * 1_001, "Send a whole number, of fewer digits."),
        ("allowManualTrigger", "perhaps", "Send true or false."),
        ("description", ["text"], "Send a text."),
        ("ownerEmail", "nobody", "Enter a valid email address."),
    ],
)
def test_a_refusal_says_what_to_send_instead(api, field, value, detail):
    Queue.objects.create(name="reports")
    problem = problem_of(create(api, **{field: value}), 400, "validation_error")
    assert [error["detail"] for error in problem["errors"]] == [detail]
    assert problem["detail"] == f"{field}: {detail}"


def test_of_many_queues_the_first_ten_are_named(api):
    Queue.objects.bulk_create(Queue(name=f"q{n:02}") for n in range(20))
    problem = problem_of(create(api, queue="nightly"), 400, "validation_error")
    named = ", ".join(["default", *(f"q{n:02}" for n in range(9))])
    assert problem["errors"][0]["detail"].endswith(f"There are: {named}, and more.")


@pytest.mark.parametrize(
    ("command", "code", "detail"),
    [
        (None, "required", "needs its command, such as /opt/reports/bin/daily EU"),
        ("", "required", "needs its command, such as /opt/reports/bin/daily EU"),
        ("  ", "required", "needs its command"),
        ("echo 'a", "invalid_command", "No closing quotation. Close each quote"),
    ],
)
def test_a_job_out_of_process_needs_a_command_that_can_be_split(api, command, code, detail):
    fields = {} if command is None else {"executionCommand": command}
    problem = problem_of(create(api, executionMode=2, **fields), 400, "validation_error")
    [error] = problem["errors"]
    assert (error["pointer"], error["code"]) == ("#/executionCommand", code)
    assert detail in error["detail"]


def test_a_job_out_of_process_needs_no_handler(api):
    fields = {"executionMode": "OutOfProcess", "executionCommand": "/bin/echo 'a b'"}
    answer = create(api, executionTypeName="", **fields)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["executionMode"], body["executionCommand"]) == (
        "out_of_process",
        "/bin/echo 'a b'",
    )


@pytest.mark.parametrize("mode", [4, "Http", "http"])
def test_a_job_may_be_a_request(api, mode):
    options = {"url": "https://example.com/"}
    answer = create(api, executionMode=mode, executionOptions=options)
    assert (answer.json()["executionMode"], answer.json()["executionOptions"]) == ("http", options)


@pytest.mark.parametrize("mode", [5, "CeleryTask", "celery_task"])
def test_a_job_may_be_a_task_of_another_celery(api, mode):
    answer = create(api, executionMode=mode, executionOptions={"ignoreResult": True})
    assert answer.json()["executionMode"] == "celery_task"


def test_what_the_platform_keeps_itself_is_ignored(api):
    sent = {
        "id": "00000000-0000-0000-0000-000000000001",
        "version": 99,
        "createdAtUtc": "2001-01-01T00:00:00Z",
        "lastExecutionStatus": "failed",
        "disabledBy": "me",
    }
    body = create(api, **sent).json()
    assert all(body[name] != value for name, value in sent.items())


def test_a_name_that_is_taken_is_refused(api):
    make_job(name="a job")
    problem = problem_of(create(api), 400, "validation_error")
    assert "exists already" in problem["detail"]
    assert problem["errors"][0]["pointer"] == "#/name"


def test_a_name_taken_at_the_last_moment_is_a_conflict(api, monkeypatch):
    make_job(name="a job")
    monkeypatch.setattr("jobs.definitions.refuse", lambda _problems: None)
    problem_of(create(api), 409, "already_exists")
    assert JobDefinition.objects.count() == 1


def test_times_end_in_z(api):
    job = make_job()
    set_job_status(actor=TESTER, job=job, status="disabled", reason="holidays")
    make_execution(job, status="succeeded")
    body = api.get(f"/api/jobs/{job.id}").json()
    times = [value for name, value in body.items() if name.endswith("Utc")]
    assert len(times) == 4
    assert all(value is None or value.endswith("Z") for value in times)
    assert body["disabledReason"] == "holidays"
    assert body["disabledBy"] == "tester"


def test_the_last_execution_is_the_newest_that_started(api):
    job, now = make_job(), database_now()
    make_execution(job, status="succeeded")
    newest = make_execution(job, status="failed")
    make_execution(job, status="scheduled")
    make_execution(status="succeeded", now=now)
    body = api.get(f"/api/jobs/{job.id}").json()
    assert body["lastExecutionStatus"] == "failed"
    assert body["lastExecutionUtc"] == newest.started_at.isoformat().replace("+00:00", "Z")


def test_jobs_are_listed_newest_first_without_those_archived(api):
    first, second, archived = make_job(), make_job(), make_job()
    set_job_status(actor=TESTER, job=archived, status="archived")
    results = api.get("/api/jobs").json()["results"]
    assert [job["id"] for job in results] == [str(second.id), str(first.id)]
    results = api.get("/api/jobs?status=archived").json()["results"]
    assert [job["id"] for job in results] == [str(archived.id)]


def test_jobs_can_be_filtered(api):
    wanted = make_job(name="Nightly Load", category="ETL")
    wanted.ownership.team_name = "Data"
    wanted.ownership.save()
    make_job(category="Reports")
    for query in ("category=ETL", "teamName=Data", "search=nightly", "status=1&category=ETL"):
        results = api.get(f"/api/jobs?{query}").json()["results"]
        assert [job["id"] for job in results] == [str(wanted.id)], query
    assert api.get("/api/jobs?status=disabled&status=Draft").json()["results"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=sleeping", "status"),
        ("status=", "status"),
        ("categry=ETL", "categry"),
        ("search=%00", "search"),
        ("teamName=" + "%F0%9F%98%80" + "%00", "teamName"),
    ],
)
def test_a_bad_filter_is_refused_by_its_name(api, query, parameter):
    problem = problem_of(api.get(f"/api/jobs?{query}"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == parameter


def test_listing_takes_the_same_queries_however_many_jobs_there_are(api):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert api.get("/api/jobs").status_code == 200
        return len(queries)

    make_execution(make_job(), status="succeeded")
    count()  # the first use of the token is noted
    few = count()
    for _ in range(5):
        make_execution(make_job(), status="succeeded")
    assert count() == few


def test_listing_schedules_takes_the_same_queries_however_many_there_are(api):
    job = make_job()

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert api.get(f"/api/jobs/{job.id}/schedules").status_code == 200
        return len(queries)

    make_schedule(job)
    count()  # the first use of the token is noted
    few = count()
    for _ in range(5):
        make_schedule(job)
    assert count() == few


@pytest.mark.parametrize("status", [2, "Disabled", "disabled"])
def test_a_job_is_disabled_with_a_reason(api, status):
    job = make_job()
    answer = api.send("put", f"/api/jobs/{job.id}/status", {"status": status, "reason": "broken"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["disabledReason"], body["disabledBy"]) == (
        "disabled",
        "broken",
        "alice",
    )
    entry = JobAudit.objects.get(action="JobDisabled")
    assert (entry.actor, entry.reason) == ("alice", "broken")
    again = api.send("put", f"/api/jobs/{job.id}/status", {"status": 1}).json()
    assert (again["status"], again["disabledReason"]) == ("active", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": 5}, "status"),
        ({"status": None}, "status"),
        ({"status": 2, "reason": 3 > 2}, "reason"),
        ({"status": 2, "reason": "x" * 2001}, "reason"),
        ({"status": 2, "because": "x"}, "because"),
    ],
)
def test_a_bad_change_of_status_is_refused(api, body, field):
    answer = api.send("put", f"/api/jobs/{make_job().id}/status", body)
    problem = problem_of(answer, 400, "validation_error")
    assert [error["pointer"] for error in problem["errors"]] == [f"#/{field}"]


def test_a_draft_without_its_handler_is_kept_and_not_enabled(api):
    draft = api.send("post", "/api/jobs", {"name": "an idea", "status": 4})
    assert (draft.status_code, draft.json()["status"]) == (201, "draft")
    place = f"/api/jobs/{draft.json()['id']}"

    answer = api.send("put", f"{place}/status", {"status": 1})

    assert "execution_type_name" in problem_of(answer, 409, "job_incomplete")["detail"]
    assert api.get(place).json()["status"] == "draft"


def test_an_archived_job_stays_archived(api):
    job = make_job()
    set_job_status(actor=TESTER, job=job, status="archived")
    answer = api.send("put", f"/api/jobs/{job.id}/status", {"status": 1})
    problem_of(answer, 409, "job_archived")


def test_the_schedules_of_a_job_are_its_own(api):
    schedule = make_schedule()
    make_schedule()
    results = api.get(f"/api/jobs/{schedule.job_id}/schedules").json()["results"]
    assert [row["id"] for row in results] == [str(schedule.id)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "disabled"}, "job_not_active"),
        ({"allow_manual_trigger": False}, "manual_trigger_forbidden"),
        ({"allowed_environments": 4}, "environment_not_allowed"),
    ],
)
def test_a_job_that_may_not_run_is_not_triggered(api, change, code):
    job = make_job(**change)
    problem_of(api.send("post", f"/api/jobs/{job.id}/trigger"), 409, code)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"parameters": []}, "#/parameters"),
        ({"parameters": "x"}, "#/parameters"),
        ({"parameters": {"a": "\x00"}}, "#/parameters/a"),
        ({"parameters": {"a": "x" * 1_100_000}}, "#/parameters"),
        ({"params": {}}, "#/params"),
        ("[]", "#"),
        ("null", "#"),
    ],
)
def test_bad_parameters_are_refused(api, body, pointer):
    answer = api.send("post", f"/api/jobs/{make_job().id}/trigger", body)
    problem = problem_of(answer, 400, "validation_error")
    assert problem["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("body", [b"", b"{}", b'{"parameters": null}', b'{"parameters": {}}'])
@pytest.mark.parametrize("media", ["application/json", "application/x-www-form-urlencoded"])
def test_a_trigger_may_leave_out_everything(api, body, media):
    if media != "application/json" and body:
        return
    answer = api.generic("POST", f"/api/jobs/{make_job().id}/trigger", body, media)
    assert answer.status_code == 202


# --- Change


def test_put_replaces_the_whole_job_but_its_status(api):
    Queue.objects.create(name="slow")
    job = make_job(
        queue_id="slow",
        priority=9,
        description="old",
        max_retries=3,
        keep_days=7,
        parameter_schema={"type": "object"},
    )
    change_ownership(actor=TESTER, job=job, fields={"owner_name": "Ann", "team_name": "Payments"})
    set_job_status(actor=TESTER, job=job, status="disabled", reason="holidays")
    sent = {
        "name": "renamed",
        "executionTypeName": "tests.other",
        "teamName": "Data",
        "createdBy": "somebody else",
        "updatedBy": "ann@company.com",
    }
    answer = api.send("put", address(job), sent)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["name"], body["executionTypeName"]) == ("renamed", "tests.other")
    assert (body["queue"], body["priority"], body["description"]) == ("default", 5, "")
    assert (body["maxRetries"], body["keepDays"], body["parameterSchema"]) == (0, None, None)
    assert (body["maxConcurrentExecutions"], body["allowedEnvironments"]) == (1, 7)
    assert (body["ownerName"], body["teamName"]) == ("", "Data")
    assert (body["status"], body["disabledReason"]) == ("disabled", "holidays")
    assert (body["createdBy"], body["updatedBy"], body["version"]) == (
        "tester",
        "ann@company.com",
        2,
    )
    entries = JobAudit.objects.order_by("-id")[:2]
    assert [entry.action for entry in entries] == ["OwnershipChanged", "JobUpdated"]
    assert {(entry.actor, entry.claimed_actor) for entry in entries} == {
        ("alice", "ann@company.com")
    }


def test_put_needs_a_name(api):
    answer = api.send("put", address(make_job()), {"executionTypeName": "x"})
    problem = problem_of(answer, 400, "validation_error")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/name", "required")]


def test_patch_changes_what_it_names_and_nothing_else(api):
    job = make_job(description="old", priority=9)
    change_ownership(actor=TESTER, job=job, fields={"owner_name": "Ann"})
    before = api.get(address(job)).json()
    answer = api.send("patch", address(job), {"timeoutSeconds": 7, "teamName": "Data"})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    changed = {name for name in body if body[name] != before[name]}
    assert changed == {"timeoutSeconds", "teamName", "version", "updatedBy"}
    assert (body["timeoutSeconds"], body["teamName"], body["ownerName"]) == (7, "Data", "Ann")
    assert (body["updatedBy"], body["version"]) == ("alice", 2)


def test_how_long_history_is_kept_can_be_changed_without_a_version(api):
    job = make_job()
    body = api.send("patch", address(job), {"keepDays": 30, "keepExecutions": 1000}).json()
    assert (body["keepDays"], body["keepExecutions"], body["version"]) == (30, 1000, 1)
    body = api.send("patch", address(job), {"keepDays": None}).json()
    assert (body["keepDays"], body["keepExecutions"], body["version"]) == (None, 1000, 1)


@pytest.mark.parametrize("method", ["put", "patch"])
def test_the_status_is_changed_at_its_own_address(api, method):
    job = make_job()
    body = {"name": job.name, "executionTypeName": "tests.noop"}
    answer = api.send(method, address(job), body | {"status": "disabled"})
    problem = problem_of(answer, 400, "validation_error")
    [error] = problem["errors"]
    assert (error["pointer"], error["code"]) == ("#/status", "changed_by_itself")
    assert "PUT /api/jobs/{id}/status" in error["detail"]
    assert api.send(method, address(job), body | {"status": "Active"}).status_code == 200


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_job_cannot_take_anothers_name_but_keeps_its_own(api, method):
    taken, job = make_job(), make_job()
    body = {"name": taken.name, "executionTypeName": "x"}
    problem = problem_of(api.send(method, address(job), body), 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#/name"
    assert "exists already" in problem["detail"]
    assert api.send(method, address(job), body | {"name": job.name}).status_code == 200


def test_a_job_may_move_to_another_queue(api):
    Queue.objects.create(name="slow")
    job = make_job()
    assert api.send("patch", address(job), {"queue": "slow"}).json()["queue"] == "slow"


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "17"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_that_is_no_object_is_refused(api, method, body):
    problem = problem_of(api.send(method, address(make_job()), body), 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#"


# --- Archive


def test_delete_archives_the_job_and_its_schedules_and_may_be_said_twice(api):
    schedule = make_schedule()
    for _ in range(2):
        answer = api.send("delete", address(schedule.job))
        assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(address(schedule.job)).json()["status"] == "archived"
    schedule.refresh_from_db()
    assert schedule.archived_at is not None
    assert JobAudit.objects.filter(action="JobDeleted").count() == 1


@pytest.mark.parametrize("method", ["put", "patch"])
def test_an_archived_job_cannot_be_changed(api, method):
    job = make_job()
    set_job_status(actor=TESTER, job=job, status="archived")
    body = {"name": "x", "executionTypeName": "y"}
    problem_of(api.send(method, address(job), body), 409, "job_archived")


# --- Permissions


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("view_jobdefinition", {"get", "list"}),
        ("add_jobdefinition", {"post"}),
        ("change_jobdefinition", {"put", "patch", "status"}),
        ("delete_jobdefinition", {"delete"}),
    ],
)
def test_each_permission_opens_its_own_calls(bob, bob_api, permission, allowed):
    job = make_job()
    bob.user_permissions.set(Permission.objects.filter(codename=permission))
    body = {"name": "a job", "executionTypeName": "x"}
    calls = {
        "get": ("get", address(job), None),
        "list": ("get", "/api/jobs", None),
        "post": ("post", "/api/jobs", body),
        "put": ("put", address(job), body | {"name": job.name}),
        "patch": ("patch", address(job), {}),
        "status": ("put", f"{address(job)}/status", {"status": 2}),
        "delete": ("delete", address(job), None),
    }
    opened = {name for name, call in calls.items() if bob_api.send(*call).status_code < 400}
    assert opened == allowed


def test_archiving_by_status_takes_the_permission_to_delete(bob, bob_api):
    job = make_job()
    bob.user_permissions.set(Permission.objects.filter(codename="change_jobdefinition"))
    answer = bob_api.send("put", f"{address(job)}/status", {"status": "archived"})
    problem = problem_of(answer, 403, "permission_denied")
    assert "permission to delete jobs" in problem["detail"]
    job.refresh_from_db()
    assert job.status == "active"
    both = ["change_jobdefinition", "delete_jobdefinition"]
    bob.user_permissions.set(Permission.objects.filter(codename__in=both))
    answer = bob_api.send("put", f"{address(job)}/status", {"status": "archived"})
    assert (answer.status_code, answer.json()["status"]) == (200, "archived")


def test_a_bad_option_is_pointed_at_where_it_stands(api):
    options = {"url": "https://example.com/", "headers": {"X-A": 1}, "bdy": {}}
    answer = create(api, executionMode=4, executionOptions=options)
    problem = problem_of(answer, 400, "validation_error")
    assert {error["pointer"]: error["code"] for error in problem["errors"]} == {
        "#/executionOptions/bdy": "unknown_option",
        "#/executionOptions/headers/X-A": "invalid_option",
    }
