"""Where in an upstream job's output a value lies: ``rows.0.name``, read and followed. Pure.

A path is keys of objects and indexes of lists, counted from 0, with a dot between two of them. The
empty path and ``$`` are the whole output; ``$.rows`` is ``rows``. A key with a dot in it cannot be
named; take what holds it.
"""

import re
from typing import Any

MOST_CHARACTERS = 500
"""So long a path may be."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ROOT = "$"
_MOST_NAMED = 10
_SHOWN = 60  # characters of a foreign name
_KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a text",
    type(None): "null",
}


class InvalidPath(ValueError):
    """A text that is no path; the message says what to write."""


class NothingThere(LookupError):
    """The output has nothing at a path; the message names the part that is missing."""


def parse_path(text: str) -> tuple[str, ...]:
    """Return the steps of a path, none for the whole output; raise ``InvalidPath``."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidPath(f"A path has at most {MOST_CHARACTERS} characters.")
    if text in ("", _ROOT):
        return ()
    if "[" in text or "]" in text:
        raise InvalidPath(f"{_shown(text)} has brackets; write an index as rows.0.")
    steps = text.removeprefix(f"{_ROOT}.").split(".")
    if any(step != step.strip() or not step for step in steps):
        raise InvalidPath(
            f"{_shown(text)} has an empty part or a space around one; write it as rows.0.name, or $"
            " for the whole output."
        )
    return tuple(steps)


def take(output: Any, path: tuple[str, ...]) -> Any:
    """Return what lies in ``output`` at the steps of ``path``; raise ``NothingThere``."""
    value = output
    for number, step in enumerate(path):
        value = _follow(value, step, where=".".join(path[:number]) or "the output")
    return value


def _follow(value: Any, step: str, *, where: str) -> Any:
    if isinstance(value, dict):
        if step not in value:
            raise NothingThere(f"There is no {_shown(step)} in {where}: it has {_names(value)}.")
        return value[step]
    if isinstance(value, list):
        if not _INDEX.fullmatch(step):
            raise NothingThere(f"{where} is a list, and {_shown(step)} is no index of one.")
        if int(step) >= len(value):
            raise NothingThere(f"There is no {step} in {where}: it is a list of {len(value)}.")
        return value[int(step)]
    kind = _KINDS.get(type(value), "of another kind")
    raise NothingThere(f"There is no {_shown(step)} in {where}: it is {kind}.")


def _names(value: dict[str, Any]) -> str:
    names = [_shown(name) for name in list(value)[:_MOST_NAMED]]
    more = ", …" if len(value) > _MOST_NAMED else ""
    return f"{', '.join(names)}{more}" if names else "nothing"


def _shown(text: str) -> str:
    return repr(text[:_SHOWN])
