"""Asking in a process of its own, which is bounded in time and memory and can be ended.

Expressions need it: their library holds the interpreter lock while it evaluates, and bounds
neither, and two kilobytes of text can ask for gigabytes. So do databases: what answers, or swallows
the question, is not ours. A forked child costs some milliseconds and cannot take the worker down.
"""

import json
import math
import os
import resource
import select
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from executions.launcher import die_with_parent
from jobs.conditions.cel import ConditionEvaluator, InvalidExpression, NotEvaluable

MOST_SECONDS = 2.0
"""For an expression."""
MOST_MEMORY_BYTES = 256 * 1024 * 1024

_OUT_OF_MEMORY = 3
# How a process ends that meets its bounds: the last three are of libraries without memory.
_OVERRUN = {signal.SIGALRM, signal.SIGXCPU, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS}


class CheckFailed(Exception):
    """The check has no answer; the message says why, without any secret."""


class Overran(Exception):
    """It took more time or memory than it may."""


def evaluate_bounded(evaluator: ConditionEvaluator, source: str, values: Mapping[str, Any]) -> bool:
    """Whether the expression is true; raise ``CheckFailed`` also when it takes too much."""
    evaluator.check(source)  # here, so that its compiled form is kept
    try:
        return bool(ask_bounded(lambda: evaluator.evaluate(source, values), seconds=MOST_SECONDS))
    except Overran:
        raise CheckFailed(
            f"it takes more than {MOST_SECONDS:g} s or {MOST_MEMORY_BYTES // 1024**2} MiB;"
            " make it simpler"
        ) from None


def ask_bounded(ask: Callable[[], Any], *, seconds: float) -> Any:
    """What ``ask`` returns (JSON) in a forked child, within so many seconds.

    Raise ``CheckFailed`` when it cannot say or its process is lost, ``Overran`` at its bounds.
    """
    parent, (reader, writer) = os.getpid(), os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if pid == 0:
        _answer_and_leave(ask, seconds, writer, parent)
    said: bytes | None = None
    try:
        os.close(writer)
        said = _read_all(reader, seconds)
    finally:
        os.close(reader)
        if said is None:
            os.kill(pid, signal.SIGKILL)  # not reaped yet, so nobody else can have its id
        status = os.waitpid(pid, 0)[1]
    if said is None:
        raise Overran
    return _understand(said, os.waitstatus_to_exitcode(status))


def _read_all(reader: int, seconds: float) -> bytes | None:
    """What the child writes until it is gone; None if that takes too long."""
    said, ends_at = b"", time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0 and select.select([reader], [], [], left)[0]:
        part = os.read(reader, 65_536)
        if not part:
            return said
        said += part
    return None


def _understand(said: bytes, exit_code: int) -> Any:
    """The answer of a child that has ended so."""
    if exit_code == _OUT_OF_MEMORY or -exit_code in _OVERRUN:
        raise Overran
    if exit_code < 0:
        ended_by = signal.strsignal(-exit_code)
        raise CheckFailed(f"its process was ended from outside ({ended_by}), which says nothing")
    answer = json.loads(said)
    if "error" in answer:
        raise CheckFailed(answer["error"])
    return answer["value"]


def _answer_and_leave(ask: Callable[[], Any], seconds: float, writer: int, parent: int) -> NoReturn:
    """Be the child: write the answer and leave without a word to anything that is the parent's."""
    exit_code = _OUT_OF_MEMORY  # unless it comes to an answer
    try:
        _forget_signals()
        die_with_parent(signal.SIGKILL)
        if os.getppid() == parent:
            _limit(seconds)
            os.write(writer, json.dumps(_answer(ask)).encode())
            exit_code = 0
    finally:
        os._exit(exit_code)


def _answer(ask: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"value": ask()}
    except MemoryError:
        raise
    except (CheckFailed, NotEvaluable, InvalidExpression) as error:
        return {"error": str(error)}
    except Exception as error:
        return {"error": f"it failed ({type(error).__name__})"}


def _forget_signals() -> None:
    """End by signals as any process does, and not as a worker."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _limit(seconds: float) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the library's last words
    whole = math.ceil(seconds)
    signal.alarm(whole + 1)  # should the parent not be able to end it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
    with suppress(OSError, ValueError):  # macOS
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MOST_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
