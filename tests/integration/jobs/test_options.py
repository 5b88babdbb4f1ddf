"""The options of each mode: what is refused, by which name, and what to do instead."""

from typing import Any

import pytest

from core.errors import Conflict, FieldProblem, InvalidInput
from jobs.definitions import change_job, create_job, set_job_status
from jobs.models import JobDefinition, JobStatus
from tests.factories import TESTER, make_job

pytestmark = pytest.mark.django_db

URL = "https://reports.example.com/runs"
SECRET = {"secret": "env:JOBSECRET_TOKEN"}


def problems(mode: str, options: Any, **fields: Any) -> dict[str, FieldProblem]:
    """Return what is wrong with a job of that mode and those options, by field."""
    with pytest.raises(InvalidInput) as refusal:
        make_job(
            execution_mode=mode,
            execution_command="true",
            **{"execution_options": options, **fields},
        )
    assert not JobDefinition.objects.exists()
    return {
        problem.field.removeprefix("execution_options."): problem
        for problem in refusal.value.problems
    }


@pytest.mark.parametrize("mode", ["in_process", "out_of_process"])
def test_a_mode_without_options_takes_none(mode: str) -> None:
    assert problems(mode, {"note": 1})["note"].code == "unknown_option"
    assert make_job(execution_mode=mode, execution_command="true").execution_options == {}


@pytest.mark.parametrize("mode", ["in_process", "http", "celery_task", "container"])
@pytest.mark.parametrize("options", [[], "url", 1, [{"url": URL}]], ids=repr)
def test_options_are_an_object(mode: str, options: Any) -> None:
    # An empty list is what Django itself takes for nothing given.
    assert problems(mode, options)["execution_options"].code in ("not_an_object", "required")


def test_a_draft_may_have_any_options_until_it_is_enabled() -> None:
    fields = {"name": "draft", "status": "draft", "execution_mode": "http"}
    draft = create_job(actor=TESTER, fields=fields)

    with pytest.raises(Conflict, match=r"execution_options\.url: An http job needs its url"):
        set_job_status(actor=TESTER, job=draft, status=JobStatus.ACTIVE)
    change_job(actor=TESTER, job=draft, fields={"execution_options": {"url": URL}})
    assert set_job_status(actor=TESTER, job=draft, status=JobStatus.ACTIVE).status == "active"


def test_who_changes_the_mode_changes_the_options_too() -> None:
    job = make_job(execution_mode="http", execution_options={"url": URL})

    with pytest.raises(InvalidInput, match="An in_process job takes no options"):
        change_job(actor=TESTER, job=job, fields={"execution_mode": "in_process"})
    fields = {"execution_mode": "in_process", "execution_options": {}}
    assert change_job(actor=TESTER, job=job, fields=fields).execution_options == {}


# --- HTTP


@pytest.mark.parametrize(
    "options",
    [
        {"url": URL},
        {"url": "http://10.0.0.7:8080/runs/{region}?day={business_day}&x=%7B"},
        {"url": "https://[fd00::1]/"},
        *({"url": URL, "method": method} for method in ("GET", "HEAD", "PUT", "DELETE")),
        {"url": URL, "headers": {"Authorization": {**SECRET, "prefix": "Bearer "}, "X-A": "b"}},
        *({"url": URL, "body": body} for body in (None, {}, {"region": "{region}"}, [1], "x")),
        {"url": URL, "expectedStatuses": [200, 202, 409]},
        {"url": URL, "completion": {"kind": "callback"}},
        {"url": URL, "completion": {"kind": "callback", "field": "callbackUrl"}},
        {"url": URL, "completion": {"kind": "poll"}},
        {
            "url": URL,
            "completion": {
                "kind": "poll",
                "url": URL,
                "everySeconds": 2.5,
                "statusPath": "job.state",
                "succeeded": ["done"],
                "failed": ["broken"],
            },
        },
    ],
    ids=str,
)
def test_a_request_is_taken(options: dict[str, Any]) -> None:
    job = make_job(execution_mode="http", execution_type_name="", execution_options=options)

    assert job.execution_options == options


