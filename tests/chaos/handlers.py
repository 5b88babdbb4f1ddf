"""Handlers that behave as badly as real ones, and leave evidence of what they did.

Each call takes a file lock named by its execution; the kernel drops it when the process dies. Two
handlers of one execution at once therefore show as a file ``<execution>.overlap``.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from executions.authoring import (
    JobContext,
    PermanentFailure,
    RetryLater,
    Skip,
    StopJob,
    job_handler,
)


@contextmanager
def witnessed(context: JobContext) -> Iterator[int]:
    """Give the number of this call, leave a line for its start and its end, and an alarm if another
    call of the same execution is under way.
    """
    folder = Path(os.environ["EVIDENCE"])
    name = str(context.execution_id)
    with (folder / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            (folder / f"{name}.overlap").touch()
        calls = folder / f"{name}.calls"
        _note(calls, f"start {context.attempt} {os.getpid()}")
        yield calls.read_text().count("start")
        _note(calls, f"end {context.attempt} {os.getpid()}")


def _note(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


def _sleep(seconds: float) -> None:
    """Sleep in small steps, so that a stop arrives at once."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)


def _sleep_deaf(context: JobContext, seconds: float) -> None:
    """Sleep, and swallow whatever is raised meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except BaseException:
            context.log.info("swallowed")


@job_handler("tests.noop")
def noop(context: JobContext) -> None:
    with witnessed(context):
        pass


@job_handler("tests.sleep")
def sleep(context: JobContext, seconds: float = 1.0) -> str:
    with witnessed(context):
        _sleep(seconds)
    return "slept"


@job_handler("tests.slow_once")
def slow_once(context: JobContext, seconds: float = 60.0, is_deaf: bool = False) -> str:
    """Take long in the execution's first call only, whatever became of that call."""
    with witnessed(context) as call:
        if call == 1 and is_deaf:
            _sleep_deaf(context, seconds)
        elif call == 1:
            _sleep(seconds)
    return f"call {call}"


@job_handler("tests.tick_once")
def tick_once(context: JobContext, seconds: float = 60.0) -> str:
    """Leave a sign of life 50 times a second in the first call, which may be frozen.

    It takes no lock: a frozen process would keep it.
    """
    folder = Path(os.environ["EVIDENCE"])
    calls = folder / f"{context.execution_id}.calls"
    is_first = not calls.exists()
    _note(calls, f"start {context.attempt} {os.getpid()}")
    end = time.monotonic() + seconds
    while is_first and time.monotonic() < end:
        _note(folder / f"{context.execution_id}.ticks", str(os.getpid()))
        time.sleep(0.02)
    return "ticked"


@job_handler("tests.listen")
def listen(context: JobContext, seconds: float = 60.0) -> str:
    """Look at the cancelled flag and return when it is set."""
    with witnessed(context):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            context.raise_if_cancelled()
            time.sleep(0.02)
    return "heard nothing"


@job_handler("tests.stubborn")
def stubborn(context: JobContext, seconds: float = 60.0) -> str:
    """Swallow whatever is raised in it."""
    with witnessed(context):
        _sleep_deaf(context, seconds)
    return "went on"


@job_handler("tests.swallow")
def swallow(context: JobContext, seconds: float = 60.0) -> str:
    """Swallow the stop, and return as if nothing had happened."""
    with witnessed(context):
        try:
            _sleep(seconds)
        except StopJob:
            context.log.info("swallowed")
    return "as if nothing had happened"


@job_handler("tests.hold_interpreter_lock")
def hold_interpreter_lock(context: JobContext) -> int:
    with witnessed(context):
        return sum(range(10**12))


@job_handler("tests.hold_once")
def hold_once(context: JobContext) -> str:
    """Hold the interpreter lock in the first attempt only."""
    if context.attempt == 1:
        hold_interpreter_lock(context)
    return "let go"


@job_handler("tests.memory_error")
def memory_error(context: JobContext) -> None:
    with witnessed(context):
        raise MemoryError("no more")


@job_handler("tests.exit")
def leave(context: JobContext, code: int = 3) -> None:
    with witnessed(context):
        sys.exit(code)


