"""One act on many rows: each stands or falls by itself, and a refusal stops no other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from core.errors import Refused

R = TypeVar("R")


@dataclass(frozen=True)
class Bulk(Generic[R]):
    """What became of the rows: those done, as they are now, and those refused, with why."""

    done: list[R] = field(default_factory=list)
    refused: list[tuple[R, Refused]] = field(default_factory=list)


def act_on_each(rows: Iterable[R], act: Callable[[R], R]) -> Bulk[R]:
    """Call ``act``, a transaction of its own, for each row; keep what it refuses and go on."""
    outcome = Bulk[R]()
    for row in rows:
        try:
            outcome.done.append(act(row))
        except Refused as refusal:
            outcome.refused.append((row, refusal))
    return outcome
