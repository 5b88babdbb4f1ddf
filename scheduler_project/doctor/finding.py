"""What one check found."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """The answer to one question; ``hint`` says what to do about it."""

    about: str
    level: Level
    said: str
    hint: str = ""


def ok(about: str, said: str) -> Finding:
    """Nothing to do."""
    return Finding(about, Level.OK, said)


def warn(about: str, said: str, hint: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(about, Level.WARN, said, hint)


def fail(about: str, said: str, hint: str) -> Finding:
    """It does not work."""
    return Finding(about, Level.FAIL, said, hint)
