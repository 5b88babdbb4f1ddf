"""A worker is asked to drain: it finishes or hands back, stays, and takes work again when told."""

import signal

import pytest

from core.clock import database_now
from executions.draining import drain, undrain
from executions.models import Worker
from executions.workforce import list_workers
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    RETRIED,
    calls,
    moves,
    open_one,
    reasons,
    wait_for,
    wait_until_called,
)
from tests.factories import TESTER
from tests.platform import Platform, PlatformProcess, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def name_of(worker: PlatformProcess) -> str:
    return Worker.objects.get(kind="worker", pid=worker.pid).name


def state_of(name: str) -> str:
    (state,) = [load.state for load in list_workers() if load.worker.name == name]
    return state


def ask_to_drain(worker: PlatformProcess, within: float) -> str:
    """Ask, and wait until the worker has heard it."""
    name = name_of(worker)
    drain(actor=TESTER, name=name, within=within)
    until(lambda: worker.says("asked to drain"), within=5, what="the worker has heard it")
    return name


def test_a_draining_worker_finishes_what_runs_takes_nothing_new_and_goes_on_when_told(
    platform: Platform,
) -> None:
    worker, _ = platform.start(concurrency=2)
    running = open_one("talk", lines=1)
    wait_until_called(platform, running)

    name = ask_to_drain(worker, within=60)
    assert state_of(name) == "draining"
    waiting = open_one("noop")
    wait_for("queued", waiting)
    (platform.evidence / "go").touch()
    wait_for("succeeded", running)
    until(lambda: state_of(name) == "drained", what="it says that it is drained")
    seen_at = Worker.objects.get(name=name).last_seen_at
    until(lambda: Worker.objects.filter(name=name, last_seen_at__gt=seen_at).exists())
    assert not calls(platform, waiting)
    assert Worker.objects.get(name=name).queues == ["default"]

    undrain(actor=TESTER, name=name)

    wait_for("succeeded", waiting)
    assert state_of(name) == "alive"
    assert_kept(platform)


def test_what_runs_past_the_deadline_is_handed_back_and_the_same_worker_takes_it_again(
    platform: Platform,
) -> None:
    worker, _ = platform.start(concurrency=2)
    execution = open_one("slow_once")
    wait_until_called(platform, execution)

    name = ask_to_drain(worker, within=0.5)

    until(lambda: [m.reason for m in moves(execution, "scheduled")[1:]] == ["drain"], within=15)
    until(lambda: state_of(name) == "drained", what="it runs nothing")
    assert worker.is_running()

    undrain(actor=TESTER, name=name)

    wait_for("succeeded", execution)
    assert execution.worker == name
    assert reasons(execution)[:1] == ["drain"]
    assert_kept(platform)


def test_a_worker_killed_while_it_drains_loses_nothing_and_its_successor_takes_work(
    platform: Platform,
) -> None:
    platform.start_beat()
    worker = platform.start_worker(name="again")
    execution = open_one("slow_once", job=RETRIED)
    wait_until_called(platform, execution)
    name = ask_to_drain(worker, within=60)

    worker.send_to_all(signal.SIGKILL)
    worker.wait()
    platform.start_worker(name="again")

    wait_for("succeeded", execution)
    assert (execution.worker, reasons(execution)) == (name, ["worker_lost"])
    successor = Worker.objects.get(name=name)
    assert successor.drain_requested_at is None
    assert successor.last_seen_at <= database_now()
    assert_kept(platform)
