"""A handler can be tried without a worker and without a database."""

from typing import Any

import pytest

from executions import authoring
from executions.authoring import (
    JobContext,
    PermanentFailure,
    RetryLater,
    Skip,
    StopJob,
    job_handler,
)
from executions.rehearsal import rehearse


@pytest.fixture(autouse=True)
def _no_handler_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authoring, "_handlers", {})


def test_what_the_handler_returns_logs_and_reports_is_told() -> None:
    @job_handler("greetings.send")
    def greet(context: JobContext, name: str) -> dict[str, str]:
        context.log.info("greeting %s", name)
        print("on paper")  # noqa: T201 (what it prints is kept)
        context.progress(0.5, "half way")
        return {"greeting": f"Hello, {name}!"}

    end = rehearse("greetings.send", {"name": "Ada"})

    assert (end.ending, end.output) == ("succeeded", {"greeting": "Hello, Ada!"})
    assert end.log == ("greeting Ada", "on paper")
    assert end.progress == (0.5, "half way")


def test_parameters_that_do_not_fit_are_a_permanent_failure_that_names_both() -> None:
    @job_handler("greetings.send")
    def greet(name: str) -> None:
        """Greet nobody."""

    end = rehearse("greetings.send", {"nam": "Ada"})

    assert (end.ending, end.is_permanent) == ("failed", True)
    assert "name" in end.message
    assert "nam" in end.message


@pytest.mark.parametrize(
    ("raised", "ending"),
    [
        (RetryLater("the supplier is away", delay=5), "retry_later"),
        (Skip("no orders today"), "skipped"),
        (PermanentFailure("the account is closed"), "failed"),
        (ValueError("seven"), "failed"),
    ],
)
def test_each_way_to_end_has_its_name(raised: Exception, ending: str) -> None:
    @job_handler("ends")
    def end_so(context: JobContext) -> None:
        raise raised

    end = rehearse("ends")

    assert end.ending == ending
    assert str(raised) in end.message


def test_the_attempt_and_a_request_to_stop_can_be_played() -> None:
    @job_handler("stops")
    def stop(context: JobContext) -> Any:
        context.raise_if_cancelled()
        return context.attempt

    assert rehearse("stops", attempt=3).output == 3
    with pytest.raises(StopJob):
        rehearse("stops", is_cancelled=True)


def test_an_output_that_is_no_strict_json_fails_as_it_would_at_work() -> None:
    @job_handler("returns")
    def give_nan() -> float:
        return float("nan")

    assert rehearse("returns").error_type == "OutputNotStorable"


def test_a_handler_that_is_not_registered_is_named() -> None:
    assert "'nobody'" in rehearse("nobody").message


def test_a_handler_may_be_given_the_outputs_of_upstream_jobs() -> None:
    @job_handler("orders.report")
    def report(context: JobContext) -> int:
        rows: int = context.upstream["Load orders"].output["rows"]
        return rows

    assert rehearse("orders.report", upstream={"Load orders": {"rows": 42}}).output == 42
    missing = rehearse("orders.report")
    assert missing.error_type == "KeyError"
    assert "waited for: none" in missing.message


def test_what_it_keeps_is_told_and_what_was_kept_before_is_given() -> None:
    @job_handler("rows.copy")
    def copy(context: JobContext) -> None:
        done = context.last_checkpoint["done"]
        context.checkpoint({"done": done + 1})
        context.checkpoint({"done": done + 2})

    assert rehearse("rows.copy", last_checkpoint={"done": 5}).checkpoint == {"done": 7}


def test_a_checkpoint_that_could_not_be_kept_fails_the_rehearsal_too() -> None:
    @job_handler("rows.copy")
    def copy(context: JobContext) -> None:
        context.checkpoint({1, 2})

    end = rehearse("rows.copy")

    assert (end.error_type, end.checkpoint) == ("InvalidCheckpoint", None)


def test_nobody_else_wants_a_lock_in_a_rehearsal() -> None:
    @job_handler("ledger.close")
    def close(context: JobContext) -> list[int]:
        fences = []
        for _ in range(2):
            with context.lock("ledger", wait=60) as held:
                fences.append(held.fence)
        return fences

    assert rehearse("ledger.close").output == [1, 2]


def test_a_lock_that_is_taken_twice_fails_the_rehearsal_too() -> None:
    @job_handler("ledger.close")
    def close(context: JobContext) -> None:
        with context.lock("ledger"), context.lock("ledger"):
            pass

    assert rehearse("ledger.close").error_type == "LockHeldAlready"
