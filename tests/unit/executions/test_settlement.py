"""What follows from each way an attempt can end."""

from datetime import UTC, datetime

import pytest

from executions.outcomes import (
    Cancelled,
    ConditionBroken,
    ConditionUnmet,
    Failed,
    HandedBack,
    LockLost,
    Look,
    Outcome,
    RetryAsked,
    Skipped,
    Succeeded,
    TimedOut,
    WorkerLost,
)
from executions.retry import RetryPolicy
from executions.settlement import decide
from executions.states import ALLOWED_MOVES, ExecutionStatus

POLICY = RetryPolicy(strategy="linear", max_retries=2, base_delay=10, max_delay=60)
NO_RETRIES = RetryPolicy(strategy="none", max_retries=2, base_delay=10, max_delay=60)

LOOK = Look("false", [], "not yet")
ENDINGS: list[tuple[Outcome, str, str | None]] = [
    (Succeeded('{"rows":1}'), "succeeded", None),
    (Skipped("nothing new"), "skipped", "handler"),
    (Cancelled("trace"), "cancelled", "cancelled"),
    (HandedBack(), "scheduled", "drain"),
    (Failed("ValueError", "bad", is_permanent=True), "failed", "permanent"),
    (ConditionUnmet(LOOK, "not yet"), "skipped", "condition"),
    (ConditionBroken(LOOK, "no answer", is_skipped=True), "skipped", "condition_error"),
    (ConditionBroken(LOOK, "no answer", is_skipped=False), "failed", "condition_error"),
]
FAILURES: list[tuple[Outcome, str, str]] = [
    (Failed("ValueError", "bad", "trace"), "failed", "error"),
    (RetryAsked("busy"), "failed", "retry_later"),
    (RetryAsked("busy", 5), "failed", "retry_later"),
    (TimedOut(30), "timed_out", "timeout"),
    (WorkerLost("worker1@host"), "failed", "worker_lost"),
    (LockLost("ledger", "it was broken"), "failed", "lock_lost"),
]


@pytest.mark.parametrize(("outcome", "status", "reason"), ENDINGS)
@pytest.mark.parametrize("attempt", [1, 3])
@pytest.mark.parametrize("policy", [POLICY, NO_RETRIES], ids=["retries", "no-retries"])
def test_what_is_no_failure_to_retry_ends_the_same_whatever_the_policy(
    outcome: Outcome, status: str, reason: str | None, attempt: int, policy: RetryPolicy
) -> None:
    decision = decide(outcome, attempt=attempt, policy=policy)

    assert (decision.status, decision.reason, decision.delay) == (status, reason, 0)


@pytest.mark.parametrize(("outcome", "ending", "reason"), FAILURES)
def test_a_failed_attempt_is_retried_while_retries_are_left(
    outcome: Outcome, ending: str, reason: str
) -> None:
    decisions = [decide(outcome, attempt=attempt, policy=POLICY) for attempt in (1, 2, 3)]

    assert [decision.status for decision in decisions] == ["retrying", "retrying", ending]
    assert {decision.reason for decision in decisions} == {reason}
    assert decisions[2].delay == 0


@pytest.mark.parametrize(("outcome", "ending", "reason"), FAILURES)
def test_without_a_strategy_a_failed_attempt_is_the_last(
    outcome: Outcome, ending: str, reason: str
) -> None:
    decision = decide(outcome, attempt=1, policy=NO_RETRIES)

    assert (decision.status, decision.reason, decision.delay) == (ending, reason, 0)


@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        (None, 20),
        (0, 0),
        (0.25, 0.25),
        (59.9, 59.9),
        (60, 60),
        (61, 60),
        (10**9, 60),
        (float("inf"), 60),
        (-5, 0),
    ],
)
def test_a_handlers_own_delay_replaces_the_policys_within_its_cap(
    asked: float | None, delay: float
) -> None:
    assert decide(RetryAsked("busy", asked), attempt=2, policy=POLICY).delay == delay


