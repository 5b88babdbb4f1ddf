"""Handlers that misbehave: each costs its own execution and nothing else."""

import pytest

from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    RETRIED,
    grandchild_of,
    open_one,
    reasons,
    reload,
    wait_for,
    wait_until_gone,
)
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

ONE_SECOND = {"timeout_seconds": 1}


def test_handlers_that_raise_or_return_nonsense_cost_only_their_own_execution(
    platform: Platform,
) -> None:
    worker, _ = platform.start(concurrency=2)
    children = {child.pid for child in worker.children()}
    expected = {
        open_one("memory_error"): "MemoryError",
        open_one("exit"): "SystemExit",
        open_one("exit", code=0): "SystemExit",
        open_one("nobody_knows"): "UnknownHandler",
        open_one("sleep", hours=1): "BadParameters",
        open_one("decide", what="permanent", job=RETRIED): "PermanentFailure",
    } | {
        open_one("return", kind=kind): "OutputNotStorable"
        for kind in ("nan", "nul", "set", "large", "surrogate")
    }
    good = open_one("noop")

    assert_kept(platform)
    reload(*expected, good)
    assert {e: (e.status, e.error_type, e.attempt) for e in expected} == {
        e: ("failed", error_type, 1) for e, error_type in expected.items()
    }
    assert all(execution.error_message for execution in expected)
    assert good.status == "succeeded"
    assert {child.pid for child in worker.children()} == children


def test_handlers_that_end_block_or_outlive_their_process_are_ended_and_tried_again(
    platform: Platform,
) -> None:
    worker, _ = platform.start(concurrency=4)
    vanishing = open_one("vanish", job=RETRIED)
    holding = open_one("hold_once", job=RETRIED)
    deaf = open_one("slow_once", is_deaf=True, job=RETRIED | ONE_SECOND)
    parent = open_one("grandchild", job=RETRIED | ONE_SECOND)
    grandchild = grandchild_of(platform, parent)

    assert_kept(platform)
    wait_until_gone(grandchild)
    wait_for("succeeded", vanishing, holding, deaf, parent, attempt=2)
    assert [reasons(e) for e in (vanishing, holding)] == [["worker_lost"]] * 2
    assert [reasons(e) for e in (deaf, parent)] == [["timeout"]] * 2
    until(lambda: len(worker.children()) == 4, within=30, what="the pool is full again")


def test_a_timeout_stops_what_listens_and_kills_what_does_not(platform: Platform) -> None:
    worker, _ = platform.start(concurrency=3)
    listening = open_one("sleep", seconds=60, job=ONE_SECOND)
    swallowing = open_one("swallow", job=ONE_SECOND)
    stubborn = open_one("stubborn", job=ONE_SECOND)

    assert_kept(platform)
    wait_for("timed_out", listening, swallowing, stubborn, attempt=1)
    assert "in _sleep" in listening.stack_trace
    assert swallowing.output is None
    until(lambda: len(worker.children()) == 3, within=30, what="the pool is full again")
