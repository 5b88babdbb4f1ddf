"""Conditions of schedules, judged by real workers: waited for, not met, broken, and interrupted."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.models import ConditionCheck, JobExecution
from executions.states import UNFINISHED
from jobs.models import JobSchedule
from tests.chaos.promise import assert_kept
from tests.chaos.stage import calls, moves, reasons, wait_for, wait_until_over
from tests.factories import make_job, make_schedule
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def open_conditional(conditions: Any, **fields: Any) -> JobExecution:
    """The execution of the only slot of a new schedule, a second from now."""
    schedule = make_schedule(
        make_job(execution_type_name="tests.noop", retry_strategy="none"),
        schedule_type="one_time",
        one_time_at=(database_now() + timedelta(seconds=1)).replace(microsecond=0),
        conditions=conditions,
        **fields,
    )
    opened = JobExecution.objects.filter(schedule=schedule)
    until(opened.exists, within=30, what="the slot is open")
    return opened.get()


def looks(execution: JobExecution) -> list[str]:
    """What each look came to, oldest first."""
    found = ConditionCheck.objects.filter(execution=execution).order_by("id")
    return list(found.values_list("result", flat=True))


def test_a_run_waits_for_its_condition_without_holding_a_worker(platform: Platform) -> None:
    signs = platform.evidence / "in"
    signs.mkdir()
    platform.start(concurrency=1, SCHEDULER_CONDITION_FILE_ROOTS=str(signs))
    condition = {"file": {"path": str(signs / "go")}}
    waiting = open_conditional(condition, on_false="wait", poll_seconds=1, wait_seconds=600)
    until(lambda: looks(waiting)[:2] == ["false", "false"], what="it was looked at twice")

    # The only worker process has time for others.
    other = open_conditional({"environment": ["DEV"]})
    wait_for("succeeded", other)
    assert not calls(platform, waiting)
    assert JobExecution.objects.filter(pk=waiting.pk, status__in=UNFINISHED).exists()
    (signs / "go").touch()

    wait_for("succeeded", waiting, attempt=1)
    assert len(calls(platform, waiting)) == 1
    assert looks(waiting)[-1] == "true"
    assert looks(waiting).count("true") == 1
    assert {move.reason for move in moves(waiting, "scheduled")} == {None, "condition"}
    assert_kept(platform)


@pytest.mark.parametrize(
    ("conditions", "fields", "status", "reason", "result"),
    [
        ({"environment": ["PROD"]}, {}, "skipped", "condition", "false"),
        (
            {"environment": ["PROD"]},
            {"on_false": "wait", "poll_seconds": 1, "wait_seconds": 2},
            "skipped",
            "condition",
            "false",
        ),
        (
            {"http": {"url": "http://127.0.0.1:1/"}},
            {"on_error": "fail"},
            "failed",
            "condition_error",
            "error",
        ),
        (
            {"http": {"url": "http://127.0.0.1:1/"}},
            {"on_error": "skip"},
            "skipped",
            "condition_error",
            "error",
        ),
    ],
    ids=["skip", "wait-in-vain", "error-fail", "error-skip"],
)
def test_what_the_condition_keeps_from_running_says_so(
    platform: Platform,
    conditions: Any,
    fields: dict[str, Any],
    status: str,
    reason: str,
    result: str,
) -> None:
    platform.start(concurrency=1)

    execution = open_conditional(conditions, **fields)

    wait_until_over(execution)
    assert (execution.status, execution.reason) == (status, reason)
    assert set(looks(execution)) == {result}
    assert not calls(platform, execution)
    assert_kept(platform)


def test_a_broken_condition_may_let_it_run_and_a_greedy_expression_harms_nobody(
    platform: Platform,
) -> None:
    platform.start(concurrency=1)
    greedy = "[params.s]" + ".map(x, x + x)" * 12 + ".all(x, x.contains('zz'))"

    execution = open_conditional(
        None,
        conditional_expression=greedy,
        parameters={"s": "ab" * 200_000},
        on_error="run",
    )

    wait_until_over(execution)
    assert looks(execution) == ["error"]
    # It was called, with a parameter that it does not take.
    assert execution.error_type == "BadParameters"
    assert reasons(execution) == ["permanent"]


@contextmanager
def answering_late() -> Iterator[tuple[int, list[socket.socket], threading.Event]]:
    """A web server that answers nobody until it may; gives its port, its callers, and the sign."""
    callers: list[socket.socket] = []
    may_answer = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                callers.append(caller)
                if may_answer.is_set():
                    caller.recv(65_536)
                    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], callers, may_answer
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    for caller in callers:
        caller.close()


def test_a_worker_that_is_killed_while_it_looks_loses_nothing(platform: Platform) -> None:
    allowing = {"OUTBOUND_ALLOWED_CIDRS": "127.0.0.0/8"}
    doomed, _ = platform.start(concurrency=1, **allowing)
    with answering_late() as (port, callers, may_answer):
        execution = open_conditional(
            {"http": {"url": f"http://127.0.0.1:{port}/", "timeoutSeconds": 30}}
        )
        until(lambda: callers, within=30, what="the condition is being looked at")

        doomed.send(signal.SIGKILL)
        doomed.wait()
        may_answer.set()
        platform.start_worker(concurrency=1, **allowing)

        wait_for("succeeded", execution, attempt=1)
    assert len(callers) == 2
    assert looks(execution) == ["true"]
    assert reasons(execution) == ["worker_lost"]
    assert len(calls(platform, execution)) == 1
    assert_kept(platform)


def test_a_worker_that_is_stopped_while_it_looks_hands_the_slot_back(platform: Platform) -> None:
    allowing = {"OUTBOUND_ALLOWED_CIDRS": "127.0.0.0/8"}
    stopped, _ = platform.start(concurrency=1, **allowing)
    with answering_late() as (port, callers, may_answer):
        execution = open_conditional(
            {"http": {"url": f"http://127.0.0.1:{port}/", "timeoutSeconds": 30}}
        )
        until(lambda: callers, within=30, what="the condition is being looked at")

        stopped.send(signal.SIGTERM)
        stopped.wait(30)
        may_answer.set()
        platform.start_worker(concurrency=1, **allowing)

        wait_for("succeeded", execution, attempt=1)
    assert looks(execution) == ["true"]
    assert reasons(execution) == ["drain"]
    assert_kept(platform)


def test_a_schedule_that_is_changed_while_it_waits_is_judged_by_what_it_says_now(
    platform: Platform,
) -> None:
    platform.start(concurrency=1)
    execution = open_conditional({"environment": ["PROD"]}, on_false="wait", poll_seconds=1)
    until(lambda: looks(execution), what="it was looked at")

    JobSchedule.objects.filter(pk=execution.schedule_id).update(conditions={"environment": ["DEV"]})

    wait_for("succeeded", execution, attempt=1)
    assert_kept(platform)
