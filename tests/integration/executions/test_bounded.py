"""Asking in a child: its bounds, what is said when it is lost, and that nothing is left of it."""

import errno
import os
import signal
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

from executions.conditions.bounded import CheckFailed, Overran, ask_bounded
from tests.platform import until


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def wait_on_and_on() -> None:
    time.sleep(60)


def test_what_it_says_comes_back() -> None:
    assert ask_bounded(lambda: [True, "so"], seconds=5) == [True, "so"]
    with pytest.raises(CheckFailed, match="no such thing"):
        ask_bounded(lambda: fail(CheckFailed("no such thing")), seconds=5)


def fail(error: Exception) -> None:
    raise error


def test_of_an_unforeseen_error_only_its_kind_is_told() -> None:
    with pytest.raises(CheckFailed, match=r"it failed \(KeyError\)"):
        ask_bounded(lambda: fail(KeyError("s3cret")), seconds=5)


@pytest.mark.parametrize(
    "ask",
    [wait_on_and_on, lambda: len(bytearray(2**30)), lambda: os.kill(os.getpid(), signal.SIGXCPU)],
    ids=["time", "memory", "processor"],
)
def test_its_bounds_are_told_apart_from_other_ends(ask: Any) -> None:
    with pytest.raises(Overran):
        ask_bounded(ask, seconds=0.5)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_somebody_else_ends_says_so(number: signal.Signals) -> None:
    with pytest.raises(CheckFailed, match="ended from outside"):
        ask_bounded(lambda: os.kill(os.getpid(), number), seconds=5)


def test_a_child_has_an_alarm_that_ends_it_without_its_parent() -> None:
    def left() -> list[object]:
        return [signal.alarm(0), signal.getsignal(signal.SIGALRM) is signal.SIG_DFL]

    assert ask_bounded(left, seconds=2) == [3, True]


def test_nothing_is_left_open_also_where_no_child_can_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = open_files()
    ask_bounded(lambda: True, seconds=5)
    assert open_files() == before

    def refuse() -> int:
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr("executions.conditions.bounded.os.fork", refuse)
    with pytest.raises(BlockingIOError):
        ask_bounded(lambda: True, seconds=5)
    assert open_files() == before


_PARENT = """
import os, time
import django
django.setup()
from executions.conditions.bounded import ask_bounded

def ask():
    print(os.getpid(), flush=True)
    time.sleep(60)

ask_bounded(ask, seconds=50)
"""


def test_a_child_ends_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        until(lambda: not is_alive(child), within=10, what="the child is gone")


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
