"""Telling what became of many rows that were to be changed."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.management.base import CommandError
from rich.text import Text

from audit.command import PlatformCommand
from core.bulk import Bulk

R = TypeVar("R")


def tell(
    command: PlatformCommand,
    options: dict[str, Any],
    outcome: Bulk[R],
    *,
    as_json: Callable[[R], dict[str, Any]],
    shown: Callable[[R], str],
) -> None:
    """Print what was done and, on standard error, what was refused; raise if anything was.

    As JSON: ``{"done": […], "refused": [{…, "code": …, "detail": …}]}``.
    """
    count = len(outcome.done) + len(outcome.refused)
    if count > 1:
        for _, refusal in outcome.refused:
            command.aside.print(refusal.detail)
    if outcome.done or options["json"]:
        command.answer(
            options,
            document=lambda: {
                "done": [as_json(row) for row in outcome.done],
                "refused": [
                    {**as_json(row), "code": refusal.code, "detail": refusal.detail}
                    for row, refusal in outcome.refused
                ],
            },
            shown=lambda: Text("\n").join(Text(shown(row)) for row in outcome.done),
        )
    if outcome.refused:
        only = outcome.refused[0][1].detail
        raise CommandError(only if count == 1 else f"{len(outcome.refused)} of {count} refused.")