@job_handler("tests.vanish")
def vanish(context: JobContext) -> str:
    """End the process without a word in the first attempt."""
    with witnessed(context):
        if context.attempt == 1:
            os._exit(1)
    return "stayed"


@job_handler("tests.grandchild")
def grandchild(context: JobContext) -> str:
    """Start a process and wait for it, deaf to everything, in the first call only."""
    with witnessed(context) as call:
        if call == 1:
            child = subprocess.Popen(["sleep", "600"])  # noqa: S607
            folder = Path(os.environ["EVIDENCE"])
            (folder / f"{context.execution_id}.grandchild").write_text(str(child.pid))
            _sleep_deaf(context, 600)
    return f"call {call}"


@job_handler("tests.return")
def give_back(kind: str) -> Any:
    """Return what cannot be recorded."""
    return {
        "nan": float("nan"),
        "nul": "a\x00b",
        "set": {1, 2},
        "large": "x" * 2_000_000,
        "surrogate": "\ud800",
    }[kind]


@job_handler("tests.fail")
def fail(context: JobContext, times: int = 1, message: str = "not yet") -> str:
    """Fail in the first ``times`` attempts."""
    with witnessed(context):
        if context.attempt <= times:
            raise ValueError(message)
    return f"attempt {context.attempt}"


@job_handler("tests.decide")
def decide(context: JobContext, what: str) -> str:
    """End in one of the ways a handler can ask for."""
    if what == "skip":
        raise Skip("nothing to do today")
    if what == "permanent":
        raise PermanentFailure("no use")
    if what == "later" and context.attempt == 1:
        raise RetryLater("the other side is busy", delay=1)
    return "done"


@job_handler("tests.talk")
def talk(context: JobContext, lines: int = 3) -> None:
    """Log, print to both streams, report progress, and wait for a file named ``go``."""
    with witnessed(context):
        for number in range(lines):
            context.log.info("logged %s", number)
            print(f"printed {number}")  # noqa: T201
            print(f"complained {number}", file=sys.stderr)  # noqa: T201
        context.progress(0.5, "half")
        while not (Path(os.environ["EVIDENCE"]) / "go").exists():
            time.sleep(0.02)
        context.progress(1.0, "whole")


@job_handler("tests.lock")
def hold_lock(context: JobContext, seconds: float = 60.0, wait: float = 60.0) -> int:
    """Hold the lock ``chaos`` in the first call for so long; note each number it was held under."""
    with witnessed(context) as call, context.lock("chaos", wait=wait) as held:
        folder = Path(os.environ["EVIDENCE"])
        _note(folder / "fences", f"{held.fence} {context.execution_id}")
        if call == 1:
            _sleep(seconds)
    return held.fence


@job_handler("tests.lock_frozen")
def hold_lock_unwitnessed(context: JobContext, seconds: float = 60.0) -> int:
    """The same, without the file lock that a frozen process would keep."""
    folder = Path(os.environ["EVIDENCE"])
    calls = folder / f"{context.execution_id}.calls"
    is_first = not calls.exists()
    _note(calls, f"start {context.attempt} {os.getpid()}")
    with context.lock("chaos", wait=60.0) as held:
        _note(folder / "fences", f"{held.fence} {context.execution_id}")
        if is_first:
            _sleep(seconds)
    return held.fence


@job_handler("tests.count_on")
def count_on(context: JobContext, steps: int, stops_at: int) -> list[int]:
    """Count to ``steps``, each number kept once; the first attempt stands still at ``stops_at``."""
    counted: list[int] = context.last_checkpoint or []
    with witnessed(context):
        for number in range(len(counted), steps):
            counted.append(number)
            context.checkpoint(counted)
            if context.attempt == 1 and number == stops_at:
                _sleep(120)
    return counted


@job_handler("tests.keep_late")
def keep_late(context: JobContext) -> None:
    """The first attempt keeps something for as long as it is let; no alarm if it is frozen."""
    folder = Path(os.environ["EVIDENCE"])
    _note(folder / f"{context.execution_id}.calls", f"start {context.attempt} {os.getpid()}")
    while context.attempt == 1:
        context.checkpoint({"attempt": context.attempt})
        time.sleep(0.05)
