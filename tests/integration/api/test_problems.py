"""Every error is a problem (RFC 9457) that says what, where, and how to mend it."""

import json
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, OperationalError

from core.api import views
from core.errors import Refused
from executions.views import dashboard
from tests.factories import make_execution, make_job
from tests.integration.api.addresses import all_addresses
from tests.integration.api.conftest import ApiClient

pytestmark = pytest.mark.django_db


def problem_of(answer, status, code):
    """Return the body of a well-formed problem with this status and code."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["type"].startswith("urn:scheduler:problem:")
    assert body["title"]
    assert body["detail"]
    assert body["status"] == status
    assert body["code"] == code
    assert body["instance"] == answer.wsgi_request.path
    assert body["requestId"] == answer["X-Request-Id"]
    assert UUID(body["requestId"])
    return body


@pytest.mark.parametrize(
    "path",
    [
        f"/api/jobs/{uuid4()}",
        f"/api/jobs/{uuid4()}/schedules",
        f"/api/schedules/{uuid4()}",
        f"/api/executions/{uuid4()}",
        f"/api/executions/{uuid4()}/logs",
        f"/api/executions/{uuid4()}/transitions",
        "/api/jobs/17",
        "/api/jobs/not-an-id/trigger",
        "/api/nothing/here",
        "/api/",
        "/api",
        "/health",
        "/health/other",
    ],
)
def test_what_is_not_there_is_a_404(api, path):
    problem_of(api.get(path), 404, "not_found")


def test_an_unknown_address_is_a_404_for_writers_too():
    client = ApiClient(enforce_csrf_checks=True)
    problem_of(client.send("post", "/api/nothing", {}), 404, "not_found")


@pytest.mark.parametrize("address", all_addresses(), ids=lambda address: address.name)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "trace"])
def test_other_methods_are_a_405_that_names_those_allowed(api, address, method):
    if method in address.methods:
        return
    answer = api.send(method, address.path)
    problem_of(answer, 405, "method_not_allowed")
    allowed = {m.upper() for m in address.methods}
    assert set(answer["Allow"].split(", ")) - {"HEAD"} == allowed - {"HEAD"}


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "text/xml"])
def test_another_media_type_is_a_415_that_names_the_right_one(api, media):
    answer = api.generic("POST", "/api/jobs", b'{"name": "x"}', media)
    problem = problem_of(answer, 415, "unsupported_media_type")
    assert "application/json" in problem["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": NaN}',
        b'{"name": "x", "name": "y"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"name": ' + b"9" * 5000 + b"}",
    ],
    ids=range(8),
)
def test_unreadable_json_is_a_400(api, body):
    answer = api.generic("POST", "/api/jobs", body, "application/json")
    code = "parse_error" if body else "validation_error"
    problem_of(answer, 400, code)


@pytest.mark.parametrize("body", ["[]", '"text"', "17", "null", "true"])
@pytest.mark.parametrize("path", ["/api/jobs", "/api/schedules"])
def test_a_body_that_is_no_object_is_a_400(api, path, body):
    problem = problem_of(api.send("post", path, body), 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "a\x00b"}, "#/name"),
        ({"name": "\ud800"}, "#/name"),
        ({"name": "x", "parameterSchema": {"a/b": ["\x00"]}}, "#/parameterSchema/a~1b/0"),
        ({"name": "x", "parameterSchema": {"\x00": 1}}, "#/parameterSchema"),
        ('{"name": "x", "parameterSchema": {"a": 1e999}}', "#/parameterSchema/a"),
        (
            '{"name": "x", "parameterSchema": ' + '{"a":' * 70 + "1" + "}" * 70 + "}",
            "#/parameterSchema",
        ),
    ],
)
def test_what_cannot_be_stored_is_named(api, body, pointer):
    problem = problem_of(api.send("post", "/api/jobs", body), 400, "validation_error")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_a_body_that_is_too_large_is_a_413(api):
    body = json.dumps({"name": "x" * 3_000_000})
    problem_of(api.send("post", "/api/jobs", body), 413, "body_too_large")


@pytest.mark.parametrize(
    ("sent", "advice"),
    [
        ("timeofDay", "timeOfDay"),
        ("time_of_day", "timeOfDay"),
        ("cronExpresion", "cronExpression"),
        ("TimeZone", "timezone"),
    ],
)
def test_an_unknown_field_is_refused_with_the_likely_name(api, sent, advice):
    body = {"jobDefinitionId": str(make_job().id), "scheduleType": 2, sent: "06:00:00"}
    problem = problem_of(api.send("post", "/api/schedules", body), 400, "validation_error")
    error = next(e for e in problem["errors"] if e["code"] == "unknown_field")
    assert error["pointer"] == f"#/{sent}"
    assert advice in error["detail"]


def test_an_unknown_field_that_is_like_no_other_is_refused_too(api):
    problem = problem_of(
        api.send("post", "/api/jobs", {"name": "x", "a/b c": 1}), 400, "validation_error"
    )
    assert problem["errors"] == [
        {
            "pointer": "#/a~1b%20c",
            "code": "unknown_field",
            "detail": "There is no 'a/b c' here; leave it out.",
        }
    ]


def test_all_errors_are_told_at_once(api):
    body = {"name": "", "executionMode": 9, "colour": "red"}
    problem = problem_of(api.send("post", "/api/jobs", body), 400, "validation_error")
    pointers = {error["pointer"] for error in problem["errors"]}
    assert pointers == {"#/name", "#/executionMode", "#/colour"}


def test_a_conflict_is_a_409_with_its_own_code(api):
    execution = make_execution(status="succeeded")
    answer = api.send("post", f"/api/executions/{execution.id}/cancel")
    problem = problem_of(answer, 409, "execution_finished")
    assert problem["type"] == "urn:scheduler:problem:conflict"
    assert "succeeded" in problem["detail"]


def raising(error):
    def get(*_args, **_kwargs):
        raise error

    return get


def test_a_refusal_is_a_400(api, monkeypatch):
    monkeypatch.setattr(dashboard, "dashboard_stats", raising(Refused("too_odd", "Odd.")))
    problem_of(api.get("/api/dashboard/stats"), 400, "too_odd")


def test_a_bug_is_a_500_that_tells_nothing(api, monkeypatch, caplog):
    api.raise_request_exception = False
    secret = "the database password is hunter2"
    monkeypatch.setattr(dashboard, "dashboard_stats", raising(RuntimeError(secret)))
    answer = api.get("/api/dashboard/stats")
    problem_of(answer, 500, "internal_error")
    assert b"hunter2" not in answer.content
    assert b"Traceback" not in answer.content
    assert secret in caplog.text


def test_an_error_outside_the_views_is_a_problem_too(api, monkeypatch):
    api.raise_request_exception = False
    monkeypatch.setattr(views.WholeBody, "initialize_request", raising(RuntimeError), raising=False)
    problem_of(api.get("/api/jobs"), 500, "internal_error")


def test_a_silent_database_is_a_503(api, monkeypatch):
    monkeypatch.setattr(dashboard, "dashboard_stats", raising(OperationalError("gone")))
    answer = api.get("/api/dashboard/stats")
    problem_of(answer, 503, "database_unavailable")
    assert answer["Retry-After"]


def test_a_constraint_that_is_not_about_uniqueness_is_a_bug(api, monkeypatch):
    api.raise_request_exception = False
    monkeypatch.setattr(dashboard, "dashboard_stats", raising(IntegrityError()))
    problem_of(api.get("/api/dashboard/stats"), 500, "internal_error")


def test_a_host_that_is_not_served_gets_a_problem(api):
    answer = api.get("/api/jobs", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_pages_for_people_stay_pages(api):
    answer = api.get("/nothing")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/problem+json"])
def test_the_answer_is_json_whatever_the_caller_would_rather_have(api, accept):
    answer = api.get("/api/jobs", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
