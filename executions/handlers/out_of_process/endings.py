"""What the end of a command means for its attempt."""

import errno
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.text import NotStorable
from executions.outcomes import Failed, Outcome, RetryAsked, Succeeded

SUCCESS = 0
RETRY_LATER = 75  # EX_TEMPFAIL of sysexits.h: a failure that another attempt may not meet
# Errors of the system that may have passed by the next attempt.
_PASSING = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ETXTBSY}


@dataclass(frozen=True)
class Ending:
    """How a command ended.

    ``word`` is ``exit`` (``number`` is its code), ``signal`` (what killed it), ``error`` (why it
    could not be started), or ``lost`` when the launcher died before it could tell.
    """

    word: str
    number: int = 0


def outcome_of(
    ending: Ending, *, tail: Sequence[str], read_output: Callable[[], str | None]
) -> Outcome:
    """Return the attempt's outcome; ``tail`` are the command's last lines."""
    match ending:
        case Ending("exit", number=0):
            try:
                return Succeeded(read_output())
            except NotStorable as problem:
                return Failed("OutputNotStorable", str(problem))
        case Ending("exit", number=75):
            return RetryAsked(_tell(f"exit code {RETRY_LATER}, try again later", tail))
        case Ending("exit", number=code):
            return Failed("ExitCode", _tell(f"exit code {code}", tail))
        case Ending("signal", number=number):
            return Failed("Signal", _tell(f"killed by {_name_signal(number)}", tail))
        case Ending("error", number=number):
            return Failed(
                "CommandNotStarted",
                f"The system did not start the command: {os.strerror(number)}. A script needs a"
                " first line that names an interpreter which exists, such as #!/bin/sh.",
                is_permanent=number not in _PASSING,
            )
    return Failed(
        "LauncherLost",
        _tell("The launcher of the command was killed, and the command with it", tail),
    )


def _tell(what: str, tail: Sequence[str]) -> str:
    """Say what happened: the last line at once, since lists show no more, then those before it."""
    if not tail:
        return f"{what}."
    if len(tail) == 1:
        return f"{what}: {tail[-1]}"
    return "\n".join([f"{what}: {tail[-1]}", "", "The last lines:", *tail])


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
