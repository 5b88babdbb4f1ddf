"""How many rows a list shows, and a word on standard error when there are more."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.management.base import CommandParser
from django.db.models import Model, QuerySet

from audit.command import PlatformCommand

M = TypeVar("M", bound=Model)
_MOST = 10_000


def add_limit(parser: CommandParser, *, default: int = 200) -> None:
    """Add ``--limit``."""
    parser.add_argument(
        "--limit",
        type=count_up_to(_MOST),
        default=default,
        metavar="COUNT",
        help=f"show at most so many (default {default})",
    )


def take(command: PlatformCommand, rows: QuerySet[M], options: dict[str, Any]) -> list[M]:
    """Return the first rows, at most ``--limit``; nothing is counted."""
    limit = options["limit"]
    found = list(rows[: limit + 1])
    if len(found) > limit:
        command.aside.print(f"The first {limit}; there are more: filter, or raise --limit.")
    return found[:limit]


def count_up_to(most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from 1 to ``most``."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
            raise ArgumentTypeError(f"{text!r} is no number from 1 to {most}")
        return int(text)

    return read
