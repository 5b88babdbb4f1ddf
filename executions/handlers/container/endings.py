"""What the end of a container means for its attempt."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from executions.handlers.out_of_process.endings import Ending, outcome_of
from executions.outcomes import Failed, Outcome

_SIGNALS = range(129, 193)  # 128 and the number of what killed it, as shells count
# What the runtime says of a command that the image does not have, or cannot run.
_NO_COMMAND = re.compile(
    r"no such file|not found|permission denied|is a directory|not a directory|exec format error",
    re.IGNORECASE,
)


def outcome_of_state(
    state: dict[str, Any],
    *,
    memory: int,
    tail: Sequence[str],
    read_output: Callable[[], str | None],
) -> Outcome:
    """Return the attempt's outcome; ``memory`` is its limit (MiB), ``tail`` are its last lines."""
    if not state:
        return Failed("ContainerLost", "Somebody removed the container while it ran.")
    code = int(state["ExitCode"])
    if state.get("OOMKilled") and code != 0:
        return Failed(
            "OutOfMemory",
            f"The container was killed because it needed more than its limit of {memory} MiB of"
            " memory. Give it more by the option memoryMb, or let it use less.",
        )
    if code in _SIGNALS:
        return outcome_of(Ending("signal", code - 128), tail=tail, read_output=read_output)
    return outcome_of(Ending("exit", code), tail=tail, read_output=read_output)


def outcome_of_refused_start(message: str) -> Failed:
    """Return the outcome of an attempt whose container could not be started."""
    if _NO_COMMAND.search(message):
        return Failed(
            "CommandNotStarted",
            f"The container's command does not start: {message}. Its first word has to be a"
            " program of the image.",
            is_permanent=True,
        )
    return Failed("ContainerNotStarted", f"The Docker Engine did not start it: {message}")
