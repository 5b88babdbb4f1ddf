"""Evaluating an expression in a process of its own, which can be ended.

The library holds the interpreter lock while it evaluates, and bounds neither time nor memory: two
kilobytes of text can ask for gigabytes. A forked child costs some milliseconds and cannot take the
worker down with it.
"""

import json
import os
import resource
import select
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from jobs.conditions.cel import ConditionEvaluator, InvalidExpression, NotEvaluable

MOST_SECONDS = 2.0
MOST_MEMORY_BYTES = 256 * 1024 * 1024


def evaluate_bounded(evaluator: ConditionEvaluator, source: str, values: Mapping[str, Any]) -> bool:
    """Whether the expression is true; raise ``NotEvaluable`` also when it takes too much."""
    evaluator.check(source)  # here, so that its compiled form is kept
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _evaluate_and_leave(evaluator, source, values, writer)
    try:
        os.close(writer)
        said = _read_all(reader)
    finally:
        os.close(reader)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if not said:
        raise NotEvaluable(
            f"it takes more than {MOST_SECONDS:g} s or {MOST_MEMORY_BYTES // 1024**2} MiB;"
            " make it simpler"
        )
    answer = json.loads(said)
    if "error" in answer:
        raise NotEvaluable(answer["error"])
    return bool(answer["value"])


def _read_all(reader: int) -> bytes:
    """What the child writes until it is gone; nothing if that takes too long."""
    said, ends_at = b"", time.monotonic() + MOST_SECONDS
    while (left := ends_at - time.monotonic()) > 0 and select.select([reader], [], [], left)[0]:
        part = os.read(reader, 65_536)
        if not part:
            return said
        said += part
    return b""


def _evaluate_and_leave(
    evaluator: ConditionEvaluator, source: str, values: Mapping[str, Any], writer: int
) -> NoReturn:
    """Be the child: write the answer and leave without a word to anything that is the parent's."""
    try:
        _limit()
        os.write(writer, json.dumps(_answer(evaluator, source, values)).encode())
    finally:
        os._exit(0)


def _answer(
    evaluator: ConditionEvaluator, source: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        return {"value": evaluator.evaluate(source, values)}
    except (NotEvaluable, InvalidExpression) as error:
        return {"error": str(error)}


def _limit() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the library's last words
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seconds = int(MOST_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with suppress(OSError, ValueError):  # macOS
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MOST_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
