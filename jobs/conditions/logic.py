"""What follows from the checks of a condition: true, false, or an error."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from jobs.conditions.terms import AllOf, AnyOf, Check, Not, Term, checks_of


class Truth(Enum):
    """What came of a check, or of a whole condition."""

    TRUE = "true"
    FALSE = "false"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """What came of one check, and why."""

    check: Check
    truth: Truth
    why: str


Judge = Callable[[Check], Finding]

_OPPOSITE = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.ERROR: Truth.ERROR}


def weigh(term: Term, judge: Judge) -> tuple[Truth, list[Finding]]:
    """Ask ``judge`` about as few checks as decide the term, and return what follows from them.

    Within a group the checks that reach outside come last, and after a group is decided nothing
    more of it is asked. An error does not decide: ``all`` is false if anything is, ``any`` true.
    """
    findings: list[Finding] = []

    def ask(check: Check) -> Finding:
        finding = judge(check)
        findings.append(finding)
        return finding

    return _weigh(term, ask), findings


def explain(truth: Truth, findings: list[Finding], *, most: int = 3) -> str:
    """One sentence on why the condition came out as it did."""
    if truth is Truth.TRUE:
        return "The condition holds."
    telling = [finding for finding in findings if finding.truth is truth] or findings
    whys = "; ".join(f"{finding.check.path}: {finding.why}" for finding in telling[:most])
    more = f"; and {len(telling) - most} more" if len(telling) > most else ""
    begin = "does not hold" if truth is Truth.FALSE else "could not be evaluated"
    return f"The condition {begin}: {whys}{more}."


def _weigh(term: Term, ask: Judge) -> Truth:
    match term:
        case AllOf(terms):
            return _weigh_group(terms, ask, decisive=Truth.FALSE)
        case AnyOf(terms):
            return _weigh_group(terms, ask, decisive=Truth.TRUE)
        case Not(inner):
            return _OPPOSITE[_weigh(inner, ask)]
        case _:
            return ask(term).truth


def _weigh_group(terms: Iterable[Term], ask: Judge, *, decisive: Truth) -> Truth:
    truth = _OPPOSITE[decisive]
    for term in sorted(terms, key=_reaches_outside):
        one = _weigh(term, ask)
        if one is decisive:
            return decisive
        if one is Truth.ERROR:
            truth = Truth.ERROR
    return truth


def _reaches_outside(term: Term) -> bool:
    return any(check.is_external for check in checks_of(term))
