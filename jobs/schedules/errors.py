"""How a rule is refused: every bad field at once, each with what to write instead."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Part = TypeVar("Part")


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of a ``RuleSpec``: its name, a stable code and a sentence."""

    field: str
    code: str
    detail: str


class InvalidRule(ValueError):
    """The fields do not make a rule that can fire; ``errors`` has an entry for each problem."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.detail}" for error in errors))
        self.errors = errors

    @classmethod
    def single(cls, field: str, code: str, detail: str) -> "InvalidRule":
        """The common case of one problem."""
        return cls([FieldError(field, code, detail)])


def collect(errors: list[FieldError], build: Callable[[], Part]) -> Part | None:
    """What ``build`` gives, or None with its complaints added to ``errors``."""
    try:
        return build()
    except InvalidRule as invalid:
        errors += invalid.errors
        return None
