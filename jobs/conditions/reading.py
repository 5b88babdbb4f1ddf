"""A structured condition as it is written, turned into terms."""

from typing import Any

from core.errors import FieldProblem
from jobs.conditions.fields import EnoughProblems, Problems
from jobs.conditions.kinds import KINDS, read_check
from jobs.conditions.terms import AllOf, AnyOf, Check, ExpressionCheck, Not, Term

MOST_DEPTH = 5
MOST_CHECKS = 50
MOST_NODES = 300
"""Checks and the groups around them: so many at most as 50 checks need."""

_GROUPS = ("all", "any")
_KNOWN = (*_GROUPS, "not", *KINDS)


class InvalidCondition(ValueError):
    """What is written makes no condition; ``problems`` names each place and what to write."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(problem.detail for problem in problems))
        self.problems = problems


def read_conditions(written: Any) -> Term:
    """The term that is written as JSON; raise ``InvalidCondition`` naming what is wrong.

    That is everything, unless there is so much of it that nobody would read it.
    """
    reader = _Reader()
    try:
        term = reader.read(written, "", 1)
    except EnoughProblems:
        raise InvalidCondition(reader.problems.found) from None
    if reader.checks > MOST_CHECKS:
        detail = f"It has {reader.checks} checks; at most {MOST_CHECKS} are looked at."
        reader.problems.add("", "too_many_checks", detail)
    if reader.problems.found:
        raise InvalidCondition(reader.problems.found)
    return term


def whole_condition(conditions: Any, expression: str | None) -> Term:
    """Both forms as one term: the checks first, then the expression."""
    terms: tuple[Term, ...] = ()
    if conditions:
        read = read_conditions(conditions)
        terms = read.terms if isinstance(read, AllOf) else (read,)
    if expression:
        terms = (*terms, ExpressionCheck("conditionalExpression", expression))
    return terms[0] if len(terms) == 1 else AllOf(terms)


class _Reader:
    def __init__(self) -> None:
        self.problems = Problems()
        self.checks = 0
        self.nodes = 0

    def read(self, node: Any, path: str, depth: int) -> Term:
        nothing = Check(path)
        self.nodes += 1
        if self.nodes > MOST_NODES:
            detail = f"It has over {MOST_NODES} checks and groups; write at most {MOST_CHECKS}."
            self.problems.add("", "too_many_checks", detail)
            raise EnoughProblems
        if not isinstance(node, dict) or len(node) != 1:
            detail = f"Write an object with exactly one of {', '.join(_KNOWN)}."
            self.problems.add(path, "invalid", detail)
            return nothing
        (kind, value), *_ = node.items()
        inner = f"{path}.{kind}" if path else str(kind)
        if kind in KINDS:
            self.checks += 1
            return read_check(kind, inner, value, self.problems)
        if kind not in _KNOWN:
            detail = f"There is no {str(kind)[:60]!r}; write one of {', '.join(_KNOWN)}."
            self.problems.add(path, "unknown_check", detail)
            return nothing
        if depth > MOST_DEPTH:
            detail = f"all, any and not stand at most {MOST_DEPTH} deep; flatten what is below."
            self.problems.add(inner, "too_deep", detail)
            return nothing
        if kind == "not":
            return Not(self.read(value, inner, depth + 1))
        return self._read_group(kind, value, inner, depth)

    def _read_group(self, kind: str, value: Any, path: str, depth: int) -> Term:
        if not isinstance(value, list) or not value:
            self.problems.add(path, "invalid", "Write a list of at least one check.")
            return Check(path)
        terms = tuple(
            self.read(node, f"{path}[{place}]", depth + 1) for place, node in enumerate(value)
        )
        return AllOf(terms) if kind == "all" else AnyOf(terms)