@pytest.mark.parametrize(
    ("options", "name", "code", "says"),
    [
        ({}, "url", "required", "needs its url, such as"),
        ({"adress": URL}, "adress", "unknown_option", "the options are: method, url,"),
        *(
            ({"url": url}, "url", "invalid_option", says)
            for url, says in (
                (None, "Write a web address such as"),
                (1, "Write a web address such as"),
                ("https://bücher.example/", "in ASCII"),
                ("https://a.example/\n", "Write a web address"),
                ("", "begins with https://"),
                ("reports.example.com", "begins with https://"),
                ("ftp://reports.example.com/", "begins with https://"),
                ("https:///runs", "begins with https://"),
                ("https://a.example/a b", "without blanks"),
                ("https://a.example:port/", "It is no web address"),
                ("https://[::1/", "It is no web address"),
                ("https://{host}/", "write the host out"),
                ("https://a.example:{port}/", "write the host out"),
                ("https://u:p@a.example/", "in a header, as a secret"),
                ("https://a.example/#top", "never sent"),
                ("https://a.example/{}", "place for a parameter as {name}"),
                ("https://a.example/{a", "place for a parameter as {name}"),
                ("https://a.example/{a b}", "blanks"),
            )
        ),
        ({"url": URL, "method": "get"}, "method", "invalid_option", "Use one of GET, HEAD"),
        ({"url": URL, "method": ["GET"]}, "method", "invalid_option", "Use one of GET, HEAD"),
        ({"url": URL, "method": "GET", "body": {}}, "body", "invalid_option", "use POST"),
        ({"url": URL, "headers": ["a"]}, "headers", "invalid_option", "Write an object"),
        *(
            ({"url": URL, "headers": {name: value}}, f"headers.{name}", "invalid_option", says)
            for name, value, says in (
                ("X A", "b", "letters, digits and hyphens"),
                ("X-A", "b\r\nX-B: c", "one line of ASCII"),
                ("X-A", 1, "a reference to a secret"),
                ("X-A", {"secret": "env:PATH"}, "names no secret"),
                ("Host", "b", "The platform writes this header itself"),
                ("idempotency-key", "b", "The platform writes this header itself"),
            )
        ),
        *(
            ({"url": URL, "expectedStatuses": value}, "expectedStatuses", "invalid_option", "List")
            for value in ([], 200, ["200"], [99], [600], [True])
        ),
        *(
            ({"url": URL, "completion": value}, "completion", "invalid_option", '"kind": "poll"')
            for value in ([], "poll", {}, {"kind": "push"}, {"kind": ["poll"]})
        ),
        *(
            ({"url": URL, "completion": value}, f"completion.{name}", code, says)
            for value, name, code, says in (
                ({"kind": "callback", "url": URL}, "url", "unknown_option", "kind, field"),
                ({"kind": "callback", "field": ""}, "field", "invalid_option", "Name the field"),
                ({"kind": "poll", "url": "x"}, "url", "invalid_option", "web address"),
                ({"kind": "poll", "everySeconds": 0}, "everySeconds", "invalid_option", "from 1"),
                ({"kind": "poll", "everySeconds": True}, "everySeconds", "invalid_option", "1 to"),
                ({"kind": "poll", "statusPath": "a..b"}, "statusPath", "invalid_option", "Name"),
                ({"kind": "poll", "statusPath": "a"}, "succeeded", "required", "Say which words"),
                ({"kind": "poll", "failed": ["a"]}, "statusPath", "required", "Say which field"),
                ({"kind": "poll", "succeeded": "a"}, "succeeded", "invalid_option", "List the"),
                ({"kind": "poll", "failed": [1]}, "failed", "invalid_option", "List the words"),
            )
        ),
    ],
    ids=str,
)
def test_a_request_that_cannot_be_sent_is_refused_with_the_fix(
    options: dict[str, Any], name: str, code: str, says: str
) -> None:
    problem = problems("http", options)[name]

    assert problem.code == code
    assert says in problem.detail


# --- Celery tasks


@pytest.mark.parametrize(
    "options",
    [
        {"ignoreResult": True},
        {"resultBackendUrl": SECRET},
        {
            "queue": "reports",
            "args": [1, {"a": None}],
            "brokerUrl": {"secret": "file:celery-broker"},
            "resultBackendUrl": SECRET,
            "ignoreResult": False,
        },
    ],
    ids=str,
)
def test_a_task_is_taken(options: dict[str, Any]) -> None:
    job = make_job(execution_mode="celery_task", execution_options=options)

    assert job.execution_options == options


def test_a_broker_of_the_teams_own_has_queues_of_any_name() -> None:
    options = {"queue": "shop:eu", "brokerUrl": SECRET, "ignoreResult": True}

    assert make_job(execution_mode="celery_task", execution_options=options)


def test_a_task_needs_its_name() -> None:
    found = problems("celery_task", {"ignoreResult": True}, execution_type_name="")

    assert found["execution_type_name"].code == "required"


@pytest.mark.parametrize(
    ("options", "name", "code", "says"),
    [
        ({}, "resultBackendUrl", "required", "or set ignoreResult to true"),
        ({"ignoreResult": False}, "resultBackendUrl", "required", "ignoreResult"),
        ({"ignoreResult": 1}, "ignoreResult", "invalid_option", "true or false"),
        ({"countdown": 5}, "countdown", "unknown_option", "the options are: queue, args"),
        *(({"queue": q}, "queue", "invalid_option", "Name the queue") for q in ("", " a", 1)),
        *(
            ({"queue": q}, "queue", "invalid_option", "name a broker of the team's own")
            for q in (
                *("scheduler:lock:held:payments", "_kombu.binding.x", "unacked_index"),
                *("default\x06\x163", "celery@a.celery.pidbox", "x.reply.celery.pidbox"),
            )
        ),
        ({"args": {"a": 1}}, "args", "invalid_option", "List the positional arguments"),
        *(
            ({name: value}, name, "invalid_option", "An address names a server")
            for name in ("brokerUrl", "resultBackendUrl")
            for value in ("redis://:password@host/0", None, {"secret": "env:PATH"})
        ),
    ],
    ids=str,
)
def test_a_task_that_cannot_be_sent_is_refused_with_the_fix(
    options: dict[str, Any], name: str, code: str, says: str
) -> None:
    problem = problems("celery_task", options)[name]

    assert problem.code == code
    assert says in problem.detail
    assert "password@" not in problem.detail
