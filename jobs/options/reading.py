"""Checking options by name: which there are, and what each may be."""

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import FieldProblem

FIELD = "execution_options"

Check = Callable[[Any], str | None]
"""Says what is wrong with a value, with the fix; None if nothing is."""


def problems_in(
    options: Mapping[str, Any], known: Mapping[str, Check], *, where: str = FIELD
) -> list[FieldProblem]:
    """Return what is wrong with each option by itself, unknown names among it."""
    problems = []
    for name, value in options.items():
        path = f"{where}.{name}"
        if name not in known:
            names = ", ".join(known) or "none"
            unknown = f"It is not known here; the options are: {names}. Leave it out."
            problems.append(FieldProblem(path, "unknown_option", unknown))
        elif detail := known[name](value):
            problems.append(FieldProblem(path, "invalid_option", detail))
    return problems


def missing(name: str, detail: str, *, where: str = FIELD) -> FieldProblem:
    """Return the problem of an option that has to be given."""
    return FieldProblem(f"{where}.{name}", "required", detail)
