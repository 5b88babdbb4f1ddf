"""The kinds of checks, and which fields each takes."""

import os
from collections.abc import Callable
from typing import Any

from jobs.conditions.fields import Fields, Problems
from jobs.conditions.terms import (
    NO_RUN,
    Check,
    DayKind,
    Dependency,
    EnvironmentCheck,
    FileCheck,
    HttpCheck,
    ParameterCheck,
    PreviousOutcome,
    SqlCheck,
)

OUTCOMES = ("succeeded", "failed", "timed_out", "cancelled", "skipped")
OUTCOME_ALIASES = {
    "success": "succeeded",
    "failure": "failed",
    "timeout": "timed_out",
    "canceled": "cancelled",
}
"""Words that others have for the same outcomes, without case and underscores."""
DAY_KINDS = ("business_day", "non_business_day", "holiday", "weekend")
ENVIRONMENTS = ("DEV", "HOM", "PROD")
COMPARISONS = ("equals", "in", "exists")

_YEAR = 366 * 86_400
_MOST_SECONDS = 30
_DEFAULT_SECONDS = 5
MOST_QUERY_CHARACTERS = 4_000


def _previous(fields: Fields) -> Check:
    known = (*OUTCOMES, NO_RUN)
    return PreviousOutcome(
        fields.path, outcomes=fields.words("outcome", known, aliases=OUTCOME_ALIASES)
    )


def _dependency(fields: Fields) -> Check:
    return Dependency(
        fields.path,
        job=fields.text("job", '"Daily Sales Report"'),
        outcomes=fields.words("outcome", OUTCOMES, aliases=OUTCOME_ALIASES),
        within=fields.number("withinSeconds", default=None, least=1, most=_YEAR),
    )


def _calendar(fields: Fields) -> Check:
    return DayKind(
        fields.path,
        calendar=fields.optional_text("calendar", '"England"'),
        kind=fields.word("is", DAY_KINDS),
    )


def _parameter(fields: Fields) -> Check:
    name = fields.text("name", '"region"')
    given = fields.given(*COMPARISONS)
    if len(given) != 1:
        fields.note(given[1] if given else "equals", "invalid", "Give one of equals, in or exists.")
        return ParameterCheck(fields.path, name, "equals", None)
    value = fields.value(given[0])
    if given[0] == "in" and not (isinstance(value, list) and value):
        fields.note("in", "invalid", 'Write a list of values, such as ["EU", "US"].')
    if given[0] == "exists" and not isinstance(value, bool):
        fields.note("exists", "invalid", "Write true or false.")
    return ParameterCheck(fields.path, name, given[0], value)


def _http(fields: Fields) -> Check:
    return HttpCheck(
        fields.path,
        url=fields.url("url"),
        statuses=fields.statuses("status"),
        timeout=_timeout(fields),
    )


def _sql(fields: Fields) -> Check:
    return SqlCheck(
        fields.path,
        database=fields.text("database", '"sales"'),
        query=fields.text("query", '"SELECT count(*) FROM orders"', most=MOST_QUERY_CHARACTERS),
        timeout=_timeout(fields),
    )


def _file(fields: Fields) -> Check:
    path = fields.text("path", '"/data/in/orders.csv"', most=1_000)
    if path and (not path.startswith("/") or os.path.normpath(path) != path):
        fields.note("path", "invalid", "Write an absolute path without '.', '..' and '//'.")
    return FileCheck(fields.path, file=path)


def _timeout(fields: Fields) -> float:
    value: float = fields.number(
        "timeoutSeconds", default=_DEFAULT_SECONDS, least=0.1, most=_MOST_SECONDS
    )
    return value


def _environment(path: str, value: Any, problems: Problems) -> Check:
    """The only kind whose value is a list by itself: of names."""
    listed = value if isinstance(value, list) else [value]
    names = tuple(str(name).upper() for name in listed)
    if not names or not set(names) <= set(ENVIRONMENTS):
        detail = f"Write a list of some of {', '.join(ENVIRONMENTS)}."
        problems.add(path, "unknown_choice", detail)
        names = ENVIRONMENTS
    return EnvironmentCheck(path, names)


_READERS: dict[str, Callable[[Fields], Check]] = {
    "previous": _previous,
    "dependency": _dependency,
    "calendar": _calendar,
    "parameter": _parameter,
    "http": _http,
    "sql": _sql,
    "file": _file,
}
KINDS = (*_READERS, "environment")


def read_check(kind: str, path: str, value: Any, problems: Problems) -> Check:
    """The check of a known kind; what is wrong with it is added to ``problems``."""
    if kind == "environment":
        return _environment(path, value, problems)
    if not isinstance(value, dict):
        problems.add(path, "not_an_object", "Write an object of its fields.")
        return Check(path)
    fields = Fields(path, value, problems)
    check = _READERS[kind](fields)
    fields.finish()
    return check
