"""One story at the times that an installation has unless it sets others."""

import signal

import pytest

from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    RETRIED,
    open_many,
    reasons,
    wait_for,
    wait_until_called,
    wait_until_gone,
)
from tests.platform import Platform

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.production,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]


def test_what_a_killed_worker_ran_is_run_again_after_its_lease(platform: Platform) -> None:
    doomed, _ = platform.start(concurrency=2)
    executions = open_many(2, "slow_once", seconds=600, job=RETRIED)
    wait_until_called(platform, *executions)
    children = doomed.children()

    doomed.send(signal.SIGKILL)
    doomed.wait()
    wait_until_gone(*children, within=1)
    platform.start_worker()

    assert_kept(platform, within=180)
    wait_for("succeeded", *executions, attempt=2)
    assert [reasons(execution) for execution in executions] == [["worker_lost"]] * 2
