"""What an answer means: pure decisions."""

import json
from collections.abc import Callable, Container
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from core.outbound.guard import Answer
from core.text import MAX_JSON_BYTES, NotStorable, clean, strict_json
from executions.outcomes import Failed, Outcome, RetryAsked, Succeeded

SUCCESSES = range(200, 300)
_ASKING_TO_WAIT = (429, 503)
# What another try may not meet: timeouts, too early, too many, and the other side's own failures.
_PASSING = {408, 425, 429, *range(500, 600)}
_MOST_CHARACTERS = 500
_MOST_SECONDS = 10**9


Hide = Callable[[str], str]
"""Takes the secrets out of a text."""


def judge(answer: Answer, expected: Container[int], *, now: datetime, hide: Hide) -> Outcome | None:
    """Return how the attempt fails with this answer, None if it is one of the expected."""
    if answer.status in expected:
        return None
    said = describe(answer, hide)
    if (
        answer.status in _ASKING_TO_WAIT
        and (delay := read_retry_after(answer, now=now)) is not None
    ):
        return RetryAsked(f"{said} It asks to be called again in {delay:g} s.", delay)
    return Failed(f"Http{answer.status}", said, is_permanent=not may_pass(answer.status))


def may_pass(status: int) -> bool:
    """Whether another try may be answered otherwise."""
    return status in _PASSING


def succeed(answer: Answer) -> Outcome:
    """Return the success whose output is what was answered: JSON, or else text."""
    if len(answer.body) > MAX_JSON_BYTES:
        return _too_large(f"The answer has more than {MAX_JSON_BYTES:,} bytes.")
    text = answer.body.decode("utf-8", "replace")
    if not text.strip():
        return Succeeded()
    try:
        return Succeeded(strict_json(read_json(answer), what="The answer"))
    except ValueError:  # no JSON, or none that can be kept
        try:
            return Succeeded(strict_json(clean(text, limit=MAX_JSON_BYTES), what="The answer"))
        except NotStorable as problem:
            return _too_large(f"{problem}.")


def read_json(answer: Answer) -> Any:
    """Return what the answer says; raise ``ValueError`` when it is not JSON."""
    try:
        return json.loads(answer.body, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_retry_after(answer: Answer, *, now: datetime) -> float | None:
    """Return the seconds after which the other side wants to be called again, if it says so."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(min(int(said[:10]), _MOST_SECONDS))
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)


def describe(answer: Answer, hide: Hide) -> str:
    """Say what was answered: the status, where it leads, and how the body begins.

    Secrets are hidden before the text is cut: what is left of one could not be found later.
    """
    said = f"It answered {answer.status}"
    if 300 <= answer.status < 400 and (location := answer.headers.get("location")):
        said += f" and leads to {hide(location)[:_MOST_CHARACTERS]}, which is not followed"
    text = " ".join(hide(answer.body.decode("utf-8", "replace")).split())
    return f"{said}: {text[:_MOST_CHARACTERS]}" if text else f"{said}."


def _too_large(why: str) -> Outcome:
    """The request has been carried out: another try would do it again for the same answer."""
    return Failed("OutputNotStorable", why, is_permanent=True)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
