"""Commands that list rows: at most so many, and a word on standard error when there are more."""

from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.core.management.base import CommandParser
from rich.table import Table

from audit.command import PlatformCommand

R = TypeVar("R")
_MOST = 10_000


class ListingCommand(PlatformCommand):
    """A table for people, ``--json`` for programs. Nothing is counted."""

    has_json = True
    default_limit = 200

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--limit``."""
        parser.add_argument(
            "--limit",
            type=count_up_to(_MOST),
            default=self.default_limit,
            metavar="COUNT",
            help=f"show at most so many (default {self.default_limit})",
        )

    def answer_rows(
        self,
        options: dict[str, Any],
        read: Callable[[int], Sequence[R]],
        *,
        document: Callable[[Sequence[R]], Any],
        shown: Callable[[Sequence[R]], Table],
        called: str = "first",
    ) -> None:
        """Print what ``read`` gives, which is asked for one more than is shown."""
        limit = options["limit"]
        found = read(limit + 1)
        rows = found[:limit]
        self.answer(options, document=lambda: document(rows), shown=lambda: shown(rows))
        if len(found) > limit:
            self.aside.print(
                f"The {called} {limit}; there are more: filter them, or raise --limit."
            )


def count_up_to(most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from 1 to ``most``."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
            raise ArgumentTypeError(f"{text!r} is no number from 1 to {most}")
        return int(text)

    return read
