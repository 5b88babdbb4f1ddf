"""docs/openapi.yaml describes the API as it is: every call, what it takes, and what it answers."""

import copy
import difflib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from core.api.documents import render_schema
from core.api.queries import Query
from core.clock import database_now
from executions.callbacks import open_callback
from executions.locking import store
from executions.models import ConditionCheck, ExecutionTransition, JobExecutionLog, Worker
from executions.services import trigger
from executions.states import ExecutionStatus
from jobs.models import Queue
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.graphs import make_graph
from tests.integration.api.addresses import NOBODY, all_addresses
from tests.integration.api.conftest import _no_time_lost, api, bob_api  # noqa: F401
from tests.integration.api.test_contract_calls import JOB, SCHEDULE
from tests.integration.executions.backfills import make_hourly

PAGE = Path("docs/openapi.yaml")
RENEW = "python manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn"
NOT_DESCRIBED = {"/api/schema", "/api/docs"}  # the description itself

DOCUMENT: dict[str, Any] = yaml.safe_load(render_schema("yaml"))
OPERATIONS = {
    (method, path): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_the_description_is_that_of_the_code() -> None:
    kept, made = PAGE.read_text(), render_schema("yaml").decode()
    changes = difflib.unified_diff(
        kept.splitlines(), made.splitlines(), str(PAGE), "the code", lineterm=""
    )
    assert kept == made, "\n".join([*changes, "", f"If that is meant: {RENEW}"])


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def test_both_forms_say_the_same() -> None:
    assert json.loads(render_schema("json")) == DOCUMENT


def test_every_call_is_described_and_no_other() -> None:
    routed = {
        (method, address.path)
        for address in all_addresses()
        if address.path not in NOT_DESCRIBED
        for method in set(address.methods) - {"head"}
    }
    described = {(method, re.sub(r"{\w+}", str(NOBODY), path)) for method, path in OPERATIONS}
    assert described == routed


def test_every_call_has_a_name_of_its_own_and_says_what_it_does() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    for operation in OPERATIONS.values():
        assert operation["summary"], operation["operationId"]


def test_every_call_but_probes_and_callbacks_takes_a_token() -> None:
    for (_, path), operation in OPERATIONS.items():
        is_open = path.startswith(("/health/", "/api/callbacks/"))
        assert ({"apiToken": []} in operation["security"]) is not is_open, path
        assert ("401" in operation["responses"]) is not is_open, path


@pytest.mark.parametrize(
    ("path", "call"), [("/api/jobs", JOB), ("/api/schedules", SCHEDULE)], ids=["job", "schedule"]
)
def test_the_calls_of_the_contract_are_its_examples(path: str, call: str) -> None:
    (example,) = request_of(OPERATIONS["post", path])["examples"].values()
    sent = json.loads(call.replace("<id of the job>", example["value"].get("jobDefinitionId", "")))
    assert example["value"] == sent
    check(sent, request_of(OPERATIONS["post", path])["schema"], strict=True)


def test_the_examples_of_problems_are_problems() -> None:
    for answer in DOCUMENT["components"]["responses"].values():
        (content,) = answer["content"].values()
        check(content["example"], content["schema"])


# --- what is sent and answered fits the description ---

FORMATS = FormatChecker(formats=["uuid", "date"])


@FORMATS.checks("date-time", raises=ValueError)
def is_utc(value: object) -> bool:
    return not isinstance(value, str) or (
        value.endswith("Z") and datetime.fromisoformat(value) is not None
    )


def strictly(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with schemas that allow no property they do not name."""
    document = copy.deepcopy(document)
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


REGISTRY = Registry().with_resource("urn:api", Resource(strictly(DOCUMENT), DRAFT202012))


def check(value: Any, schema: dict[str, Any], *, strict: bool = False) -> None:
    """Fail unless ``value`` is as the schema says."""
    schema = json.loads(json.dumps(schema).replace('"#/', '"urn:api#/'))
    formats = FormatChecker(formats=[]) if strict else FORMATS
    errors = Draft202012Validator(schema, registry=REGISTRY, format_checker=formats).iter_errors(
        value
    )
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def request_of(operation: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = operation["requestBody"]["content"]["application/json"]
    return content


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


class Walk:
    """Makes calls, and holds each against its description."""

    def __init__(self, client: Any, queries: list[type[Query]]) -> None:
        self.client = client
        self.queries = queries
        self.called: set[tuple[str, str]] = set()

    def call(
        self, method: str, path: str, body: Any = None, *, status: int = 200, **ids: Any
    ) -> dict[str, Any]:
        """Make a call, such as ``/api/jobs/{id}?days=7``, and return what it answers."""
        template, _, query = path.partition("?")
        operation = OPERATIONS[method, template]
        self.called.add((method, template))
        if body is not None:
            check(body, request_of(operation)["schema"], strict=True)
        self.queries.clear()
        address = template.format(**ids) + (f"?{query}" if query else "")
        answer = self.client.send(method, address, body)
        assert answer.status_code == status, (method, path, answer.content)
        self._check_query(operation)
        return self._check_answer(operation, answer)

    def _check_query(self, operation: dict[str, Any]) -> None:
        named = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]
        read = [name for query in self.queries for name in query().fields]
        assert named == read, operation["operationId"]

    def _check_answer(self, operation: dict[str, Any], answer: Any) -> dict[str, Any]:
        described = resolve(operation["responses"][str(answer.status_code)])
        for name in described.get("headers", {}):
            assert name in answer, (operation["operationId"], name)
        if "content" not in described:
            assert answer.content == b""
            return {}
        (media, content), *_ = described["content"].items()
        assert answer["Content-Type"] == media
        body: dict[str, Any] = answer.json()
        check(body, content["schema"])
        return body


@pytest.fixture
def walk(api: Any, monkeypatch: pytest.MonkeyPatch) -> Walk:  # noqa: F811
    """Calls by Alice, with the queries that the views read."""
    queries: list[type[Query]] = []
    read = Query.read.__func__  # type: ignore[attr-defined]

    def noting(cls: type[Query], request: Any) -> Any:
        queries.append(cls)
        return read(cls, request)

    monkeypatch.setattr(Query, "read", classmethod(noting))
    return Walk(api, queries)


def make_history() -> Iterator[UUID]:
    """Make an execution of each status, with a log and moves, and yield their ids."""
    schedule = make_schedule(make_job(category="ETL", expected_duration_seconds=5))
    for number, status in enumerate(ExecutionStatus.values):
        execution = make_execution(
            schedule.job if number % 2 else make_job(parameter_schema={"type": "object"}),
            status=status,
            schedule=schedule if number % 2 else None,
            origin="schedule" if number % 2 else "manual",
            scheduled_for=database_now().replace(microsecond=number),
            progress_fraction=0.5 if status == "running" else None,
            output=[None, 1, {"a": "b"}] if status == "succeeded" else None,
            error_message="no" * 5_000 if status == "failed" else None,
        )
        ExecutionTransition.objects.create(
            execution=execution, to_status=status, attempt=1, fence=1, data={"worker": "w"}
        )
        term = {"path": "environment", "what": "here", "result": "true", "why": "it is"}
        ConditionCheck.objects.create(
            execution=execution, result="true", terms=[term], message="The condition holds."
        )
        JobExecutionLog.objects.create(
            execution=execution,
            attempt=1,
            sequence=1,
            at=database_now(),
            level="INFO",
            stream="log",
            message="hello",
        )
        yield execution.pk


@pytest.mark.django_db
def test_a_walk_through_the_whole_api_fits_its_description(walk: Walk) -> None:
    walk_executions(walk, list(make_history()))
    walk_jobs(walk)
    walk_queues(walk)
    walk_holds(walk)
    walk_runs(walk)
    walk_callbacks(walk)
    walk_locks(walk)
    walk_backfills(walk)
    walk_breakers(walk)
    walk_calendars(walk)
    for name in ("stats", "execution-trends?days=2", "top-failing-jobs", "upcoming-jobs"):
        assert walk.call("get", f"/api/dashboard/{name}")
    make_schedule(next_fire_at=database_now().replace(year=2020))
    assert walk.call("get", "/api/dashboard/stale-jobs")
    for probe in ("live", "ready"):
        walk.call("get", f"/health/{probe}")
    walk.call("get", "/health/jobs", status=503)
    assert walk.called == set(OPERATIONS)


def walk_runs(walk: Walk) -> None:
    first = trigger(actor=TESTER, job=make_graph(("a", "b"))["a"])
    here = {"id": first.correlation_id}
    assert walk.call("get", "/api/runs/{id}", **here)["edges"]
    walk.call("post", "/api/runs/{id}/cancel", {"reason": "wrong day"}, status=202, **here)
    walk.call("post", "/api/runs/{id}/cancel", status=409, **here)
    sent = {"executionId": str(first.pk), "scope": 2, "keepSucceeded": False, "version": "same"}
    walk.call("post", "/api/runs/{id}/rerun", sent, status=202, **here)


def walk_locks(walk: Walk) -> None:
    holder, waiter = make_execution(status="running"), make_execution(status="running")
    tokens = [store.Token(one.pk, 1, "x") for one in (holder, waiter)]
    for token in tokens:
        store.take("ledger", token, job_name="Close the books", is_waiting=True)
    assert walk.call("get", "/api/locks")["results"][0]["waiters"]
    assert walk.call("get", "/api/executions/{id}/why", id=waiter.pk)["causes"][0]["holders"]
    here = {"name": "ledger"}
    walk.call("post", "/api/locks/{name}/break", {"reason": "it hangs"}, status=204, **here)
    walk.call("post", "/api/locks/{name}/break", {"reason": "it hangs"}, status=404, **here)
    store.release("ledger", tokens[1])


def walk_callbacks(walk: Walk) -> None:
    execution = make_execution(status="running")
    here = {"token": open_callback(execution_id=execution.pk, attempt=1).token}
    sent = {"status": "succeeded", "output": {"rows": 7}}
    walk.call("post", "/api/callbacks/{token}", sent, status=204, **here)
    walk.call("post", "/api/callbacks/{token}", sent, status=409, **here)
    walk.call("post", "/api/callbacks/{token}", sent, status=404, token="x" * 43)


def walk_executions(walk: Walk, made: list[UUID]) -> None:
    listed = walk.call("get", "/api/executions?pageSize=4")
    assert listed["next"]
    walk.call("get", "/api/executions?status=failed&status=2&isManual=false")
    for path in ("running", "failed-today"):
        assert walk.call("get", f"/api/executions/{path}")["results"]
    walk.call("get", "/api/executions/job/{job_id}", job_id=listed["results"][0]["jobDefinitionId"])
    for pk in made:
        walk.call("get", "/api/executions/{id}", id=pk)
        assert walk.call("get", "/api/executions/{id}/why", id=pk)["causes"]
        assert walk.call("get", "/api/executions/{id}/logs", id=pk)["results"]
        assert walk.call("get", "/api/executions/{id}/transitions?after=0", id=pk)["results"]
        assert walk.call("get", "/api/executions/{id}/condition-checks", id=pk)["results"]
        walk.call("get", "/api/executions/{id}/condition-checks", id=pk)
    over = walk.call("get", "/api/executions?status=succeeded")["results"][0]["id"]
    body = {"parameters": {"region": "EU"}, "triggeredBy": "Ada"}
    again = walk.call("post", "/api/executions/{id}/rerun", body, status=202, id=over)
    walk.call("post", "/api/executions/{id}/cancel", status=202, id=again["executionId"])
    walk.call("post", "/api/executions/{id}/cancel", status=409, id=over)
    walk.call("get", "/api/executions/{id}", status=404, id=NOBODY)
    walk.call("get", "/api/executions?status=unheard", status=400)


def walk_jobs(walk: Walk) -> None:
    job = walk.call("post", "/api/jobs", json.loads(JOB), status=201)
    here = {"id": job["id"]}
    whole = {"name": "Daily", "executionTypeName": "reports.daily", "priority": 9}
    sent = json.loads(SCHEDULE.replace("<id of the job>", job["id"]))
    schedule = walk.call("post", "/api/schedules", sent, status=201)
    walk.call("post", "/api/jobs", {"name": "No handler"}, status=400)
    walk.call("get", "/api/jobs?status=1&teamName=Data Analytics")
    walk.call("get", "/api/jobs/{id}", **here)
    walk.call("put", "/api/jobs/{id}", whole, **here)
    walk.call("patch", "/api/jobs/{id}", {"allowedEnvironments": ["Production", 1]}, **here)
    walk.call("put", "/api/jobs/{id}/status", {"status": "disabled", "reason": "x"}, **here)
    walk.call("post", "/api/jobs/{id}/trigger", status=409, **here)
    walk.call("put", "/api/jobs/{id}/status", {"status": 1}, **here)
    walk.call("post", "/api/jobs/{id}/trigger", {"parameters": {}}, status=202, **here)
    assert walk.call("get", "/api/jobs/{id}/schedules", **here)["results"]
    walk_schedules(walk, schedule["id"], sent)
    walk_dependencies(walk, job["id"])
    walk.call("delete", "/api/jobs/{id}", status=204, **here)
    walk.call("put", "/api/jobs/{id}", whole, status=409, **here)


def walk_dependencies(walk: Walk, job: str) -> None:
    upstream = make_job(name="Load")
    path = "/api/jobs/{job_id}/dependencies"
    sent = {"upstreamJobName": "Load", "condition": 3, "outputMapping": {"rows": "rows.0"}}
    made = walk.call("post", path, sent, status=201, job_id=job)
    here = {"job_id": job, "id": made["id"]}
    walk.call("post", path, {"upstreamJobId": job}, status=400, job_id=job)
    assert walk.call("get", f"{path}?pageSize=5", job_id=job)["results"]
    dependents = "/api/jobs/{job_id}/dependents"
    assert walk.call("get", dependents, job_id=upstream.pk)["results"]
    walk.call("get", f"{path}/{{id}}", **here)
    walk.call("put", f"{path}/{{id}}", {"delayAfterCompletionSeconds": 60}, **here)
    walk.call("patch", f"{path}/{{id}}", {"isActive": False}, **here)
    walk.call("delete", f"{path}/{{id}}", status=204, **here)


def walk_schedules(walk: Walk, pk: str, sent: dict[str, Any]) -> None:
    rule = {"scheduleType": "weekly", "daysOfWeek": 62, "timeOfDay": "02:30:00"}
    zone = {"timezone": "Europe/Berlin"}
    walk.call("get", "/api/schedules?isActive=true")
    walk.call("get", "/api/schedules/{id}", id=pk)
    walk.call("put", "/api/schedules/{id}", sent | {"timezone": "Asia/Tokyo"}, id=pk)
    assert walk.call("post", "/api/schedules/{id}/preview", {"timeOfDay": "07:00"}, id=pk)["added"]
    assert walk.call("get", "/api/schedules/{id}/why", id=pk)["causes"]
    walk.call("post", "/api/schedules/{id}/pause", {"reason": "month end"}, id=pk)
    walk.call("post", "/api/schedules/{id}/resume", id=pk)
    walk.call("patch", "/api/schedules/{id}", {"isActive": False}, id=pk)
    assert walk.call("get", "/api/schedules/{id}/preview?count=3", id=pk)["fires"]
    walk.call("get", "/api/schedules/{id}/slots?pageSize=5", id=pk)
    body = {**rule, **zone, "afterUtc": "2026-03-28T00:00:00Z", "count": 5}
    assert walk.call("post", "/api/schedules/preview", body)["fires"]
    walk.call("post", "/api/schedules/preview", {"scheduleType": 6}, status=400)
    walk.call("delete", "/api/schedules/{id}", status=204, id=pk)


def walk_queues(walk: Walk) -> None:
    now = database_now()
    for kind in Worker.Kind.values:
        Worker.objects.create(
            name=kind,
            kind=kind,
            hostname="here",
            pid=1,
            queues=["default"],
            started_at=now,
            last_seen_at=now,
        )
    walk.call("get", "/api/workers?includeGone=true")
    Queue.objects.create(name="reports", max_concurrent_executions=3)
    assert walk.call("get", "/api/queues")["results"]
    walk.call("post", "/api/queues", {"name": "new", "isPaused": True}, status=201)
    walk.call("get", "/api/queues/{name}", name="new")
    walk.call("put", "/api/queues/{name}", {"name": "new"}, name="new")
    walk.call("patch", "/api/queues/{name}", {"reason": "x", "isPaused": False}, name="new")
    walk.call("post", "/api/workers/{name}/drain", {"withinSeconds": 5}, name="worker")
    walk.call("post", "/api/workers/{name}/undrain", {"updatedBy": "Ada"}, name="worker")
    walk.call("post", "/api/workers/{name}/undrain", {}, status=409, name="worker")


def walk_holds(walk: Walk) -> None:
    sent = {"scope": 3, "queue": "default", "reason": "x", "untilUtc": "2130-01-01T00:00:00Z"}
    held = walk.call("post", "/api/holds", sent, status=201)
    walk.call("post", "/api/holds", sent, status=409)
    assert walk.call("get", "/api/holds?ended=false")["results"]
    walk.call("get", "/api/holds/{id}", id=held["id"])
    walk.call("patch", "/api/holds/{id}", {"untilUtc": None}, id=held["id"])
    walk.call("post", "/api/holds/{id}/end", {}, id=held["id"])


def walk_backfills(walk: Walk) -> None:
    schedule = make_hourly()
    sent = {"fromUtc": "2026-05-04T00:00:00Z", "untilUtc": "2026-05-04T03:00:00Z", "limit": 2}
    here = {"id": schedule.job_id}
    walk.call("post", "/api/jobs/{id}/backfills", sent | {"dryRun": True}, **here)
    made = walk.call("post", "/api/jobs/{id}/backfills", sent, status=201, **here)
    here = {"id": made["id"]}
    assert walk.call("get", f"/api/backfills?jobDefinitionId={schedule.job_id}")["results"]
    walk.call("get", "/api/backfills/{id}", **here)
    assert walk.call("get", "/api/backfills/{id}/executions?pageSize=2", **here)["results"]
    walk.call("post", "/api/backfills/{id}/cancel", {"reason": "wrong range"}, **here)
    walk.call("post", "/api/backfills/{id}/cancel", status=409, **here)


def walk_breakers(walk: Walk) -> None:
    here = {"id": make_job().pk}
    walk.call("get", "/api/jobs/{id}/breaker", **here)
    walk.call("post", "/api/jobs/{id}/breaker/open", {"reason": "the vendor is down"}, **here)
    walk.call("post", "/api/jobs/{id}/breaker/close", {}, **here)
    walk.call("post", "/api/jobs/{id}/breaker/close", {}, status=409, **here)


def walk_calendars(walk: Walk) -> None:
    day = {"date": "2026-12-24", "name": "Christmas Eve"}
    sent = {"name": "England", "sources": [{"country": "GB", "subdivision": "ENG"}]}
    walk.call("post", "/api/calendars?dryRun=true", sent)
    calendar = walk.call("post", "/api/calendars", sent | {"weekend": ["Sunday", 64]}, status=201)
    here = {"id": calendar["id"]}
    assert walk.call("get", "/api/calendars?search=eng")["results"]
    walk.call("get", "/api/calendars/{id}", **here)
    walk.call("put", "/api/calendars/{id}", {"name": "UK", "combine": 2}, **here)
    walk.call("patch", "/api/calendars/{id}?dryRun=true", {"extraHolidays": [day]}, **here)
    walk.call("patch", "/api/calendars/{id}", {"extraWorkdays": [day]}, **here)
    assert walk.call("get", "/api/calendars/{id}/days?year=2026", **here)["results"]
    window = {"name": "Night", "scope": "global", "fromTime": "22:00", "untilTime": "05:00"}
    made = walk.call("post", "/api/exclusions", window, status=201)
    assert walk.call("get", "/api/exclusions?scope=1")["results"]
    walk.call("get", "/api/exclusions/{id}", id=made["id"])
    walk.call("put", "/api/exclusions/{id}", {"name": "UK", "calendar": "UK"}, id=made["id"])
    walk.call("patch", "/api/exclusions/{id}", {"onExcluded": "defer"}, id=made["id"])
    walk.call("delete", "/api/calendars/{id}", status=409, **here)
    walk.call("delete", "/api/exclusions/{id}", status=204, id=made["id"])
    walk.call("delete", "/api/calendars/{id}", status=204, **here)
    wrong = {"name": "X", "firstYear": 2030, "lastYear": 2029}
    walk.call("post", "/api/calendars", wrong, status=400)


@pytest.mark.django_db
def test_who_may_not_is_answered_as_described(bob_api: Any, client: Any) -> None:  # noqa: F811
    problem = {"$ref": "#/components/schemas/Problem"}
    check(bob_api.get("/api/jobs").json(), problem)
    check(client.get("/api/jobs").json(), problem)
    check(bob_api.post("/api/jobs", "x", "text/plain").json(), problem)