def test_jitter_comes_from_the_policy() -> None:
    policy = RetryPolicy(
        strategy="exponential_with_jitter", max_retries=9, base_delay=10, max_delay=3_600
    )

    delays = {decide(Failed("E", "m"), attempt=3, policy=policy).delay for _ in range(50)}

    assert len(delays) > 1
    assert all(20 <= delay < 40 for delay in delays)


def test_success_keeps_its_output_and_says_nothing_of_errors() -> None:
    decision = decide(Succeeded('{"rows":1}'), attempt=1, policy=POLICY)

    assert decision.output == '{"rows":1}'
    assert (decision.error_type, decision.error_message, decision.stack_trace) == (None,) * 3


@pytest.mark.parametrize(
    ("outcome", "error_type", "message", "trace"),
    [
        (Failed("KeyError", "'x'", "trace"), "KeyError", "'x'", "trace"),
        (Failed("KeyError", "'x'", "trace", True), "KeyError", "'x'", "trace"),
        (RetryAsked("busy"), "RetryLater", "busy", None),
        (
            TimedOut(2.5, "trace"),
            "Timeout",
            "The attempt took longer than its timeout of 2.5 s.",
            "trace",
        ),
        (
            WorkerLost("w@h"),
            "WorkerLost",
            "Worker w@h died or froze, and its lease ran out.",
            None,
        ),
        (
            LockLost("ledger", "it was broken", "trace"),
            "LockLost",
            "The attempt was stopped, it lost lock ledger: it was broken.",
            "trace",
        ),
        (Skipped("nothing new"), None, "nothing new", None),
        (Cancelled("trace"), None, None, "trace"),
        (HandedBack(), None, None, None),
        (ConditionUnmet(LOOK, "not yet"), None, "not yet", None),
        (ConditionBroken(LOOK, "no answer", is_skipped=True), None, "no answer", None),
        (ConditionBroken(LOOK, "no answer", is_skipped=False), "ConditionError", "no answer", None),
    ],
)
@pytest.mark.parametrize("attempt", [1, 3])
def test_a_decision_carries_what_is_known_of_the_error(
    outcome: Outcome,
    error_type: str | None,
    message: str | None,
    trace: str | None,
    attempt: int,
) -> None:
    decision = decide(outcome, attempt=attempt, policy=POLICY)

    found = (decision.error_type, decision.error_message, decision.stack_trace)
    assert found == (error_type, message, trace)


@pytest.mark.parametrize("attempt", [1, 3])
@pytest.mark.parametrize("policy", [POLICY, NO_RETRIES], ids=["retries", "no-retries"])
def test_a_condition_that_is_waited_for_is_looked_at_again_whatever_the_policy(
    attempt: int, policy: RetryPolicy
) -> None:
    until = datetime(2026, 3, 2, tzinfo=UTC)
    outcome = ConditionUnmet(LOOK, "not yet", delay=60, waits_until=until)

    decision = decide(outcome, attempt=attempt, policy=policy)

    assert (decision.status, decision.reason) == ("scheduled", "condition")
    assert (decision.delay, decision.waits_until, decision.fence_step) == (60, until, 1)
    assert decision.error_message == "not yet"


def test_only_a_hand_back_moves_the_fence() -> None:
    steps = {
        type(outcome): decide(outcome, attempt=1, policy=POLICY).fence_step
        for outcome, *_ in [*ENDINGS, *FAILURES]
    }

    assert {outcome for outcome, step in steps.items() if step} == {HandedBack}


@pytest.mark.parametrize("outcome", [outcome for outcome, *_ in [*ENDINGS, *FAILURES]])
@pytest.mark.parametrize("attempt", [1, 3])
def test_every_decision_is_a_move_that_a_running_execution_may_make(
    outcome: Outcome, attempt: int
) -> None:
    status = decide(outcome, attempt=attempt, policy=POLICY).status

    assert status in ALLOWED_MOVES[ExecutionStatus.RUNNING]


def test_every_kind_of_outcome_is_decided_on_in_this_file() -> None:
    assert {type(outcome) for outcome, *_ in [*ENDINGS, *FAILURES]} == set(Outcome.__args__)
