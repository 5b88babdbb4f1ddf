"""The options of a job that is one request."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from core import secret_references
from core.errors import FieldProblem
from jobs.models import JobDefinition
from jobs.options.reading import FIELD, Check, missing, problems_in

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
METHODS_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
# What the client or the platform writes itself.
_OWN_HEADERS = {
    *("host", "content-length", "transfer-encoding", "connection", "accept-encoding"),
    *("idempotency-key", "x-scheduler-execution-id", "x-scheduler-attempt"),
    *("x-scheduler-callback-url",),
}
_MOST_SECONDS = 3_600


def problems_of_http(job: JobDefinition) -> list[FieldProblem]:
    """Return what keeps a job from being a request."""
    options = job.execution_options
    problems = problems_in(options, _OPTIONS)
    if "url" not in options:
        detail = "An http job needs its url, such as https://reports.example.com/runs/{region}."
        problems.append(missing("url", detail))
    if "body" in options and options.get("method") in ("GET", "HEAD"):
        detail = f"A {options['method']} request has no body; leave it out, or use POST."
        problems.append(FieldProblem(f"{FIELD}.body", "invalid_option", detail))
    if isinstance(options.get("headers"), dict):
        problems += _problems_of_headers(options["headers"])
    if isinstance(options.get("completion"), dict):
        problems += _problems_of_completion(options["completion"])
    return problems


def placeholders_of(text: str) -> list[str]:
    """Return the names of the parameters that a text has places for."""
    return PLACEHOLDER.findall(text)


def _check_method(value: Any) -> str | None:
    return None if value in METHODS else f"Use one of {', '.join(METHODS)}."


def _check_url(value: Any) -> str | None:
    """Places for parameters stand in path and query: no parameter may choose who is called."""
    if not isinstance(value, str) or not value.isprintable() or not value.isascii():
        return "Write a web address such as https://reports.example.com/runs, in ASCII."
    try:
        parts = urlsplit(value)
        if "{" in parts.netloc or "}" in parts.netloc:
            return "Only path and query may have places for parameters; write the host out."
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"It is no web address: {error}."
    if parts.scheme not in ("http", "https") or not host or " " in value:
        return "Write a whole web address that begins with https:// or http://, without blanks."
    if "@" in parts.netloc:
        return "It may hold no user and password; send them in a header, as a secret."
    if parts.fragment:
        return "What follows # is never sent; leave it out."
    if set(PLACEHOLDER.sub("", value)) & {"{", "}"}:
        return "Write the place for a parameter as {name}, and any other brace as %7B or %7D."
    return None


def _check_headers(value: Any) -> str | None:
    return None if isinstance(value, dict) else 'Write an object such as {"X-Team": "reports"}.'


def _check_statuses(value: Any) -> str | None:
    is_good = isinstance(value, list) and value and all(map(_is_status, value))
    return None if is_good else "List the statuses that mean success, such as [200, 202]."


def _is_status(value: Any) -> bool:
    return type(value) is int and 200 <= value <= 599


def _check_body(_: Any) -> None:
    """Any JSON may be sent."""


def _check_completion(value: Any) -> str | None:
    if isinstance(value, dict) and value.get("kind") in list(_COMPLETIONS):
        return None
    return 'Write {"kind": "poll"} to ask until it is done, or {"kind": "callback"} to be told.'


_OPTIONS: dict[str, Check] = {
    "method": _check_method,
    "url": _check_url,
    "headers": _check_headers,
    "body": _check_body,
    "expectedStatuses": _check_statuses,
    "completion": _check_completion,
}


def _problems_of_headers(headers: dict[str, Any]) -> list[FieldProblem]:
    found = ((name, _problem_of_header(name, value)) for name, value in headers.items())
    return [
        FieldProblem(f"{FIELD}.headers.{name}", "invalid_option", detail)
        for name, detail in found
        if detail is not None
    ]


def _problem_of_header(name: str, value: Any) -> str | None:
    if not _HEADER.fullmatch(name):
        return "A header's name has letters, digits and hyphens."
    if name.lower() in _OWN_HEADERS:
        return "The platform writes this header itself; leave it out."
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        return "A header's value is one line of ASCII."
    return secret_references.check(value)


def _check_seconds(value: Any) -> str | None:
    is_good = type(value) in (int, float) and 1 <= value <= _MOST_SECONDS
    return None if is_good else f"Give seconds from 1 to {_MOST_SECONDS:,}."


def _check_path(value: Any) -> str | None:
    is_good = isinstance(value, str) and all(value.split("."))
    return None if is_good else "Name the field of the answer, such as status or job.state."


def _check_words(value: Any) -> str | None:
    is_good = isinstance(value, list) and value and all(isinstance(word, str) for word in value)
    return None if is_good else 'List the words that the field may hold, such as ["done"].'


def _check_field(value: Any) -> str | None:
    is_good = isinstance(value, str) and value
    return None if is_good else "Name the field of the body that takes the address to call back."


_COMPLETIONS: dict[str, dict[str, Check]] = {
    "poll": {
        "kind": _check_body,
        "url": _check_url,
        "everySeconds": _check_seconds,
        "statusPath": _check_path,
        "succeeded": _check_words,
        "failed": _check_words,
    },
    "callback": {"kind": _check_body, "field": _check_field},
}


def _problems_of_completion(completion: dict[str, Any]) -> list[FieldProblem]:
    known = _COMPLETIONS.get(str(completion.get("kind")))
    if known is None:
        return []  # refused as a whole
    where = f"{FIELD}.completion"
    problems = problems_in(completion, known, where=where)
    if completion["kind"] == "poll":
        problems += [
            missing(name, detail, where=where) for name, detail in _missing_words(completion)
        ]
    return problems


def _missing_words(completion: dict[str, Any]) -> Iterable[tuple[str, str]]:
    if "statusPath" in completion and "succeeded" not in completion:
        yield "succeeded", "Say which words at statusPath mean that it is done."
    if "statusPath" not in completion and {"succeeded", "failed"} & set(completion):
        yield "statusPath", "Say which field of the answer holds the word."
