"""Every error of the API as RFC 9457 ``application/problem+json``."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from rest_framework.exceptions import ErrorDetail
from rest_framework.settings import api_settings

from core.api.naming import camel_case
from core.api.requests import request_id_of
from core.errors import FieldProblem

CONTENT_TYPE = "application/problem+json"
# A name, not an address: the same for every installation, and branched on by clients.
TYPE_PREFIX = "urn:scheduler:problem:"

_UNQUOTED = "~!$&'()*+,;=:@"


@dataclass(frozen=True)
class Problem:
    """What went wrong, before it becomes an answer. ``code`` is what clients branch on."""

    status: int
    code: str
    detail: str
    kind: str = ""
    title: str = ""
    errors: list[dict[str, str]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, request: Any) -> dict[str, Any]:
        """Return the members of the answer to ``request``."""
        body: dict[str, Any] = {
            "type": TYPE_PREFIX + (self.kind or self.code).replace("_", "-"),
            "title": self.title or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": request.path,
            "code": self.code,
            "requestId": str(request_id_of(request)),
            **self.more,
        }
        if self.errors:
            body["errors"] = self.errors
        return body


class ProblemRaised(Exception):
    """Ends a view with the problem it carries."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def invalid_body(detail: Any) -> Problem:
    """Return the problem of a serializer's errors, each with a pointer into the body."""
    return _invalid(
        [
            {"pointer": _pointer(path), "code": error.code or "invalid", "detail": str(error)}
            for path, error in _flatten(detail, ())
        ]
    )


def invalid_parameters(detail: Any) -> Problem:
    """Return the problem of a query string's errors, each naming its parameter."""
    return _invalid(
        [
            {
                "parameter": str(path[0]) if path else "",
                "code": error.code or "invalid",
                "detail": str(error),
            }
            for path, error in _flatten(detail, ())
        ]
    )


def invalid_fields(problems: list[FieldProblem]) -> Problem:
    """Return the problem of fields that a service refused."""
    return _invalid(
        [
            {"pointer": _pointer(_path_of(p.field)), "code": p.code, "detail": p.detail}
            for p in problems
        ]
    )


def _invalid(errors: list[dict[str, str]]) -> Problem:
    first = errors[0]
    where = first.get("parameter") or first.get("pointer", "#").removeprefix("#").lstrip("/")
    detail = f"{where}: {first['detail']}" if where else first["detail"]
    if len(errors) > 1:
        detail += f" (and {len(errors) - 1} more, see errors)"
    return Problem(
        400,
        "validation_error",
        detail,
        title="The request is not valid",
        errors=errors,
    )


def _path_of(field_name: str) -> tuple[str, ...]:
    """Return the place of a field; what follows its first dot is written as on the wire."""
    name, *inner = field_name.split(".")
    return () if name == "__all__" else (camel_case(name), *inner)


def _flatten(detail: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], ErrorDetail]]:
    if isinstance(detail, ErrorDetail):
        yield path, detail
    elif isinstance(detail, dict):
        for name, inner in detail.items():
            is_about_all = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from _flatten(inner, path if is_about_all else (*path, name))
    else:
        for index, inner in enumerate(detail):
            is_error = isinstance(inner, ErrorDetail)
            yield from _flatten(inner, path if is_error else (*path, index))


def _pointer(path: tuple[Any, ...]) -> str:
    """Return the path as a JSON Pointer in URI fragment form (RFC 6901, section 6)."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "#" + "".join("/" + quote(part, _UNQUOTED, errors="replace") for part in parts)
