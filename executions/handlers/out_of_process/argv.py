"""Which program a job may start, and with what arguments. There is no shell anywhere."""

import os
import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase

from executions.checks import is_plain_path

_SETTING = "SCHEDULER_ALLOWED_COMMANDS"
_WILDCARDS = frozenset("*?[")


class CommandRefused(Exception):
    """A command that is not started; the message says why and what to do."""


def read_command(text: str, *, allowed: Sequence[str]) -> list[str]:
    """Return the command's words, the first of them a program that may be started here.

    Raise :class:`CommandRefused` otherwise.
    """
    try:
        argv = shlex.split(text)
    except ValueError as error:
        raise CommandRefused(
            f"executionCommand cannot be split into words: {error}. Check its quotes."
        ) from None
    if not argv:
        raise CommandRefused(
            "executionCommand is empty. Give the absolute path of a program, and its arguments."
        )
    _refuse_unless_allowed(argv[0], allowed)
    _refuse_unless_executable(argv[0])
    return argv


def _refuse_unless_allowed(path: str, allowed: Sequence[str]) -> None:
    """Apply the setting.

    A path that is listed as it stands may be a link: whoever listed it trusts where it leads. What
    a pattern matches must lead to what the pattern matches as well: a link in an allowed folder
    does not open other folders. The path as written must match in any case, since some programs do
    different things under different names.
    """
    if not is_plain_path(path):
        raise CommandRefused(
            f"executionCommand starts with {path!r}. Give the program's absolute path, without '.',"
            " '..' and '//'; there is no shell that would look for it."
        )
    if path in allowed and not _has_wildcard(path):  # it could be a pattern's own text
        return
    patterns = [pattern for pattern in allowed if _matches(path, pattern)]
    target = os.path.realpath(path)
    if any(_matches(target, _resolve_folder(pattern)) for pattern in patterns):
        return
    if patterns:
        raise CommandRefused(
            f"{path} leads to {target}, which {patterns[0]} in {_SETTING} does not cover."
            f" To allow it, list {path} itself and restart the workers."
        )
    raise CommandRefused(
        f"{path} is not in {_SETTING} of this worker, which lists"
        f" {', '.join(allowed) or 'nothing'}. To allow it, add it there and restart the workers."
    )


def _refuse_unless_executable(path: str) -> None:
    if not os.path.exists(path):
        raise CommandRefused(f"{path} does not exist on this worker. Install it, or mend the path.")
    if not os.path.isfile(path):
        raise CommandRefused(f"{path} is no file. Give the path of a program.")
    if not os.access(path, os.X_OK):
        raise CommandRefused(f"{path} may not be executed by the worker's user (chmod +x).")


def _matches(path: str, pattern: str) -> bool:
    """Match part by part, so that no wildcard crosses a ``/``."""
    names, patterns = path.split("/"), pattern.split("/")
    return len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))


def _resolve_folder(pattern: str) -> str:
    """Resolve the links in what stands before a pattern's first wildcard."""
    parts = pattern.split("/")
    plain = next((i for i, part in enumerate(parts) if _has_wildcard(part)), len(parts))
    return "/".join([os.path.realpath("/".join(parts[:plain]) or "/").rstrip("/"), *parts[plain:]])


def _has_wildcard(text: str) -> bool:
    return not _WILDCARDS.isdisjoint(text)
