"""Whoever of a command's processes is killed or frozen: nothing of it is left, and one outcome."""

import signal
import sys
from itertools import chain
from pathlib import Path

import psutil
import pytest

from executions.models import JobExecution
from executions.services import cancel
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    RETRIED,
    calls,
    family_of,
    moves,
    open_command,
    reasons,
    wait_for,
    wait_until_called,
    wait_until_gone,
)
from tests.factories import TESTER
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def platform(platform: Platform) -> Platform:
    """Let commands run, and keep their folders where the test finds them."""
    temporary = platform.folder / "temporary"
    temporary.mkdir()
    platform.environment |= {
        "SCHEDULER_ALLOWED_COMMANDS": sys.executable,
        "TMPDIR": str(temporary),
    }
    return platform


def folders(platform: Platform) -> list[Path]:
    """Return the folders that attempts have left."""
    return list((platform.folder / "temporary").glob("scheduler-attempt-*"))


def launcher_of(execution: JobExecution) -> psutil.Process:
    (launcher,) = psutil.Process(execution.worker_pid).children()
    return launcher


def command_of(platform: Platform, execution: JobExecution) -> psutil.Process:
    return psutil.Process(int(calls(platform, execution)[-1].split()[2]))


def errors(execution: JobExecution) -> list[str | None]:
    """Return the kinds of errors of its attempts, oldest first."""
    return [move.data.get("error_type") for move in moves(execution, "retrying")]


def test_a_killed_child_launcher_or_command_leaves_no_process_and_one_outcome(
    platform: Platform,
) -> None:
    left_by_an_earlier_worker = platform.folder / "temporary" / "scheduler-attempt-earlier"
    left_by_an_earlier_worker.mkdir()
    platform.start(concurrency=3)
    executions = [
        open_command(platform, "once", job=RETRIED, secret="kept-to-itself") for _ in range(3)
    ]
    wait_until_called(platform, *executions)
    families = [family_of(execution) for execution in executions]
    assert [len(family) for family in families] == [4] * 3  # launcher, command, child, daemon
    assert len(folders(platform)) == 3  # the worker has removed the earlier one
    assert not any("kept-to-itself" in line for line in command_lines())
    of_child, of_launcher, of_command = executions

    psutil.Process(of_child.worker_pid).kill()
    launcher_of(of_launcher).kill()
    command_of(platform, of_command).kill()

    wait_until_gone(*chain.from_iterable(families), within=10)
    assert_kept(platform)
    wait_for("succeeded", *executions, attempt=2)
    assert [reasons(execution) for execution in executions] == [
        ["worker_lost"],
        ["error"],
        ["error"],
    ]
    assert [execution.output for execution in executions] == ["done"] * 3
    assert folders(platform) == []


def command_lines() -> list[str]:
    """Return the command lines of all processes of this machine."""
    found = []
    for process in psutil.process_iter():
        try:
            found += process.cmdline()
        except psutil.Error:
            continue
    return found


def test_a_killed_worker_leaves_no_command_wherever_its_children_stood(platform: Platform) -> None:
    doomed, _ = platform.start(concurrency=4)
    executions = [open_command(platform, "once", job=RETRIED) for _ in range(4)]
    # The others are being claimed, started, or run as well.
    wait_until_called(platform, executions[0])

    doomed.send(signal.SIGKILL)
    doomed.wait()
    (platform.evidence / "enough").touch()

    until(lambda: not any(map(family_of, executions)), within=10, what="no command is left")
    platform.start_worker(concurrency=4)
    assert_kept(platform)
    wait_for("succeeded", *executions)
    assert set(chain.from_iterable(map(reasons, executions))) == {"worker_lost"}
    # A child killed between making its folder and starting its launcher left nobody to remove it:
    # the next worker did, when it started.
    assert folders(platform) == []


def test_what_ignores_its_stop_is_killed_whoever_dies_meanwhile(platform: Platform) -> None:
    platform.start(concurrency=4)
    timed = open_command(platform, "deaf", job={"timeout_seconds": 2})
    cancelled = [open_command(platform, "deaf", job=RETRIED) for _ in range(3)]
    wait_until_called(platform, timed, *cancelled)
    families = [family_of(execution) for execution in (timed, *cancelled)]
    children = [psutil.Process(execution.worker_pid) for execution in (timed, cancelled[0])]
    without_launcher, without_child = cancelled[1:]

    for execution in cancelled:
        cancel(actor=TESTER, execution=execution)
    wait_until_heard(platform, without_launcher)
    launcher_of(without_launcher).kill()
    wait_until_heard(platform, without_child)
    psutil.Process(without_child.worker_pid).kill()

    wait_for("timed_out", timed, within=15)
    wait_for("cancelled", *cancelled, within=20)
    assert_kept(platform)
    wait_until_gone(*chain.from_iterable(families), within=1)
    assert all(child.is_running() for child in children)
    assert folders(platform) == []


def wait_until_heard(platform: Platform, execution: JobExecution) -> None:
    """Wait until the command has got its SIGTERM."""
    until((platform.evidence / f"{execution.pk}.heard").exists, what="SIGTERM has arrived")


def test_a_stopping_worker_hands_commands_back_and_leaves_nothing(platform: Platform) -> None:
    stopping, _ = platform.start(concurrency=2)
    execution = open_command(platform, "once")
    wait_until_called(platform, execution)
    family = family_of(execution)

    stopping.send(signal.SIGTERM)
    assert stopping.wait(within=10) == 0

    wait_until_gone(*family, within=1)
    assert [move.reason for move in moves(execution, "scheduled")[1:]] == ["drain"]
    assert folders(platform) == []
    platform.start_worker()
    assert_kept(platform)
    wait_for("succeeded", execution, attempt=1)


def test_the_command_of_a_frozen_child_is_dead_before_another_attempt_begins(
    platform: Platform,
) -> None:
    platform.start(concurrency=2)
    execution = open_command(platform, "once", job=RETRIED)
    wait_until_called(platform, execution)
    family = family_of(execution)
    child = psutil.Process(execution.worker_pid)

    child.suspend()
    wait_until_gone(*family, within=10)
    wait_for("succeeded", execution, attempt=2)
    child.resume()

    wait_until_gone(child)
    assert_kept(platform)
    assert reasons(execution) == ["worker_lost"]
    assert folders(platform) == []
