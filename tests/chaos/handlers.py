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

from executions.authoring import JobContext, PermanentFailure, RetryLater, Skip, job_handler


@contextmanager
def witnessed(context: JobContext) -> Iterator[None]:
    """Leave a line for the start and one for the end, and an alarm if this is the second at once."""
    folder = Path(os.environ["EVIDENCE"])
    name = str(context.execution_id)
    with (folder / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            (folder / f"{name}.overlap").touch()
        _note(folder / f"{name}.calls", f"start {context.attempt} {os.getpid()}")
        yield
        _note(folder / f"{name}.calls", f"end {context.attempt} {os.getpid()}")


def _note(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


@job_handler("tests.noop")
def noop(context: JobContext) -> None:
    with witnessed(context):
        pass


@job_handler("tests.sleep")
def sleep(context: JobContext, seconds: float = 1.0) -> str:
    """Sleep in small steps; a stop reaches it at once."""
    with witnessed(context):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.02)
    return "slept"


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
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                time.sleep(0.05)
            except BaseException:
                context.log.info("swallowed")
    return "went on"


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
def memory_error() -> None:
    raise MemoryError("no more")


@job_handler("tests.exit")
def leave(code: int = 3) -> None:
    sys.exit(code)


@job_handler("tests.vanish")
def vanish(context: JobContext) -> str:
    """End the process without a word in the first attempt."""
    with witnessed(context):
        if context.attempt == 1:
            os._exit(1)
    return "stayed"


@job_handler("tests.grandchild")
def grandchild(context: JobContext) -> None:
    """Start a process and wait for it, deaf to everything."""
    child = subprocess.Popen(["sleep", "600"])  # noqa: S607
    (Path(os.environ["EVIDENCE"]) / "grandchild").write_text(str(child.pid))
    while True:
        try:
            child.wait()
        except BaseException:
            context.log.info("swallowed")


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
    """Log, print to both streams, and report progress."""
    for number in range(lines):
        context.log.info("logged %s", number)
        print(f"printed {number}")  # noqa: T201
        print(f"complained {number}", file=sys.stderr)  # noqa: T201
    context.progress(0.5, "half")
