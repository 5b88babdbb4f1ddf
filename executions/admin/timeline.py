"""The history of one execution as its page tells it: steps, and the attempts among them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.times import show_time
from executions.models import ExecutionTransition, JobExecution
from executions.states import FINAL, ExecutionStatus, Reason

S = ExecutionStatus

_MOST_MOVES = 200
_SAID = (Reason.ERROR, Reason.CANCELLED)  # the title says as much


@dataclass(frozen=True)
class Step:
    """One move: where it led, what it knows, and how long the execution stayed there."""

    status: ExecutionStatus
    at: datetime
    title: str
    notes: tuple[str, ...]
    error: str
    seconds: float | None
    is_current: bool


@dataclass(frozen=True)
class Attempt:
    """One time a worker had the execution; ``outcome`` is None while it still has it."""

    number: int
    fence: int
    worker: str
    waited_seconds: float | None
    started_at: datetime
    ended_at: datetime | None
    took_seconds: float
    outcome: ExecutionStatus | None
    reason: str
    error: str


def read_moves(execution: JobExecution) -> list[ExecutionTransition]:
    """Return the newest moves of an execution, oldest first."""
    newest = ExecutionTransition.objects.filter(execution=execution).order_by("-id")
    return list(newest[:_MOST_MOVES])[::-1]


def tell_steps(moves: Sequence[ExecutionTransition], *, now: datetime) -> list[Step]:
    """Return the moves as steps, oldest first."""
    steps = []
    for number, move in enumerate(moves):
        is_last = number + 1 == len(moves)
        status = S(move.to_status)
        until = now if is_last else moves[number + 1].at
        data = move.data or {}
        steps.append(
            Step(
                status=status,
                at=move.at,
                title=_title(move),
                notes=tuple(_notes(move, data)),
                error=_error(data),
                seconds=None if status in FINAL else max((until - move.at).total_seconds(), 0),
                is_current=is_last and status not in FINAL,
            )
        )
    return steps


def tell_attempts(moves: Iterable[ExecutionTransition], *, now: datetime) -> list[Attempt]:
    """Return every attempt the moves tell of, oldest first; one handed back is among them."""
    attempts: list[Attempt] = []
    queued_at = None
    for move in moves:
        if move.to_status == S.QUEUED:
            queued_at = move.at
        if move.to_status == S.RUNNING:
            attempts.append(_begin(move, queued_at, now))
        elif move.from_status == S.RUNNING and attempts:
            attempts[-1] = _end(attempts[-1], move)
    return attempts


def _begin(move: ExecutionTransition, queued_at: datetime | None, now: datetime) -> Attempt:
    return Attempt(
        number=move.attempt,
        fence=move.fence,
        worker=(move.data or {}).get("worker", ""),
        waited_seconds=(move.at - queued_at).total_seconds() if queued_at else None,
        started_at=move.at,
        ended_at=None,
        took_seconds=max((now - move.at).total_seconds(), 0),
        outcome=None,
        reason="",
        error="",
    )


def _end(attempt: Attempt, move: ExecutionTransition) -> Attempt:
    data = move.data or {}
    took = data.get("duration_seconds", (move.at - attempt.started_at).total_seconds())
    return replace(
        attempt,
        ended_at=move.at,
        took_seconds=took,
        outcome=_outcome(move),
        reason=Reason(move.reason).label if move.reason else "",
        error=_error(data),
    )


def _outcome(move: ExecutionTransition) -> ExecutionStatus:
    """An attempt that is tried again failed, or took too long."""
    if move.to_status != S.RETRYING:
        return S(move.to_status)
    return S.TIMED_OUT if move.reason == Reason.TIMEOUT else S.FAILED


def _title(move: ExecutionTransition) -> str:
    match S(move.to_status):
        case S.SCHEDULED | S.WAITING if move.from_status is None:
            return "Opened"
        case S.SCHEDULED if move.from_status == S.WAITING:
            return "Released"
        case S.SCHEDULED:
            return "Waits again"
        case S.QUEUED:
            return "Queued"
        case S.RUNNING:
            return f"Attempt {move.attempt} runs"
        case S.RETRYING if move.from_status == S.RUNNING:
            return f"Attempt {move.attempt} {_outcome(move).label.lower()}, to be tried again"
        case S.RETRYING:
            return "Waits again to be retried"
        case status:
            return str(status.label).capitalize()


def _notes(move: ExecutionTransition, data: dict[str, Any]) -> Iterable[str]:
    """What a move knows, in the order in which people ask."""
    if move.reason and move.reason not in _SAID:
        yield Reason(move.reason).label
    if move.actor:
        yield f"by {move.actor}"
    if "queue" in data:
        yield f"queue {data['queue']}"
    if "worker" in data:
        yield f"worker {data['worker']}, process {data.get('pid', '?')}"
    if "due_at" in data:
        yield f"next at {show_time(datetime.fromisoformat(data['due_at']))}"


def _error(data: dict[str, Any]) -> str:
    return ": ".join(str(data[name]) for name in ("error_type", "error") if data.get(name))
