"""A command from its start to the outcome of its attempt, with real processes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from pytest_django.fixtures import Settings

from executions import runner
from executions.handlers.out_of_process.endings import Ending, outcome_of
from executions.launcher import read_process
from executions.outcomes import Cancelled, Failed, HandedBack, RetryAsked, Succeeded, TimedOut
from executions.watchdog import Guard, Stop
from tests.platform import until
from tests.unit.executions.commands import (
    Attempt,
    assert_none_left,
    far_ahead,
    launchers,
    marked,
)

Start = Callable[..., Attempt]

# A process in the command's group, and a daemon: forked twice, in a session of its own.
FAMILY = "sleep 600 & setsid -f sleep 600;"


@pytest.fixture
def mark() -> Iterator[str]:
    """A text by which all processes of a test are known; none may be left."""
    mark = uuid4().hex
    yield mark
    assert_none_left(mark, within=0)


@pytest.fixture
def start(
    mark: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    """Return a function that prepares one attempt of a shell script; no folder may be left."""
    settings.SCHEDULER_ALLOWED_COMMANDS = ["/bin/sh", sys.executable]
    monkeypatch.setattr(Guard, "ends_at", far_ahead)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def start(script: str, **parameters: Any) -> Attempt:
        escaped = script.replace("'", "'\"'\"'")
        return Attempt(f"/bin/sh -c '{escaped}'", {"mark": mark, **parameters})

    yield start
    assert os.listdir(tmp_path) == []
    assert launchers() == []


def test_a_command_that_ends_well_has_succeeded_without_output(start: Start) -> None:
    assert start("exit 0").run() == Succeeded(None)


def test_what_it_writes_into_the_output_file_is_its_output(start: Start) -> None:
    script = 'echo "{\\"region\\": \\"$PARAM_REGION\\"}" > "$SCHEDULER_OUTPUT_FILE"'

    assert start(script, region="EU").run() == Succeeded('{"region":"EU"}')


def test_output_that_cannot_be_kept_fails_the_attempt_with_the_reason(start: Start) -> None:
    outcome = start('mkfifo "$SCHEDULER_OUTPUT_FILE"').run()

    assert outcome == Failed(
        "OutputNotStorable", "The file named by SCHEDULER_OUTPUT_FILE is no regular file"
    )


def test_exit_75_asks_for_another_attempt(start: Start) -> None:
    outcome = start("echo the other side is busy >&2; exit 75").run()

    assert outcome == RetryAsked("exit code 75, try again later: the other side is busy", None)


def test_another_exit_code_fails_with_the_last_lines_on_standard_error(start: Start) -> None:
    outcome = start("echo a >&2; echo b >&2; echo; echo said >&1; exit 3").run()

    assert outcome == Failed("ExitCode", "exit code 3: b\n\nThe last lines:\na\nb")


def test_without_standard_error_the_last_lines_on_standard_output_tell(start: Start) -> None:
    outcome = start("echo only this; exit 1").run()

    assert outcome == Failed("ExitCode", "exit code 1: only this")


def test_without_any_words_the_exit_code_tells(start: Start) -> None:
    assert start("exit 255").run() == Failed("ExitCode", "exit code 255.")


@pytest.mark.parametrize("name", ["KILL", "SEGV", "TERM"])
def test_the_signal_that_killed_a_command_is_named(start: Start, name: str) -> None:
    outcome = start(f"ulimit -c 0; echo bye; kill -{name} $$").run()

    assert outcome == Failed("Signal", f"killed by SIG{name}: bye")


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (Ending("signal", 64), Failed("Signal", "killed by SIGRTMAX.")),
        (Ending("signal", 40), Failed("Signal", "killed by signal 40.")),
        (
            Ending("lost"),
            Failed(
                "LauncherLost",
                "The launcher of the command was killed, and the command with it.",
            ),
        ),
    ],
)
def test_rarer_ends_are_told_as_well(ending: Ending, outcome: Failed) -> None:
    assert outcome_of(ending, tail=[], read_output=lambda: None) == outcome


@pytest.mark.parametrize(
    ("first_line", "reason"),
    [
        (b"#!/no/such/interpreter\n", "No such file or directory"),
        (b"\x00\x01\x02", "Exec format error"),
        (b"echo no first line", "Exec format error"),
    ],
)
def test_what_the_system_does_not_start_fails_for_good_with_its_reason(
    start: Start, settings: Settings, tmp_path_factory: Any, first_line: bytes, reason: str
) -> None:
    program = tmp_path_factory.mktemp("bin") / "program"
    program.write_bytes(first_line)
    program.chmod(0o755)
    settings.SCHEDULER_ALLOWED_COMMANDS = [str(program)]

    outcome = Attempt(str(program)).run()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("CommandNotStarted", True)
    assert f"did not start the command: {reason}. A script needs" in outcome.message


def test_a_command_that_is_not_allowed_fails_for_good_and_starts_nothing(
    start: Start, settings: Settings
) -> None:
    settings.SCHEDULER_ALLOWED_COMMANDS = []

    outcome = start("exit 0").run()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("CommandRefused", True)
    assert "SCHEDULER_ALLOWED_COMMANDS of this worker, which lists nothing" in outcome.message


def test_a_command_line_beyond_what_the_system_takes_fails_with_its_reason(start: Start) -> None:
    outcome = start("exit 0 #" + "x" * 200_000).run()

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "CommandNotStarted"
    assert "Argument list too long" in outcome.message


def test_both_streams_are_kept_line_by_line_with_their_level(start: Start) -> None:
    attempt = start("echo one; echo two >&2; printf three")
    attempt.run()

    lines = attempt.lines.take()
    assert {(line.stream, line.level, line.message) for line in lines} == {
        ("stdout", "INFO", "one"),
        ("stderr", "ERROR", "two"),
        ("stdout", "INFO", "three"),
    }


def test_junk_is_kept_as_far_as_text_goes(start: Start) -> None:
    attempt = start(r"printf 'a\000b\377\n\303'; sleep 0.05; printf '\251\n\200\303'")
    attempt.run()

    assert attempt.said() == ["a\ufffdb\ufffd", "é", "\ufffd\ufffd"]


def test_a_line_without_end_is_cut_and_takes_little_memory(start: Start) -> None:
    attempt = start("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end")
    attempt.run()

    said = attempt.said()
    assert said[-1] == "end"
    assert max(map(len, said)) < 10_050
    assert len(said) < 110


def test_two_full_pipes_do_not_block_each_other(start: Start) -> None:
    attempt = start("head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero; exit 4")

    assert isinstance(attempt.run(), Failed)


def test_a_flood_of_lines_is_cut_and_the_end_still_heard(start: Start) -> None:
    attempt = start("seq 300000; echo over >&2; exit 5")

    assert attempt.run() == Failed("ExitCode", "exit code 5: over")
    said = attempt.said()
    assert len(said) == 1_001
    assert said[-1].startswith("The log ends here")


def test_lines_can_be_read_while_the_command_runs(start: Start) -> None:
    attempt = start("echo ready; while [ ! -e go ]; do sleep 0.01; done; echo went on")

    def let_go() -> None:
        (launcher,) = launchers()
        (Path(launcher.cwd()) / "go").touch()

    with attempt.meanwhile(let_go):
        assert attempt.run() == Succeeded(None)
    assert attempt.said() == ["ready", "went on"]


def test_it_runs_in_its_own_folder_with_nothing_of_the_workers(start: Start) -> None:
    attempt = start("pwd; echo $TMPDIR; ls /proc/self/fd; cat; ps -o sid= -p $$; echo $$")
    attempt.run()

    folder, temporary, *descriptors, session, pid = attempt.said()
    assert os.path.basename(folder).startswith("scheduler-attempt-")
    assert temporary == folder
    assert descriptors == ["0", "1", "2", "3"]  # 3 is the folder that ls reads
    assert session.strip() == pid


def test_what_ends_the_worker_childs_group_does_not_reach_the_launcher(start: Start) -> None:
    attempt = start("echo ready; sleep 600")
    groups: list[int] = []

    def look() -> None:
        groups.extend(os.getpgid(launcher.pid) for launcher in launchers())
        attempt.guard.begin_stop(Stop.CANCEL)

    with attempt.meanwhile(look):
        attempt.run()
    assert len(groups) == 1
    assert os.getpgid(0) not in groups


def test_signals_are_as_every_program_expects_them(start: Start) -> None:
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    try:
        attempt = start("cat /proc/self/status")
        attempt.run()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR2])
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)

    told = dict(line.split(":\t", 1) for line in attempt.said())
    assert [told[name] for name in ("SigBlk", "SigIgn", "SigCgt")] == ["0" * 16] * 3


def test_a_parameter_is_on_no_command_line(start: Start, mark: str) -> None:
    attempt = start("echo ready; sleep 600", secret="kept-" + mark)
    lines: list[str] = []

    def look() -> None:
        for process in psutil.process_iter():
            try:
                lines.extend(process.cmdline())
            except psutil.Error:
                continue
        attempt.guard.begin_stop(Stop.CANCEL)

    with attempt.meanwhile(look):
        attempt.run()
    assert any("sleep" in line for line in lines)
    assert not any(mark in line for line in lines)


def test_what_a_command_leaves_running_is_killed_and_not_waited_for(
    start: Start, mark: str
) -> None:
    attempt = start(f"{FAMILY} echo bye; exit 0")

    began = time.monotonic()
    assert attempt.run() == Succeeded(None)
    assert time.monotonic() - began < 10
    assert marked(mark) == []
    assert attempt.said() == ["bye"]


def test_a_stranger_who_holds_a_pipe_does_not_hold_up_the_attempt(start: Start) -> None:
    attempt = start("echo ready; while [ ! -e go ]; do sleep 0.01; done; echo bye")
    held: list[int] = []

    def hold_and_let_go() -> None:
        (launcher,) = launchers()
        held.append(os.open(f"/proc/{launcher.pid}/fd/1", os.O_WRONLY))
        (Path(launcher.cwd()) / "go").touch()

    with attempt.meanwhile(hold_and_let_go):
        assert attempt.run() == Succeeded(None)
    assert attempt.said() == ["ready", "bye"]
    os.close(held[0])


@pytest.mark.parametrize(
    ("stop", "ending"),
    [(Stop.CANCEL, Cancelled()), (Stop.TIMEOUT, TimedOut(30)), (Stop.DRAIN, HandedBack())],
)
def test_a_stop_reaches_the_command_and_all_it_started(
    start: Start, stop: Stop, ending: object
) -> None:
    attempt = start(
        "trap 'echo sh heard; exit 0' TERM;"
        ' setsid -f sh -c \'trap "echo daemon heard; exit" TERM; echo up;'
        " while :; do sleep 0.01; done';"
        " while :; do sleep 0.01; [ -e ready ] || { touch ready; echo ready; }; done"
    )

    def stop_it() -> None:
        until(lambda: "up" in attempt.said(), what="the daemon listens")
        attempt.guard.begin_stop(stop)

    with attempt.meanwhile(stop_it):
        assert attempt.run() == ending
    assert {"sh heard", "daemon heard"} <= set(attempt.said())


def test_what_ignores_the_stop_is_killed_before_the_worker_child_would_be(
    start: Start, settings: Settings
) -> None:
    settings.SCHEDULER_STOP_GRACE_SECONDS = 1.0
    attempt = start(f"trap '' TERM; {FAMILY} echo ready; while :; do sleep 1; done")

    with attempt.meanwhile(lambda: attempt.guard.begin_stop(Stop.TIMEOUT)):
        assert attempt.run() == TimedOut(30)
    assert attempt.guard.kill_at is not None
    assert time.monotonic() < attempt.guard.kill_at


def test_a_stop_that_is_decided_before_the_start_is_heard(start: Start) -> None:
    attempt = start("sleep 600")
    attempt.guard.begin_stop(Stop.DRAIN)

    assert attempt.run() == HandedBack()


def test_nothing_is_raised_in_the_middle_of_a_command(start: Start) -> None:
    attempt = start("echo ready; sleep 600")

    def stop_it() -> None:
        attempt.guard.begin_stop(Stop.CANCEL)
        attempt.guard.raise_stop()

    with attempt.meanwhile(stop_it):
        assert attempt.run() == Cancelled()


def test_a_renewal_lets_the_command_go_on_and_its_end_ends_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Guard, "ends_at", lambda _: time.monotonic() + 1)
    attempt = start("echo ready; sleep 600")

    def renew() -> None:
        assert attempt.guard.remote is not None
        attempt.guard.remote.extend(time.monotonic() + 1.5)

    began = time.monotonic()
    with attempt.meanwhile(renew):
        assert attempt.run() == Failed("Signal", "killed by SIGKILL: ready")
    assert time.monotonic() - began > 1.5


def test_a_killed_launcher_takes_the_command_and_all_it_started_with_it(start: Start) -> None:
    attempt = start(f"{FAMILY} echo ready; sleep 600")

    with attempt.meanwhile(lambda: [launcher.kill() for launcher in launchers()]):
        outcome = attempt.run()

    assert outcome == Failed(
        "LauncherLost",
        "The launcher of the command was killed, and the command with it: ready",
    )


def test_a_frozen_launcher_does_not_hold_up_a_stop(start: Start, settings: Settings) -> None:
    settings.SCHEDULER_STOP_GRACE_SECONDS = 1.0
    attempt = start(f"{FAMILY} echo ready; sleep 600")

    def freeze_and_stop() -> None:
        (launcher,) = launchers()
        launcher.suspend()
        attempt.guard.begin_stop(Stop.CANCEL)

    with attempt.meanwhile(freeze_and_stop):
        assert attempt.run() == Cancelled()


def test_a_frozen_command_is_killed_on_a_stop(start: Start, settings: Settings, mark: str) -> None:
    settings.SCHEDULER_STOP_GRACE_SECONDS = 1.0
    attempt = start("echo ready; kill -STOP $$")

    with attempt.meanwhile(lambda: attempt.guard.begin_stop(Stop.CANCEL)):
        assert attempt.run() == Cancelled()


def ticks_now() -> float:
    """Return the present time as the kernel notes a process's start."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")


