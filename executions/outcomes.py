"""How an attempt can end: a closed set of values. ``settlement.decide`` says what follows."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from core.masking import Hider


@dataclass(frozen=True)
class Succeeded:
    """The handler returned; ``output`` is strict JSON text."""

    output: str | None = None


@dataclass(frozen=True)
class Failed:
    """The handler raised, or could not be called. A permanent failure is not retried."""

    error_type: str
    message: str
    stack_trace: str | None = None
    is_permanent: bool = False


@dataclass(frozen=True)
class RetryAsked:
    """The handler wants to be tried again, after ``delay`` seconds or by the job's policy."""

    message: str
    delay: float | None = None


@dataclass(frozen=True)
class Skipped:
    """The handler found nothing to do."""

    message: str


@dataclass(frozen=True)
class TimedOut:
    """The attempt took longer than the job's timeout (seconds)."""

    timeout: float
    stack_trace: str | None = None


@dataclass(frozen=True)
class Cancelled:
    """Somebody asked for it to stop, and it stopped (or was killed)."""

    stack_trace: str | None = None


@dataclass(frozen=True)
class HandedBack:
    """The worker is being stopped; the attempt does not count."""


@dataclass(frozen=True)
class WorkerLost:
    """The lease ran out: the worker died or froze, and nobody knows how far the attempt got."""

    worker: str


@dataclass(frozen=True)
class LockLost:
    """The attempt was stopped because a lock that it held was lost; ``why`` says how."""

    name: str
    why: str
    stack_trace: str | None = None


@dataclass(frozen=True)
class Look:
    """What came of looking at the schedule's condition: the result, each check, and why."""

    result: str
    terms: list[dict[str, Any]]
    message: str


@dataclass(frozen=True)
class ConditionUnmet:
    """The condition does not hold, and no handler was called.

    It is looked at again after ``delay`` seconds, until ``waits_until``, or, without a delay, the
    run is skipped.
    """

    look: Look
    message: str
    delay: float | None = None
    waits_until: datetime | None = None


@dataclass(frozen=True)
class ConditionBroken:
    """The condition could not be evaluated, and no handler was called: skipped or failed."""

    look: Look
    message: str
    is_skipped: bool


Outcome = (
    Succeeded
    | Failed
    | RetryAsked
    | Skipped
    | TimedOut
    | Cancelled
    | HandedBack
    | WorkerLost
    | LockLost
    | ConditionUnmet
    | ConditionBroken
)

AnOutcome = TypeVar("AnOutcome", bound=Outcome)


def without_secrets(outcome: AnOutcome, hider: Hider) -> AnOutcome:
    """Return the outcome without the secrets that its attempt has read."""
    texts: dict[str, Any] = {
        name: hider.hide(text)
        for name in ("message", "error_type", "stack_trace")
        if isinstance(text := getattr(outcome, name, None), str)
    }
    if isinstance(outcome, Succeeded) and outcome.output is not None:
        texts["output"] = hider.hide_in_json(outcome.output)
    return replace(outcome, **texts)
