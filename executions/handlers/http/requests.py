"""The request that a job is, with the parameters of its execution in their places."""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from core.secret_references import Mask
from executions.claim import Claim
from jobs.options.http import PLACEHOLDER

_METHODS_OF_PARAMETERS = ("POST", "PUT", "PATCH")


class BadRequest(Exception):
    """The execution's parameters do not make a request of the job; the message names which."""


@dataclass(frozen=True)
class Request:
    """What is sent; no body where ``body`` is None. ``own`` are the headers that the job gives."""

    method: str
    url: str
    own: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def asking_to_call(self, url: str, name: str | None) -> "Request":
        """Return the request that says where to answer later, in a header and a field ``name``."""
        headers = {**self.headers, "X-Scheduler-Callback-Url": url}
        if name is None:
            return replace(self, headers=headers)
        if not isinstance(self.body, dict):
            raise BadRequest(f"The body is no object that could take the field {name!r}.")
        return replace(self, headers=headers, body={**self.body, name: url})

    @property
    def all_headers(self) -> dict[str, str]:
        """All headers; those of the platform win."""
        kind = {} if self.body is None else {"Content-Type": "application/json"}
        given = {name.lower() for name in self.own}
        kind = {name: value for name, value in kind.items() if name.lower() not in given}
        return {"Accept-Encoding": "identity", **kind, **self.own, **self.headers}

    @property
    def content(self) -> bytes | None:
        return None if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


def build_request(claim: Claim, mask: Mask) -> Request:
    """Return the request of one attempt; ``mask`` hears of the secrets in it."""
    options, parameters = claim.snapshot["execution_options"], claim.parameters
    method = options.get("method", "POST")
    if "body" in options:
        body = _fill(options["body"], parameters)
    else:
        body = parameters if method in _METHODS_OF_PARAMETERS else None
    return Request(
        method=method,
        url=fill_url(options["url"], parameters),
        own=_read_headers(options.get("headers", {}), mask),
        headers={
            "Idempotency-Key": str(claim.execution_id),
            "X-Scheduler-Execution-Id": str(claim.execution_id),
            "X-Scheduler-Attempt": str(claim.attempt),
        },
        body=body,
    )


def fill_url(url: str, parameters: dict[str, Any]) -> str:
    """Return the address with the parameters in their places, each one a single part of it."""
    filled = PLACEHOLDER.sub(lambda place: _quote(place[1], parameters), url)
    if {".", ".."} & set(urlsplit(filled).path.split("/")) - set(urlsplit(url).path.split("/")):
        raise BadRequest(
            "A parameter in the path of the url is '.' or '..', which leads elsewhere."
        )
    if any(not _quote(place[1], parameters) for place in PLACEHOLDER.finditer(urlsplit(url).path)):
        raise BadRequest("A parameter in the path of the url is empty, which leads elsewhere.")
    return filled


def _quote(name: str, parameters: dict[str, Any]) -> str:
    value = _parameter(name, parameters, "url")
    if not isinstance(value, str | int | float):
        raise BadRequest(f"The url takes the parameter {name!r} as text, number or truth value.")
    return quote(value if isinstance(value, str) else json.dumps(value), safe="")


def _fill(value: Any, parameters: dict[str, Any]) -> Any:
    """Return the body where each text that is exactly ``{name}`` has become that parameter."""
    match value:
        case dict():
            return {name: _fill(inner, parameters) for name, inner in value.items()}
        case list():
            return [_fill(inner, parameters) for inner in value]
        case str() if place := PLACEHOLDER.fullmatch(value):
            return _parameter(place[1], parameters, "body")
    return value


def _parameter(name: str, parameters: dict[str, Any], where: str) -> Any:
    if name not in parameters:
        given = ", ".join(parameters) or "none"
        raise BadRequest(
            f"The {where} has a place for the parameter {name!r}, which is not given;"
            f" given: {given}."
        )
    return parameters[name]


def _read_headers(headers: dict[str, Any], mask: Mask) -> dict[str, str]:
    read = {name: mask.resolve(value) for name, value in headers.items()}
    for name, text in read.items():
        if not (text.isascii() and text.isprintable()):
            raise BadRequest(f"The secret for the header {name} is not one line of ASCII.")
    return read
