"""Conditions written in CEL, behind a port of our own: who evaluates them can be replaced.

The names are typed, so a misspelt one is refused when the schedule is saved. The library bounds the
depth of an expression and its iterations, but neither its memory nor its time: whoever evaluates an
expression that somebody wrote does so in a process that can be ended (``executions/conditions``).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from cel_expr_python import cel

from jobs.conditions.fields import read_word
from jobs.conditions.kinds import OUTCOME_ALIASES, OUTCOMES
from jobs.conditions.terms import NO_RUN

MOST_BYTES = 2_048

_MAP = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
VARIABLES = {
    "prev.exists": cel.Type.BOOL,
    "prev.status": cel.Type.STRING,
    "prev.output": cel.Type.DYN,
    "prev.rows": cel.Type.DYN,
    "prev.attempts": cel.Type.INT,
    "prev.endedAt": cel.Type.TIMESTAMP,
    "prev.durationSeconds": cel.Type.DOUBLE,
    "run.scheduledFor": cel.Type.TIMESTAMP,
    "run.businessDate": cel.Type.STRING,
    "run.isLate": cel.Type.BOOL,
    "calendar.is_business_day": cel.Type.BOOL,
    "calendar.is_holiday": cel.Type.BOOL,
    "params": _MAP,
    "now": cel.Type.TIMESTAMP,
    "environment": cel.Type.STRING,
}
"""What an expression may name. One that has no value in a run is an error where it is needed."""

_LIMIT = 2**63
_ENVIRONMENT = cel.NewEnv(variables=VARIABLES)
_STATUS = re.compile(r"""(\bprev\.status\s*[=!]=\s*)(["'])(\w*)\2""")
_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_CALENDAR = re.compile(r"\bcalendar\s*\.")


class InvalidExpression(ValueError):
    """The text is no expression; the message says where and why."""


class NotEvaluable(ValueError):
    """The expression has no truth value in this run; the message says why."""


class ConditionEvaluator(Protocol):
    """Who understands the expressions of schedules."""

    def check(self, source: str) -> None:
        """Raise ``InvalidExpression`` unless it can be evaluated in some run."""

    def evaluate(self, source: str, values: Mapping[str, Any]) -> bool:
        """Whether it is true with these values of ``VARIABLES``; raise ``NotEvaluable``."""


class CelEvaluator:
    """The expressions as Google's CEL library understands them."""

    def check(self, source: str) -> None:
        _compile(source)

    def evaluate(self, source: str, values: Mapping[str, Any]) -> bool:
        try:
            value = _compile(source).eval(data=_fit(values))
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            raise NotEvaluable(_plain(error)) from None
        if value.type() == cel.Type.ERROR:
            raise NotEvaluable(_plain(value.value()))
        if value.type() != cel.Type.BOOL:
            kind = value.type().name().lower()
            raise NotEvaluable(f"it answers a {kind}; compare it, so that it answers true or false")
        return bool(value.value())


def names_calendar(source: str) -> bool:
    """Whether the expression asks the schedule's calendar."""
    return _CALENDAR.search(source) is not None


@lru_cache(maxsize=1_024)
def _compile(source: str) -> cel.Expression:
    try:
        size = len(source.encode())
    except UnicodeEncodeError:
        raise InvalidExpression("It is not valid Unicode; write it anew.") from None
    if size > MOST_BYTES:
        raise InvalidExpression(f"It is longer than {MOST_BYTES:,} bytes; shorten it.")
    own = _STATUS.sub(_own_status, source)
    try:
        expression = _ENVIRONMENT.compile(own)
    except (RuntimeError, ValueError, TypeError) as error:
        raise InvalidExpression(_place(str(error))) from None
    if expression.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
        kind = expression.return_type().name().lower()
        raise InvalidExpression(
            f"It answers a {kind}; compare it with something, so that it answers true or false."
        )
    return expression


def _fit(value: Any) -> Any:
    """The value with each whole number that is too large for CEL as a fraction."""
    if isinstance(value, Mapping):
        return {name: _fit(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_fit(one) for one in value]
    return float(value) if type(value) is int and not -_LIMIT <= value < _LIMIT else value


def _own_status(match: re.Match[str]) -> str:
    """``prev.status == "SUCCESS"``, as some write it, with the platform's own word."""
    before, quote, word = match.groups()
    status = read_word(word, (*OUTCOMES, NO_RUN), OUTCOME_ALIASES)
    if status is None:
        known = ", ".join((*OUTCOMES, NO_RUN))
        raise InvalidExpression(f"prev.status is never {word!r}; it is one of {known}.")
    return f"{before}{quote}{status}{quote}"


def _place(message: str) -> str:
    """The library's complaints, one sentence each, with the names there are for an unknown one."""
    found = [
        f"Line {line}, column {column}: {what.replace(' (in container ' + chr(39) * 2 + ')', '')}."
        if int(line) > 0
        else f"{what}."
        for line, column, what in _ERROR.findall(message)
    ]
    text = " ".join(dict.fromkeys(found)) or f"{_plain(message)}."
    known = f" Known names: {', '.join(VARIABLES)}." if "undeclared reference" in text else ""
    return text.replace(" [INVALID_ARGUMENT]", "") + known


def _plain(error: object) -> str:
    """What the library says, without its code and on one line."""
    text = re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", str(error).strip())
    return " ".join(text.split())[:300]
