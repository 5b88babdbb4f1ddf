"""Somebody asks for an execution to stop: before, while and just when it ends."""

import time

import psutil
import pytest

from core.errors import Conflict
from executions.models import JobExecution
from executions.services import cancel
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    calls,
    messages,
    open_many,
    open_one,
    reload,
    wait_for,
    wait_until_called,
    wait_until_gone,
)
from tests.factories import TESTER
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_the_message_of_a_cancelled_execution_does_nothing(platform: Platform) -> None:
    platform.start_beat()
    execution = open_one("noop")
    wait_for("queued", execution)
    until(lambda: messages() == 1, what="the message is out")

    assert cancel(actor=TESTER, execution=execution).status == "cancelled"
    platform.start_worker()

    until(lambda: messages() == 0, what="the message is taken")
    later = open_one("noop")
    assert_kept(platform)
    assert calls(platform, execution) == []
    wait_for("succeeded", later)


def test_a_running_execution_is_cancelled_whether_it_listens_or_not(platform: Platform) -> None:
    worker, _ = platform.start(concurrency=3)
    listening = open_one("listen")
    sleeping = open_one("sleep", seconds=60)
    stubborn = open_one("stubborn", job={"max_retries": 3})
    wait_until_called(platform, listening, sleeping, stubborn)
    deaf = psutil.Process(stubborn.worker_pid)

    for execution in (listening, sleeping, stubborn):
        cancel(actor=TESTER, execution=execution)
    wait_for("cancelled", listening, sleeping, within=3)
    wait_for("cancelled", stubborn, within=20)

    wait_until_gone(deaf)
    assert_kept(platform)
    assert stubborn.attempt == 1
    assert {listening.worker_pid, sleeping.worker_pid} <= {child.pid for child in worker.children()}


def test_a_cancel_that_meets_the_end_leaves_one_outcome(platform: Platform) -> None:
    platform.start(concurrency=4)
    executions = open_many(40, "sleep", seconds=0.05)
    until(lambda: JobExecution.objects.filter(status="succeeded").count() >= 4, what="some ended")

    refused = sum(not is_cancelled(execution) for execution in reversed(executions[:30]))

    assert_kept(platform)
    reload(*executions)
    assert {execution.status for execution in executions} <= {"succeeded", "cancelled"}
    assert all(execution.status == "succeeded" for execution in executions[30:])
    assert refused <= sum(execution.status == "succeeded" for execution in executions)


def is_cancelled(execution: JobExecution) -> bool:
    """Ask for a cancel; return whether it came before the end."""
    time.sleep(0.01)
    try:
        cancel(actor=TESTER, execution=execution)
    except Conflict:
        return False
    return True
