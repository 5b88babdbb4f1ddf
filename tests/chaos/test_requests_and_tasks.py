"""Requests and tasks of another Celery, carried out by real workers that are stopped and killed."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.db import connection

from executions.models import JobExecution
from executions.services import cancel, trigger
from scheduler_project.embedded import ports
from tests import shop_worker
from tests.chaos.stage import RETRIED, moves, reasons, wait_for, wait_until_over
from tests.factories import TESTER, make_job
from tests.platform import Platform, until
from tests.web_server import Asked, Told, WebServer, serving

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

TOKEN = "a-token-that-nobody-may-see"
ALLOWING = {"OUTBOUND_ALLOWED_CIDRS": "127.0.0.0/8", "JOBSECRET_TOKEN": TOKEN}


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving() as server:
        yield server


def open_request(options: dict[str, Any], **job: Any) -> JobExecution:
    definition = make_job(execution_mode="http", execution_options=options, **job)
    return trigger(actor=TESTER, job=definition, parameters={"region": "EU"})


# --- Requests


def test_a_request_whose_answer_comes_later_by_callback(platform: Platform, web: WebServer) -> None:
    port = str(ports.choose())
    platform.start(concurrency=1, **ALLOWING, PUBLIC_BASE_URL=f"http://127.0.0.1:{port}")
    platform.start_web(port=port)
    said: list[int] = []

    def call_back(url: str) -> None:
        body = json.dumps({"status": "succeeded", "output": {"rows": 7}}).encode()
        answer = httpx2.post(url, content=body, headers={"Content-Type": "application/json"})
        said.append(answer.status_code)

    def accept(asked: Asked) -> Told:
        url = asked.headers["x-scheduler-callback-url"]
        threading.Thread(target=call_back, args=(url,), daemon=True).start()
        return Told(202)

    web.answer = accept
    execution = open_request({"url": web.url(), "completion": {"kind": "callback"}})

    wait_for("succeeded", execution)
    assert (said, execution.output) == ([204], {"rows": 7})


def silence(seconds: float) -> Iterator[bytes]:
    yield b"x"
    threading.Event().wait(seconds)
    yield b"x" * 1_000_000


@pytest.mark.parametrize(("timeout", "status"), [(60, "cancelled"), (2, "timed_out")])
def test_a_request_that_is_waited_for_ends_with_its_attempt(
    platform: Platform, web: WebServer, timeout: int, status: str
) -> None:
    platform.start(concurrency=1, **ALLOWING)
    web.answer = lambda asked: Told(200, parts=lambda: silence(60))
    execution = open_request({"url": web.url()}, timeout_seconds=timeout)
    until(lambda: web.asked, within=60, what="the request has come in")

    if status == "cancelled":
        cancel(actor=TESTER, execution=JobExecution.objects.get(pk=execution.pk))
    began = time.monotonic()
    wait_until_over(execution)

    assert execution.status == status
    assert time.monotonic() - began < 20
    assert [move.to_status for move in moves(execution)].count("running") == 1


def test_a_secret_that_is_echoed_stands_nowhere(platform: Platform, web: WebServer) -> None:
    platform.start(concurrency=1, **ALLOWING)

    def echo(asked: Asked) -> Told:
        said = asked.headers["authorization"]
        return Told(200 if len(web.asked) > 1 else 500, {"you sent": said, TOKEN: [said]})

    web.answer = echo
    secret = {"secret": "env:JOBSECRET_TOKEN", "prefix": "Bearer "}
    options = {"url": web.url(), "headers": {"Authorization": secret}}
    execution = open_request(options, **RETRIED)

    wait_for("succeeded", execution)
    assert execution.output == {"you sent": "Bearer [secret]", "[secret]": ["Bearer [secret]"]}
    assert [asked.headers["authorization"] for asked in web.asked] == [f"Bearer {TOKEN}"] * 2
    assert reasons(execution) == ["error"]
    assert rows_that_hold(TOKEN) == []
    assert TOKEN not in platform.logs()


def rows_that_hold(text: str) -> list[str]:
    """Return the tables of the platform in which the text stands."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        found = []
        for name in names:
            cursor.execute(f'SELECT 1 FROM "{name}" t WHERE t::text LIKE %s LIMIT 1', [f"%{text}%"])
            found += [name] if cursor.fetchone() else []
    return found


# --- Tasks of another Celery


def test_a_task_is_not_sent_twice_when_the_worker_that_waits_for_it_is_killed(
    platform: Platform, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    with shop_worker.working(shop):
        broker, results = shop_worker.addresses()
        platform.start(concurrency=1, JOBSECRET_SHOP_BROKER=broker, JOBSECRET_SHOP_RESULTS=results)
        options = {
            "queue": shop_worker.QUEUE,
            "brokerUrl": {"secret": "env:JOBSECRET_SHOP_BROKER"},
            "resultBackendUrl": {"secret": "env:JOBSECRET_SHOP_RESULTS"},
        }
        job = make_job(
            execution_mode="celery_task",
            execution_type_name="shop.wait",
            execution_options=options,
            **RETRIED,
        )
        execution = trigger(actor=TESTER, job=job, parameters={"evidence": str(shop)})
        until(lambda: shop_worker.begun(shop), within=60, what="the task has begun")
        execution.refresh_from_db()

        os.kill(execution.worker_pid or 0, signal.SIGKILL)
        wait_for("running", execution, attempt=2)
        (shop / "go").touch()

        wait_for("succeeded", execution)
        assert execution.output == "done"
        assert reasons(execution) == ["worker_lost"]
        assert shop_worker.begun(shop) == [f"{execution.pk}-1"]