def test_another_child_of_the_worker_outlives_a_killed_launcher(start: Start) -> None:
    other = psutil.Popen(["/bin/sleep", "600"])
    try:
        found = read_process(other.pid)
        assert found is not None
        until(lambda: ticks_now() > found[3] + 1, what="a tick of the kernel")
        attempt = start("echo ready; sleep 600")
        with attempt.meanwhile(lambda: [launcher.kill() for launcher in launchers()]):
            attempt.run()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_orphans_are_adopted_only_while_a_command_runs(start: Start) -> None:
    start("exit 0").run()

    subprocess.run(["/bin/sh", "-c", "sleep 0.2 &"], check=True)
    assert not [child for child in psutil.Process().children() if child.name() == "sleep"]


def test_a_folder_that_cannot_be_made_fails_the_attempt_with_the_reason(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")

    outcome = start("exit 0").run()

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("CommandNotStarted", False)
    assert "No such file or directory" in outcome.message


@pytest.mark.parametrize("error", [MemoryError(), SystemExit(3), KeyboardInterrupt()])
def test_what_breaks_off_the_waiting_kills_the_command_and_fails_the_attempt(
    start: Start, mark: str, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    attempt = start(f"trap '' TERM; {FAMILY} echo ready; while :; do sleep 1; done")

    def break_off(**_: Any) -> None:
        raise error

    monkeypatch.setattr(attempt.lines, "add", break_off)
    outcome = runner._call(attempt.guard)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message, outcome.is_permanent) == (
        type(error).__name__,
        str(error) or repr(error),
        False,
    )
    assert "break_off" in (outcome.stack_trace or "")
    assert marked(mark) == []


def test_what_breaks_off_the_start_kills_the_command_as_well(
    start: Start, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = start(f"{FAMILY} sleep 600")
    read = iter([MemoryError()])

    def break_off(pid: int) -> tuple[str, int, int, int] | None:
        until(lambda: len(marked(mark)) >= 4, what="the command has started its family")
        for error in read:
            raise error
        return read_process(pid)

    monkeypatch.setattr("executions.launcher.read_process", break_off)
    with pytest.raises(MemoryError):
        attempt.run()

    assert marked(mark) == []


def test_a_mode_that_this_worker_does_not_know_fails_the_attempt(start: Start) -> None:
    attempt = start("exit 0")
    attempt.claim.snapshot["execution_mode"] = "by_pigeon"

    outcome = runner._call(attempt.guard)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.message) == ("KeyError", "'by_pigeon'")


def test_many_commands_leave_no_open_file(start: Start) -> None:
    start("exit 0").run()
    before = psutil.Process().num_fds()

    for _ in range(5):
        start("exit 0").run()
        start("exit 0", large="x" * 100_000).run()

    assert psutil.Process().num_fds() == before
