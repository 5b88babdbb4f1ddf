"""What an execution's page tells of its moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

from executions.admin.timeline import tell_attempts, tell_steps
from executions.models import ExecutionTransition

START = datetime(2026, 5, 4, 6, tzinfo=UTC)


def move(after: float, to: str, **fields: Any) -> ExecutionTransition:
    values = {"attempt": 0, "fence": 0, **fields}
    return ExecutionTransition(at=START + timedelta(seconds=after), to_status=to, **values)


RETRIED = [
    move(0, "scheduled"),
    move(1, "queued", from_status="scheduled", data={"queue": "default"}),
    move(1.5, "running", from_status="queued", attempt=1, data={"worker": "w1@host", "pid": 7}),
    move(
        5.5,
        "retrying",
        from_status="running",
        attempt=1,
        reason="error",
        data={
            "duration_seconds": 4.0,
            "error_type": "ValueError",
            "error": "no such region",
            "due_at": "2026-05-04T06:00:35.5+00:00",
        },
    ),
    move(35.5, "queued", from_status="retrying", attempt=1, data={"queue": "default"}),
    move(36, "running", from_status="queued", attempt=2, data={"worker": "w2@host", "pid": 8}),
    move(38, "succeeded", from_status="running", attempt=2, data={"duration_seconds": 2.0}),
]


def test_every_attempt_has_its_wait_worker_duration_and_outcome() -> None:
    first, second = tell_attempts(RETRIED, now=START)
    assert (first.number, first.worker, first.waited_seconds) == (1, "w1@host", 0.5)
    assert (first.took_seconds, first.outcome) == (4.0, "failed")
    assert first.error == "ValueError: no such region"
    assert (second.number, second.waited_seconds, second.outcome) == (2, 0.5, "succeeded")


def test_an_attempt_under_way_has_no_outcome_yet() -> None:
    (attempt,) = tell_attempts(RETRIED[:3], now=START + timedelta(seconds=11.5))
    assert (attempt.outcome, attempt.ended_at, attempt.took_seconds) == (None, None, 10.0)


def test_an_attempt_that_took_too_long_is_told_apart_from_one_that_failed() -> None:
    late = move(9, "retrying", from_status="running", attempt=1, reason="timeout")
    (attempt,) = tell_attempts([*RETRIED[:3], late], now=START)
    assert (attempt.outcome, attempt.took_seconds) == ("timed_out", 7.5)


def test_an_attempt_that_was_handed_back_stays_visible() -> None:
    back = move(2, "scheduled", from_status="running", attempt=1, reason="drain")
    attempts = tell_attempts([*RETRIED[:3], back, *RETRIED[4:]], now=START)
    assert [attempt.outcome for attempt in attempts] == ["scheduled", "succeeded"]


def test_each_step_says_how_long_the_execution_stayed_there() -> None:
    steps = tell_steps(RETRIED, now=START)
    assert [step.seconds for step in steps] == [1.0, 0.5, 4.0, 30.0, 0.5, 2.0, None]
    assert not any(step.is_current for step in steps)


def test_the_last_step_of_an_unfinished_execution_goes_on() -> None:
    *_, last = tell_steps(RETRIED[:4], now=START + timedelta(seconds=10))
    assert (last.is_current, last.seconds) == (True, 4.5)


def test_steps_say_what_the_move_knows() -> None:
    steps = tell_steps(RETRIED, now=START)
    assert [step.title for step in steps] == [
        "Opened",
        "Queued",
        "Attempt 1 runs",
        "Attempt 1 failed, to be tried again",
        "Queued",
        "Attempt 2 runs",
        "Succeeded",
    ]
    assert steps[1].notes == ("queue default",)
    assert steps[2].notes == ("worker w1@host, process 7",)
    assert "next at 2026-05-04 06:00:35 UTC" in steps[3].notes
    assert steps[3].error == "ValueError: no such region"


def test_a_cancel_names_who_asked_for_it() -> None:
    moves = [
        move(0, "scheduled", actor="alice"),
        move(3, "cancelled", from_status="scheduled", reason="cancelled", actor="bob"),
    ]
    opened, cancelled = tell_steps(moves, now=START)
    assert opened.notes == ("by alice",)
    assert cancelled.notes == ("by bob",)
