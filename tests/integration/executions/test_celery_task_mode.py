"""Tasks of another Celery as jobs: a real worker that knows nothing of us carries them out."""

import json
import pickle
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery, current_app
from pytest_django.fixtures import Settings

from executions.authoring import StopJob
from executions.claim import Claim
from executions.handlers.celery_task import run_celery_task
from executions.handlers.celery_task.remote import TaskQueue
from executions.models import JobExecution
from executions.outcomes import Failed, Outcome, Succeeded
from executions.watchdog import Guard, Stop
from jobs.models import Queue
from scheduler_project.celery import app as platform_app
from tests import shop_worker
from tests.factories import make_execution
from tests.integration.executions.attempts import make_guard, stopping
from tests.platform import until

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A worker of the shop, for all tests of this module."""
    with shop_worker.working(tmp_path_factory.mktemp("shop")):
        yield


@pytest.fixture
def results() -> Iterator["redis.Redis"]:
    with closing(redis.Redis.from_url(shop_worker.addresses()[1])) as client:
        yield client


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    broker, results = shop_worker.addresses()
    monkeypatch.setenv("JOBSECRET_SHOP_BROKER", broker)
    monkeypatch.setenv("JOBSECRET_SHOP_RESULTS", results)
    monkeypatch.setenv("JOBSECRET_NOBODY", NOBODY)
    # A worker's own settings must not leak into what it sends for others.
    monkeypatch.setenv("CELERY_BROKER_URL", NOBODY)
    monkeypatch.setenv("CELERY_RESULT_BACKEND", NOBODY)


OPTIONS = {
    "queue": shop_worker.QUEUE,
    "brokerUrl": {"secret": "env:JOBSECRET_SHOP_BROKER"},
    "resultBackendUrl": {"secret": "env:JOBSECRET_SHOP_RESULTS"},
}


def guard_of(
    task: str,
    parameters: dict[str, Any] | None = None,
    *,
    of: JobExecution | None = None,
    attempt: int = 1,
    **options: Any,
) -> Guard:
    """Return the guard of an attempt, with the checkpoint that the execution has."""
    execution = of or make_execution(status="running")
    execution.refresh_from_db()
    given = {name: value for name, value in {**OPTIONS, **options}.items() if value is not None}
    guard = make_guard(
        "celery_task",
        given,
        parameters=parameters,
        execution_id=execution.pk,
        attempt=attempt,
        execution_type_name=f"shop.{task}",
    )
    guard.claim = Claim(**{**vars(guard.claim), "checkpoint": execution.checkpoint})
    return guard


def outcome_of(task: str, parameters: dict[str, Any] | None = None, **more: Any) -> Outcome:
    return run_celery_task(guard_of(task, parameters, **more))


# --- Outcomes


@pytest.mark.usefixtures("shop")
def test_a_task_gets_args_and_parameters_and_its_result_is_the_output() -> None:
    assert outcome_of("add", {"y": 2}, args=[40]) == Succeeded("42")


@pytest.mark.usefixtures("shop")
def test_an_exception_of_the_task_fails_the_attempt_and_says_which() -> None:
    outcome = outcome_of("fail", {"message": "no screws left"})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("OutOfStock", "no screws left")
    assert not outcome.is_permanent
    assert "raise OutOfStock(message)" in (outcome.stack_trace or "")


@pytest.mark.usefixtures("shop")
def test_a_result_too_large_to_be_an_output_is_a_failed_attempt() -> None:
    outcome = outcome_of("answer", {"size": 1024 * 1024})

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "OutputNotStorable"


@pytest.mark.usefixtures("shop")
def test_arguments_that_do_not_fit_are_said_by_the_task() -> None:
    outcome = outcome_of("add", {"z": 1})

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "TypeError"
    assert "unexpected keyword argument 'z'" in outcome.message


@pytest.mark.usefixtures("shop")
def test_a_task_without_result_counts_once_it_is_sent(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    guard = guard_of("wait", {"evidence": str(tmp_path)}, ignoreResult=True, resultBackendUrl=None)

    assert run_celery_task(guard) == Succeeded()

    task = f"{guard.claim.execution_id}-1"
    until(lambda: shop_worker.begun(tmp_path) == [task], what="the task has begun")


def test_without_own_broker_the_platforms_is_used(broker_queue: str, broker: Any) -> None:
    options = {"brokerUrl": None, "resultBackendUrl": None, "ignoreResult": True}

    assert outcome_of("add", queue=broker_queue, **options) == Succeeded()

    (message,) = broker.lrange(broker_queue, 0, -1)
    headers = json.loads(message)["headers"]
    assert (headers["task"], headers["parent_id"]) == ("shop.add", None)


# --- What is left alone


def test_the_platforms_own_celery_is_left_as_it_is(broker_queue: str) -> None:
    names = ("broker_url", "broker_transport_options", "result_backend", "task_ignore_result")
    before = [getattr(platform_app.conf, name) for name in names]

    outcome_of("add", queue=broker_queue, brokerUrl=None, ignoreResult=True)

    assert [getattr(platform_app.conf, name) for name in names] == before
    assert current_app == platform_app
    assert queue_names(platform_app) == ["default"]


def queue_names(app: Celery) -> list[str]:
    return list(app.amqp.queues)


def test_no_secret_stands_in_the_message(broker_queue: str, broker: Any) -> None:
    outcome_of("add", queue=broker_queue, brokerUrl=None, ignoreResult=True)

    assert shop_worker.addresses()[1].encode() not in broker.lrange(broker_queue, 0, -1)[0]


@pytest.mark.parametrize("name", ["nightly", "scheduler:lock:held:payments"])
def test_nothing_of_the_platforms_own_in_its_broker_is_written_to(broker: Any, name: str) -> None:
    Queue.objects.create(name="nightly")

    outcome = outcome_of("add", queue=name, brokerUrl=None, ignoreResult=True)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("QueueRefused", True)
    assert f"The queue {name} of the platform's own broker" in outcome.message
    assert not broker.exists(name)


# --- What goes wrong


def test_a_broker_that_is_away_fails_the_attempt_soon_and_nothing_is_under_way() -> None:
    execution = make_execution(status="running")
    began = time.monotonic()

    outcome = outcome_of("add", of=execution, brokerUrl={"secret": "env:JOBSECRET_NOBODY"})

    assert time.monotonic() - began < 10
    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("BrokerUnreachable", False)
    execution.refresh_from_db()
    assert execution.checkpoint is None


@pytest.mark.parametrize("name", ["brokerUrl", "resultBackendUrl"])
@pytest.mark.parametrize("url", ["memory://", "filesystem:///tmp", "sqla+sqlite://", "x", "redis:"])
def test_an_address_of_another_kind_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv("JOBSECRET_NOBODY", f"{url}#secret")

    outcome = outcome_of("add", **{name: {"secret": "env:JOBSECRET_NOBODY"}})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("AddressRefused", True)
    assert "#secret" not in outcome.message


@pytest.mark.parametrize("name", ["brokerUrl", "resultBackendUrl"])
@pytest.mark.parametrize(
    "url",
    [
        *(f"redis://:pass{sign}word@127.0.0.1:1/0" for sign in "#/?;"),
        *(f"redis://:1234{sign}word@127.0.0.1:1/0" for sign in "#/?"),
        *("redis://:password@127.0.0.1:port/0", "redis://:password@[127.0.0.1/0"),
        "redis://:password@127.0.0.1:1/word",
    ],
)
def test_a_password_that_is_not_escaped_is_refused_without_being_quoted(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv("JOBSECRET_NOBODY", url)

    outcome = outcome_of("add", **{name: {"secret": "env:JOBSECRET_NOBODY"}})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("AddressRefused", True)
    assert "escape # / ? @ ; in the password" in outcome.message
    assert not any(word in f"{outcome}" for word in ("pass'", "1234", "word@", "127.0.0.1"))


def test_without_the_secret_nothing_is_sent() -> None:
    outcome = outcome_of("add", brokerUrl={"secret": "env:JOBSECRET_ABSENT"})

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("SecretMissing", True)


@pytest.mark.parametrize("kept", [b"{", b"[]", b"{}", pickle.dumps({"status": "SUCCESS"})], ids=str)
def test_a_result_that_is_not_json_is_never_read(results: Any, kept: bytes) -> None:
    execution = lost_with_task("x-1")
    results.set("celery-task-meta-x-1", kept)

    outcome = outcome_of("add", of=execution, attempt=2)

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "ResultUnreadable"
    assert "result_serializer to json" in outcome.message


def test_results_that_are_away_for_a_while_are_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    guard = guard_of(
        "add",
        of=lost_with_task("x-1"),
        attempt=2,
        resultBackendUrl={"secret": "env:JOBSECRET_NOBODY"},
    )

    def note(*, message: str, **_: Any) -> None:
        assert "result backend did not answer" in message
        asked.set()

    monkeypatch.setattr(guard.lines, "add", note)
    with stopping(guard, Stop.DRAIN, once=asked), pytest.raises(StopJob):
        run_celery_task(guard)


# --- Stops, and what an attempt finds that follows one that was lost


def lost_with_task(task: str) -> JobExecution:
    """Return an execution whose earlier attempt has noted that it was sending this task."""
    execution = make_execution(status="running")
    JobExecution.objects.filter(pk=execution.pk).update(checkpoint={"celeryTask": task})
    return execution


def keep(results: Any, task: str, status: str, result: Any = None) -> None:
    meta = {"status": status, "result": result, "traceback": None, "task_id": task}
    results.set(f"celery-task-meta-{task}", json.dumps(meta))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("stop", [Stop.CANCEL, Stop.TIMEOUT])
def test_a_stop_ends_the_task_and_the_next_attempt_sends_another(
    tmp_path: Path, stop: Stop
) -> None:
    execution = make_execution(status="running")
    guard = guard_of("wait", {"evidence": str(tmp_path)}, of=execution)
    has_begun = threading.Event()

    def watch() -> None:
        until(lambda: shop_worker.begun(tmp_path), within=60, what="the task has begun")
        has_begun.set()

    threading.Thread(target=watch, daemon=True).start()
    with stopping(guard, stop, once=has_begun), pytest.raises(StopJob):
        run_celery_task(guard)

    assert not guard.lines.take()
    (tmp_path / "go").touch()
    again = outcome_of("wait", {"evidence": str(tmp_path)}, of=execution, attempt=2)
    assert again == Succeeded('"done"')
    ids = [f"{execution.pk}-1", f"{execution.pk}-2"]
    assert shop_worker.begun(tmp_path) == ids
    assert (tmp_path / "done").read_text().splitlines() == ids[1:]


@pytest.mark.usefixtures("shop")
def test_a_task_outlives_the_drain_of_our_worker_and_is_found_again(tmp_path: Path) -> None:
    execution = make_execution(status="running")
    guard = guard_of("wait", {"evidence": str(tmp_path)}, of=execution)
    has_begun = threading.Event()

    def watch() -> None:
        until(lambda: shop_worker.begun(tmp_path), within=60, what="the task has begun")
        has_begun.set()

    threading.Thread(target=watch, daemon=True).start()
    with stopping(guard, Stop.DRAIN, once=has_begun), pytest.raises(StopJob):
        run_celery_task(guard)

    (tmp_path / "go").touch()
    # Handed back, an attempt does not count: the next one has its number.
    assert outcome_of("wait", {"evidence": str(tmp_path)}, of=execution) == Succeeded('"done"')
    assert shop_worker.begun(tmp_path) == [f"{execution.pk}-1"]


def test_a_task_that_succeeded_while_nobody_looked_is_not_sent_again(results: Any) -> None:
    execution = lost_with_task("x-1")
    keep(results, "x-1", "SUCCESS", {"rows": 1})

    outcome = outcome_of(
        "add", of=execution, attempt=2, brokerUrl={"secret": "env:JOBSECRET_NOBODY"}
    )

    assert outcome == Succeeded('{"rows":1}')


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("status", ["FAILURE", "REVOKED"])
def test_a_task_that_ended_without_success_is_sent_again(results: Any, status: str) -> None:
    execution = lost_with_task("x-1")
    keep(results, "x-1", status, {"exc_type": "OutOfStock", "exc_message": ["none"]})

    assert outcome_of("add", {"x": 1}, of=execution, attempt=2) == Succeeded("1")


def test_an_attempt_handed_back_reads_how_its_own_task_has_failed(results: Any) -> None:
    execution = make_execution(status="running")
    own = f"{execution.pk}-1"
    JobExecution.objects.filter(pk=execution.pk).update(checkpoint={"celeryTask": own})
    keep(results, own, "REVOKED")

    outcome = outcome_of("add", of=execution)

    assert outcome == Failed("TaskRevoked", "The task ended as REVOKED.")
    execution.refresh_from_db()
    assert execution.checkpoint is None


@pytest.mark.parametrize("status", [None, "STARTED", "RETRY", "PENDING"])
def test_a_task_that_may_be_under_way_is_waited_for_and_none_is_sent_beside_it(
    results: Any, status: str | None
) -> None:
    execution = lost_with_task("x-1")
    results.delete("celery-task-meta-x-1")
    if status is not None:
        keep(results, "x-1", status)
    guard = guard_of("add", of=execution, attempt=2, brokerUrl={"secret": "env:JOBSECRET_NOBODY"})
    threading.Timer(0.5, keep, (results, "x-1", "SUCCESS", 7)).start()

    assert run_celery_task(guard) == Succeeded("7")

    (said,) = [line.message for line in guard.lines.take()]
    assert said == (
        "Task x-1 of an earlier attempt may be under way: waiting for it, not sending one."
    )


def test_a_cancel_while_the_results_are_away_ends_the_task_of_the_earlier_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    execution = lost_with_task("x-1")
    nowhere = {"secret": "env:JOBSECRET_NOBODY"}
    guard = guard_of("add", of=execution, attempt=2, resultBackendUrl=nowhere)
    asked = threading.Event()
    monkeypatch.setattr(guard.lines, "add", lambda **_: asked.set())

    with stopping(guard, Stop.CANCEL, once=asked), pytest.raises(StopJob):
        run_celery_task(guard)

    execution.refresh_from_db()
    assert execution.checkpoint is None  # revoked, so that nothing is under way any more


def test_a_cancel_that_comes_while_a_task_is_being_sent_ends_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    execution = make_execution(status="running")
    guard = guard_of("add", of=execution, queue="nobody-serves-it")
    sending, revoked = threading.Event(), []
    connect, revoke = TaskQueue.connect, TaskQueue.revoke

    def connect_slowly(queue: TaskQueue) -> None:
        sending.set()
        until(lambda: guard.stop, what="the stop is decided")
        connect(queue)

    def note_and_revoke(queue: TaskQueue, task: str) -> None:
        revoked.append(task)
        revoke(queue, task)

    monkeypatch.setattr(TaskQueue, "connect", connect_slowly)
    monkeypatch.setattr(TaskQueue, "revoke", note_and_revoke)
    with stopping(guard, Stop.CANCEL, once=sending), pytest.raises(StopJob):
        run_celery_task(guard)

    assert revoked == [f"{execution.pk}-1"]
    execution.refresh_from_db()
    assert execution.checkpoint is None
