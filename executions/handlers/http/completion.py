"""Waiting for what an accepted request has begun: by asking, or by being called.

Either holds the worker child. A stop ends it at once; the other side is not told.
"""

import json
import time
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.db import InterfaceError, OperationalError, connection

from core.outbound.guard import Answer, OutboundFailed
from core.text import strict_json
from executions.callbacks import find_answer
from executions.handlers.http.answers import (
    SUCCESSES,
    Hide,
    describe,
    judge,
    may_pass,
    read_json,
    read_retry_after,
    succeed,
)
from executions.handlers.http.requests import BadRequest, Request, fill_url
from executions.handlers.http.sending import now_of, send
from executions.handlers.stopping import undisturbed
from executions.outcomes import Failed, Outcome, Succeeded
from executions.watchdog import Guard

_EVERY_SECONDS = 5.0
_MOST_SECONDS_PER_LOOK = 30.0
_LOOK_SECONDS = 1.0
_UNDER_WAY = (202, 204)


def poll_until_done(
    guard: Guard, request: Request, completion: dict[str, Any], accepted: Answer
) -> Outcome:
    """Ask until the answer says how it ended; who does not answer now is asked again."""
    every = float(completion.get("everySeconds", _EVERY_SECONDS))
    hide = guard.lines.mask.hide
    question = Request("GET", _find_address(guard, request, completion, accepted), request.own)
    wait = every
    while True:
        time.sleep(wait)
        wait = every
        try:
            answer = send(guard, question, most_seconds=_MOST_SECONDS_PER_LOOK)
        except OutboundFailed as problem:
            _note(guard, f"{problem}; asking again in {wait:g} s.")
            continue
        if may_pass(answer.status):
            wait = max(every, read_retry_after(answer, now=now_of(guard)) or 0)
            _note(guard, f"{describe(answer, hide)} Asking again in {wait:g} s.")
        else:
            failure = judge(answer, SUCCESSES, now=now_of(guard), hide=hide)
            if outcome := failure or _read(answer, completion, hide):
                return outcome


def wait_for_callback(guard: Guard) -> Outcome:
    """Look until somebody has answered."""
    claim = guard.claim
    while True:
        try:
            with undisturbed(guard):
                answer = find_answer(execution_id=claim.execution_id, since=claim.started_at)
        except (OperationalError, InterfaceError):  # the kernel timer ends a wait without database
            connection.close()
        else:
            if answer is not None:
                return understand(answer)
        time.sleep(_LOOK_SECONDS)


def understand(answer: dict[str, Any]) -> Outcome:
    """Return the outcome that an answer to a callback says."""
    if answer["status"] == "succeeded":
        output = answer.get("output")
        return Succeeded(None if output is None else strict_json(output, what="The output"))
    return Failed("RemoteFailed", answer.get("message") or "The other side says that it failed.")


def _find_address(
    guard: Guard, request: Request, completion: dict[str, Any], accepted: Answer
) -> str:
    """Return where to ask: as the job says, or where the answer leads, on the same server."""
    if "url" in completion:
        return fill_url(completion["url"], guard.claim.parameters)
    location = accepted.headers.get("location")
    if location is None:
        raise BadRequest(
            "The answer 202 has no Location to ask at; name the address as completion.url."
        )
    try:
        address = urljoin(request.url, location)
        is_same_server = _origin(address) == _origin(request.url)
    except ValueError:
        raise BadRequest("The answer's Location is no web address.") from None
    if not is_same_server:
        # The job's headers, secrets among them, are for the server that it names.
        raise BadRequest(
            "The answer's Location leads to another server,"
            f" {guard.lines.mask.hide(address)[:200]}; if that is right, name the address as"
            " completion.url."
        )
    return address


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _read(answer: Answer, completion: dict[str, Any], hide: Hide) -> Outcome | None:
    """Return how it ended by what the answer says, None while it is under way."""
    if answer.status in _UNDER_WAY:
        return None
    if "statusPath" not in completion:
        return succeed(answer)
    word = _word_at(answer, completion["statusPath"])
    if word is None:
        detail = f"There is no text at {completion['statusPath']} of the answer."
        return Failed("StatusMissing", f"{detail} {describe(answer, hide)}", is_permanent=True)
    if word in completion["succeeded"]:
        return succeed(answer)
    if word in completion.get("failed", ()):
        return Failed("RemoteFailed", f"The other side says {word!r}. {describe(answer, hide)}")
    return None


def _word_at(answer: Answer, path: str) -> str | None:
    try:
        value = read_json(answer)
        for name in path.split("."):
            value = value[name]
    except (ValueError, KeyError, TypeError):
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, int | float) else None


def _note(guard: Guard, message: str) -> None:
    guard.lines.add(level="WARNING", stream="platform", message=message)
