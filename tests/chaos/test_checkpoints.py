"""What an attempt has kept outlives its process, and only its owner keeps anything."""

import signal

import psutil
import pytest

from executions.models import JobExecution
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    RETRIED,
    open_one,
    reasons,
    reload,
    wait_for,
    wait_until_called,
    wait_until_gone,
)
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_the_attempt_after_a_killed_one_goes_on_from_its_checkpoint(platform: Platform) -> None:
    platform.start(concurrency=1)
    execution = open_one("count_on", job=RETRIED, steps=5, stops_at=2)
    found = JobExecution.objects.filter(pk=execution.pk, checkpoint=[0, 1, 2])
    until(found.exists, within=60, what="three steps are kept")
    reload(execution)
    child = psutil.Process(execution.worker_pid)

    child.kill()
    wait_until_gone(child)

    assert_kept(platform)
    wait_for("succeeded", execution, attempt=2)
    assert reasons(execution) == ["worker_lost"]
    assert execution.output == [0, 1, 2, 3, 4]
    assert execution.checkpoint == [0, 1, 2, 3, 4]


def test_a_frozen_process_keeps_nothing_for_an_execution_it_has_lost(platform: Platform) -> None:
    frozen, _ = platform.start(concurrency=1)
    execution = open_one("keep_late", job=RETRIED)
    wait_until_called(platform, execution)
    children = frozen.children()

    frozen.send_to_all(signal.SIGSTOP)
    platform.start_worker()
    wait_for("succeeded", execution, attempt=2)
    JobExecution.objects.filter(pk=execution.pk).update(checkpoint={"of": "the new owner"})
    frozen.send_to_all(signal.SIGCONT)
    wait_until_gone(*children)

    reload(execution)
    assert execution.checkpoint == {"of": "the new owner"}
    assert_kept(platform)
