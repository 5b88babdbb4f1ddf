"""Requests as jobs: what is sent, what answers mean, and what is waited for."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from core.clock import database_now
from core.errors import Conflict, NotFound
from executions.authoring import StopJob
from executions.callbacks import open_callback, receive_answer
from executions.handlers.http import run_http
from executions.handlers.http.requests import BadRequest, fill_url
from executions.models import Callback
from executions.outcomes import Failed, Outcome, RetryAsked, Succeeded
from executions.watchdog import Guard, Stop
from tests.factories import make_execution
from tests.integration.executions.attempts import make_guard, stopping
from tests.web_server import Asked, Told, WebServer, serving

pytestmark = pytest.mark.django_db

TOKEN = "a-token-that-nobody-may-see"
ANY_TIME = {"kind": "poll", "everySeconds": 0.01}


@pytest.fixture(autouse=True)
def _loopback(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_CIDRS = ["127.0.0.0/8"]


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving() as server:
        yield server


def guard_of(options: dict[str, Any], **more: Any) -> Guard:
    return make_guard("http", options, **more)


def outcome_of(options: dict[str, Any], **more: Any) -> Outcome:
    return run_http(guard_of(options, **more))


def answers(web: WebServer, *told: Told) -> None:
    """Let the server give these answers in turn, and then the last one for ever."""
    left = list(told)
    web.answer = lambda asked: left.pop(0) if len(left) > 1 else left[0]


# --- What is sent


def test_parameters_are_the_body_unless_the_job_says_otherwise(web: WebServer) -> None:
    parameters = {"region": "EU", "days": [1, 2]}

    assert outcome_of({"url": web.url("/runs")}, parameters=parameters) == Succeeded()

    (asked,) = web.asked
    assert (asked.method, asked.path, asked.json) == ("POST", "/runs", parameters)
    assert asked.headers["content-type"] == "application/json"


def test_url_and_body_take_parameters_in_their_places(web: WebServer) -> None:
    body = {"region": "{region}", "days": ["{days}"], "note": "of {region}", "fixed": 1}
    options = {"url": web.url("/runs/{region}?full={full}&n={n}"), "body": body, "method": "PUT"}
    parameters = {"region": "a/b ü&", "days": [1], "full": True, "n": 7}

    outcome_of(options, parameters=parameters)

    (asked,) = web.asked
    assert asked.method == "PUT"
    assert asked.path == "/runs/a%2Fb%20%C3%BC%26?full=true&n=7"
    assert asked.json == {"region": "a/b ü&", "days": [[1]], "note": "of {region}", "fixed": 1}


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_request_without_body_sends_no_parameters(web: WebServer, method: str) -> None:
    outcome_of({"url": web.url(), "method": method}, parameters={"region": "EU"})

    (asked,) = web.asked
    assert (asked.method, asked.body) == (method, b"")
    assert "content-type" not in asked.headers


def test_the_other_side_can_tell_a_repetition(web: WebServer) -> None:
    guard = guard_of({"url": web.url(), "headers": {"X-Team": "reports"}}, attempt=3)

    run_http(guard)

    headers = web.asked[0].headers
    assert headers["idempotency-key"] == str(guard.claim.execution_id)
    assert headers["x-scheduler-execution-id"] == str(guard.claim.execution_id)
    assert (headers["x-scheduler-attempt"], headers["x-team"]) == ("3", "reports")
    assert headers["user-agent"] == "scheduler"


@pytest.mark.parametrize(
    ("options", "parameters", "says"),
    [
        ({"url": "/{region}"}, {"day": 1}, "url has a place for the parameter 'region'"),
        ({"url": "/{region}"}, {"region": None}, "takes the parameter 'region' as text"),
        ({"url": "/{region}"}, {"region": ["EU"]}, "takes the parameter 'region' as text"),
        ({"url": "/a/{region}/b"}, {"region": ".."}, "leads elsewhere"),
        ({"url": "/a/{region}"}, {"region": ""}, "path of the url is empty"),
        ({"url": "/", "body": {"a": "{b}"}}, {}, "body has a place for the parameter 'b'"),
    ],
    ids=str,
)
def test_parameters_that_do_not_fit_send_nothing(
    web: WebServer, options: dict[str, Any], parameters: dict[str, Any], says: str
) -> None:
    options = {**options, "url": web.url(options["url"])}

    outcome = outcome_of(options, parameters=parameters)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("BadRequest", True)
    assert says in outcome.message
    assert not web.asked


def test_a_parameter_cannot_leave_its_part_of_the_address() -> None:
    filled = fill_url("https://a.example/x/{p}", {"p": "../../@b.example/?q#f\r\n"})

    assert filled == "https://a.example/x/..%2F..%2F%40b.example%2F%3Fq%23f%0D%0A"
    with pytest.raises(BadRequest):
        fill_url("https://a.example/x/{p}", {"p": ".."})


# --- Secrets


@pytest.fixture
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSECRET_TOKEN", TOKEN)


AUTHORIZATION = {"Authorization": {"secret": "env:JOBSECRET_TOKEN", "prefix": "Bearer "}}


@pytest.mark.usefixtures("_secret")
def test_a_secret_is_sent_and_hidden_from_then_on(web: WebServer) -> None:
    guard = guard_of({"url": web.url(), "headers": AUTHORIZATION})

    run_http(guard)

    assert web.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert guard.lines.mask.hide(f"it was {TOKEN}") == "it was [secret]"


def test_without_its_secret_nothing_is_sent(web: WebServer) -> None:
    outcome = outcome_of({"url": web.url(), "headers": AUTHORIZATION})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("SecretMissing", True)
    assert "set the variable JOBSECRET_TOKEN" in outcome.message
    assert not web.asked


def test_a_secret_that_cannot_be_a_header_is_not_quoted(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBSECRET_TOKEN", f"{TOKEN}\nX-Other: 1")

    outcome = outcome_of({"url": web.url(), "headers": AUTHORIZATION})

    assert isinstance(outcome, Failed)
    assert outcome.message == "The secret for the header Authorization is not one line of ASCII."
    assert not web.asked


# --- Answers


@pytest.mark.parametrize(
    ("body", "output"),
    [
        (b"", None),
        (b" \n", None),
        (b'{"rows": 42, "ratio": 1.5}', {"rows": 42, "ratio": 1.5}),
        (b"[]", []),
        (b"null", None),
        (b"done", "done"),
        (b'{"ratio": NaN}', '{"ratio": NaN}'),
        (b'"\\u0000"', '"\\u0000"'),
        (b"a\x00b\xff", "a\ufffdb\ufffd"),
        (b"[" * 100_000, "[" * 100_000),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_the_answer_becomes_the_output_as_json_or_else_as_text(
    web: WebServer, body: bytes, output: Any
) -> None:
    answers(web, Told(200, body))

    outcome = outcome_of({"url": web.url()})

    assert isinstance(outcome, Succeeded)
    assert json.loads(outcome.output or "null") == output


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 50 * 1024 * 1024])
def test_an_answer_larger_than_an_output_may_be_fails_for_good(web: WebServer, size: int) -> None:
    answers(web, Told(200, b"x" * size))

    outcome = outcome_of({"url": web.url()})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("OutputNotStorable", True)
    assert "more than 1,048,576 bytes" in outcome.message


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [
        *((status, True) for status in (301, 302, 307, 400, 401, 403, 404, 409, 410, 422)),
        *((status, False) for status in (408, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_what_another_try_may_not_meet_is_tried_again(
    web: WebServer, status: int, is_permanent: bool
) -> None:
    answers(web, Told(status, {"error": "no such report"}))

    outcome = outcome_of({"url": web.url()})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == (f"Http{status}", is_permanent)
    assert f"It answered {status}" in outcome.message
    assert "no such report" in outcome.message


def test_expected_statuses_are_the_only_good_ones(web: WebServer) -> None:
    answers(web, Told(409, b"known"), Told(200, b"new"))
    options = {"url": web.url(), "expectedStatuses": [201, 409]}

    assert outcome_of(options) == Succeeded('"known"')
    unexpected = outcome_of(options)
    assert isinstance(unexpected, Failed)
    assert unexpected.is_permanent


def test_a_redirect_is_not_followed_and_says_where_it_leads(web: WebServer) -> None:
    answers(web, Told(302, b"", {"Location": web.url("/other")}))

    outcome = outcome_of({"url": web.url("/here")})

    assert isinstance(outcome, Failed)
    assert f"leads to {web.url('/other')}, which is not followed" in outcome.message
    assert [asked.path for asked in web.asked] == ["/here"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "delay"),
    [
        ("0", 0),
        ("120", 120),
        ("9" * 30, 10**9),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", pytest.approx(2.5e11, rel=0.1)),
    ],
)
def test_who_asks_to_be_called_later_is(
    web: WebServer, status: int, said: str, delay: float
) -> None:
    answers(web, Told(status, b"busy", {"Retry-After": said}))

    outcome = outcome_of({"url": web.url()})

    assert isinstance(outcome, RetryAsked)
    assert outcome.delay == delay
    assert f"It answered {status}: busy" in outcome.message


@pytest.mark.parametrize(
    "said",
    [
        *("soon", "-5", "1.5", "", "99 Oct 2015", "\u0662"),
        f"Wed, 21 Oct {'9' * 20} 07:28:00 GMT",
    ],
)
def test_a_retry_after_that_says_nothing_leaves_it_to_the_policy(web: WebServer, said: str) -> None:
    answers(web, Told(503, b"", {"Retry-After": said}))

    outcome = outcome_of({"url": web.url()})

    assert isinstance(outcome, Failed)
    assert not outcome.is_permanent


@pytest.mark.usefixtures("_secret")
@pytest.mark.parametrize("status", [302, 400, 503])
def test_no_part_of_a_secret_is_left_where_an_answer_is_cut(web: WebServer, status: int) -> None:
    echoed = "x" * 480 + TOKEN
    answers(web, Told(status, echoed.encode(), {"Location": echoed, "Retry-After": "0"}))

    outcome = outcome_of({"url": web.url(), "headers": AUTHORIZATION})

    assert isinstance(outcome, Failed | RetryAsked)
    assert "xx[secret]" in outcome.message
    assert TOKEN[:5] not in outcome.message


def test_who_does_not_answer_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    outcome = outcome_of({"url": f"http://127.0.0.1:{port}/"})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("NoAnswer", False)
    assert f"http://127.0.0.1:{port}/: no answer" in outcome.message


def test_an_address_that_may_not_be_called_is_not(web: WebServer, settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_CIDRS = []

    outcome = outcome_of({"url": web.url()})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("OutboundRefused", True)
    assert "OUTBOUND_ALLOWED_CIDRS" in outcome.message
    assert not web.asked


# --- Stops


def drip(begun: threading.Event) -> Iterator[bytes]:
    """A body that never ends."""
    while True:
        yield b"x"
        begun.set()
        time.sleep(0.01)


def silence(begun: threading.Event) -> Iterator[bytes]:
    """A body that never begins."""
    begun.set()
    threading.Event().wait(20)
    yield b""


@pytest.mark.parametrize("stop", [Stop.CANCEL, Stop.TIMEOUT, Stop.DRAIN])
@pytest.mark.parametrize("how", [drip, silence])
def test_a_stop_ends_a_request_that_waits(web: WebServer, stop: Stop, how: Any) -> None:
    begun = threading.Event()
    answers(web, Told(200, parts=lambda: how(begun)))
    guard = guard_of({"url": web.url()})

    with stopping(guard, stop, once=begun):
        began = time.monotonic()
        with pytest.raises(StopJob):
            run_http(guard)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "completion", [{"kind": "poll", "everySeconds": 600}, {"kind": "callback"}]
)
def test_a_stop_ends_what_is_waited_for(web: WebServer, completion: dict[str, Any]) -> None:
    execution = make_execution(status="running")
    accepted = threading.Event()

    def accept(asked: Asked) -> Told:
        accepted.set()
        return Told(202, b"", {"Location": "/job"})

    web.answer = accept
    guard = guard_of({"url": web.url(), "completion": completion}, execution_id=execution.pk)

    with stopping(guard, Stop.CANCEL, once=accepted):
        began = time.monotonic()
        with pytest.raises(StopJob):
            run_http(guard)

    assert time.monotonic() - began < 5


# --- Asking until it is done


def test_a_job_that_is_done_at_once_is_not_asked_after(web: WebServer) -> None:
    answers(web, Told(200, b"done"))

    assert outcome_of({"url": web.url(), "completion": ANY_TIME}) == Succeeded('"done"')
    assert len(web.asked) == 1


@pytest.mark.usefixtures("_secret")
def test_the_location_is_asked_until_it_answers_otherwise_than_202(web: WebServer) -> None:
    answers(web, Told(202, b"", {"Location": "/jobs/7"}), Told(202), Told(202), Told(200, b"done"))
    options = {"url": web.url("/jobs"), "completion": ANY_TIME, "headers": AUTHORIZATION}

    assert outcome_of(options) == Succeeded('"done"')

    assert [(asked.method, asked.path) for asked in web.asked] == [
        ("POST", "/jobs"),
        *[("GET", "/jobs/7")] * 3,
    ]
    assert web.asked[1].headers["authorization"] == f"Bearer {TOKEN}"


STATES = {**ANY_TIME, "statusPath": "job.state", "succeeded": ["done"], "failed": ["broken"]}


def state(word: Any) -> Told:
    return Told(200, {"job": {"state": word}})


def test_a_word_of_the_answer_says_when_it_is_done(web: WebServer) -> None:
    answers(web, Told(202), state("queued"), state("running"), state("done"))
    completion = {**STATES, "url": web.url("/jobs/{id}")}

    outcome = outcome_of({"url": web.url(), "completion": completion}, parameters={"id": 7})

    assert outcome == Succeeded('{"job":{"state":"done"}}')
    assert [asked.path for asked in web.asked] == ["/", *["/jobs/7"] * 3]


@pytest.mark.parametrize(
    ("told", "error_type", "is_permanent", "says"),
    [
        (state("broken"), "RemoteFailed", False, "'broken'"),
        (Told(200, {"job": {}}), "StatusMissing", True, "no text at job.state"),
        (Told(200, b"done"), "StatusMissing", True, "no text at job.state"),
        (Told(200, [1]), "StatusMissing", True, "no text at job.state"),
        (state({"a": 1}), "StatusMissing", True, "no text at job.state"),
        (Told(404, b"gone"), "Http404", True, "It answered 404: gone"),
    ],
    ids=str,
)
def test_asking_ends_when_the_answer_cannot_get_better(
    web: WebServer, told: Told, error_type: str, is_permanent: bool, says: str
) -> None:
    answers(web, Told(202), told)
    completion = {**STATES, "url": web.url("/job")}

    outcome = outcome_of({"url": web.url(), "completion": completion})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == (error_type, is_permanent)
    assert says in outcome.message


def test_who_cannot_answer_now_is_asked_again(web: WebServer) -> None:
    answers(web, Told(202), Told(503, b"busy"), Told(429, b"", {"Retry-After": "0"}), state("done"))
    guard = guard_of({"url": web.url(), "completion": {**STATES, "url": web.url("/job")}})

    assert isinstance(run_http(guard), Succeeded)

    said = [line.message for line in guard.lines.take()]
    assert said[0] == "It answered 503: busy Asking again in 0.01 s."
    assert len(said) == 2


@pytest.mark.parametrize(
    ("location", "says"),
    [
        (None, "no Location"),
        ("http://127.0.0.1:1/job", "leads to another server"),
        ("https://elsewhere.example/", "leads to another server"),
        ("http://[", "no web address"),
    ],
)
def test_the_headers_of_a_job_go_to_no_other_server(
    web: WebServer, location: str | None, says: str
) -> None:
    answers(web, Told(202, b"", {} if location is None else {"Location": location}))

    outcome = outcome_of({"url": web.url(), "completion": ANY_TIME})

    assert isinstance(outcome, Failed)
    assert outcome.is_permanent
    assert says in outcome.message
    assert len(web.asked) == 1


# --- Being called


CALLED = {"kind": "callback", "field": "answerTo"}


def test_the_other_side_is_told_where_to_answer_and_its_answer_is_the_outcome(
    web: WebServer, settings: Settings
) -> None:
    settings.PUBLIC_BASE_URL = "https://scheduler.example.com/"
    execution = make_execution(status="running")
    guard = guard_of({"url": web.url(), "completion": CALLED}, execution_id=execution.pk)
    answers(web, Told(400))

    run_http(guard)

    (asked,) = web.asked
    url = asked.headers["x-scheduler-callback-url"]
    assert url.startswith("https://scheduler.example.com/api/callbacks/")
    assert asked.json == {"answerTo": url}
    token = url.rpartition("/")[2]
    assert token not in Callback.objects.get().token_hash
    assert guard.lines.mask.hide(url) == "https://scheduler.example.com/api/callbacks/[secret]"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": "succeeded", "output": {"rows": 1}}, Succeeded('{"rows":1}')),
        ({"status": "succeeded"}, Succeeded()),
        ({"status": "failed", "message": "no disk"}, Failed("RemoteFailed", "no disk")),
        (
            {"status": "failed"},
            Failed("RemoteFailed", "The other side says that it failed."),
        ),
    ],
    ids=str,
)
def test_an_answer_that_has_come_is_the_outcome(
    web: WebServer, answer: dict[str, Any], outcome: Outcome
) -> None:
    execution = make_execution(status="running")
    guard = guard_of({"url": web.url(), "completion": CALLED}, execution_id=execution.pk)

    def accept(asked: Asked) -> Told:
        return Told(202)

    web.answer = accept
    token = open_callback(execution_id=execution.pk, attempt=1).token
    receive_answer(token=token, answer=answer)

    assert run_http(guard) == outcome


def test_a_success_that_came_while_nobody_listened_is_not_asked_for_again(web: WebServer) -> None:
    execution = make_execution(status="retrying")
    success, failure = (open_callback(execution_id=execution.pk, attempt=1) for _ in range(2))
    receive_answer(token=failure.token, answer={"status": "failed"})
    Callback.objects.filter(received_at__isnull=False).update(received_at=execution.due_at)
    answers(web, Told(500))

    options = {"url": web.url(), "completion": CALLED}
    assert isinstance(outcome_of(options, execution_id=execution.pk, attempt=2), Failed)
    assert len(web.asked) == 1

    receive_answer(token=success.token, answer={"status": "succeeded", "output": 1})
    Callback.objects.filter(received_at__isnull=False).update(received_at=execution.due_at)
    assert outcome_of(options, execution_id=execution.pk, attempt=2) == Succeeded("1")
    assert len(web.asked) == 1


def test_an_address_takes_one_answer() -> None:
    execution = make_execution(status="running")
    token = open_callback(execution_id=execution.pk, attempt=1).token
    now = database_now()

    receive_answer(token=token, answer={"status": "succeeded"})
    with pytest.raises(Conflict, match="each address takes one") as refusal:
        receive_answer(token=token, answer={"status": "failed"})

    assert refusal.value.code == "callback_used"
    stored = Callback.objects.get()
    assert (stored.answer, stored.received_at) == ({"status": "succeeded"}, now)


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled", "timed_out"])
def test_an_answer_comes_too_late_once_the_execution_has_ended(status: str) -> None:
    execution = make_execution(status=status)
    token = open_callback(execution_id=execution.pk, attempt=1).token

    with pytest.raises(Conflict) as refusal:
        receive_answer(token=token, answer={"status": "succeeded"})

    assert refusal.value.code == "callback_late"
    assert Callback.objects.get().answer is None


def test_an_address_that_was_not_given_out_takes_nothing() -> None:
    open_callback(execution_id=make_execution(status="running").pk, attempt=1)

    with pytest.raises(NotFound):
        receive_answer(token="x" * 43, answer={"status": "succeeded"})


def test_the_field_of_the_callback_needs_an_object(web: WebServer) -> None:
    execution = make_execution(status="running")
    options = {"url": web.url(), "body": [1], "completion": CALLED}

    outcome = outcome_of(options, execution_id=execution.pk)

    assert isinstance(outcome, Failed)
    assert "no object that could take the field 'answerTo'" in outcome.message
    assert not web.asked
