"""What a handler does, and the outcome it becomes."""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

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
from executions.claim import Claim
from executions.handlers import MODES
from executions.handlers.in_process import run_in_process
from executions.outcomes import Failed, Outcome, RetryAsked, Skipped, Succeeded
from jobs.models import ExecutionMode

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONTEXT = JobContext(UUID(int=1), 1, NOON, NOON, logging.getLogger("test"))

Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that registers a handler and carries out one attempt of it."""
    monkeypatch.setattr(authoring, "_handlers", {})

    def run(function: Callable[..., Any], **parameters: Any) -> Outcome:
        job_handler("tests.it")(function)
        return run_in_process(make_claim("tests.it", parameters), CONTEXT)

    return run


def make_claim(name: str, parameters: dict[str, Any] | None = None) -> Claim:
    return Claim(
        execution_id=UUID(int=1),
        fence=1,
        attempt=1,
        scheduled_for=NOON,
        started_at=NOON,
        correlation_id=UUID(int=2),
        parameters=parameters or {},
        snapshot={"execution_type_name": name, "timeout_seconds": 5},
    )


@pytest.mark.parametrize(
    ("value", "output"),
    [
        (None, "null"),
        (42, "42"),
        ("é", '"é"'),
        ({"rows": 1, "ok": True}, '{"rows":1,"ok":true}'),
        ([1, 2.5], "[1,2.5]"),
        ((1, 2), "[1,2]"),
    ],
)
def test_what_the_handler_returns_is_its_output(run: Run, value: object, output: str) -> None:
    assert run(lambda: value) == Succeeded(output)


def test_parameters_arrive_by_name_and_defaults_fill_the_rest(run: Run) -> None:
    def handler(region: str, year: int = 2026, *, dry: bool = False) -> list[object]:
        return [region, year, dry]

    assert run(handler, region="EU", dry=True) == Succeeded('["EU",2026,true]')


def test_a_handler_that_names_the_context_gets_it(run: Run) -> None:
    assert run(lambda context: context is CONTEXT) == Succeeded("true")


def test_a_handler_may_take_any_parameters(run: Run) -> None:
    assert run(lambda **values: values, a=1, b=2) == Succeeded('{"a":1,"b":2}')


def missing(region: str, year: int) -> None: ...
def with_context(context: JobContext, region: str) -> None: ...
def nothing() -> None: ...


@pytest.mark.parametrize(
    ("function", "parameters", "says"),
    [
        (missing, {}, "missing a required argument: 'region'. The handler takes: region, year;"),
        (missing, {"region": "EU"}, "'year'. The handler takes: region, year; given: region."),
        (
            missing,
            {"region": "EU", "year": 1, "month": 2},
            "'month'. The handler takes: region, year; given: region, year, month.",
        ),
        (with_context, {"regoin": "EU"}, "The handler takes: region; given: regoin."),
        (nothing, {"a": 1}, "'a'. The handler takes: none; given: a."),
        (missing, {}, "given: none."),
    ],
    ids=["all-missing", "one-missing", "one-too-many", "misspelt", "takes-none", "gives-none"],
)
def test_parameters_that_do_not_fit_fail_for_good_and_name_both_sides(
    run: Run, function: Callable[..., Any], parameters: dict[str, Any], says: str
) -> None:
    outcome = run(function, **parameters)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("BadParameters", True)
    assert says in outcome.message


def test_a_type_error_inside_the_handler_is_no_parameter_error(run: Run) -> None:
    def handler() -> None:
        len(None)  # type: ignore[arg-type]

    outcome = run(handler)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("TypeError", False)


def raises(error: BaseException) -> Callable[..., Any]:
    def handler() -> None:
        raise error

    return handler


def test_skip_ends_as_skipped_with_its_reason(run: Run) -> None:
    assert run(raises(Skip("no rows today"))) == Skipped("no rows today")
    assert run(raises(Skip())) == Skipped("The handler found nothing to do.")


def test_retry_later_keeps_its_delay(run: Run) -> None:
    assert run(raises(RetryLater("busy", delay=30))) == RetryAsked("busy", 30)
    assert run(raises(RetryLater("busy"))) == RetryAsked("busy", None)


@pytest.mark.parametrize(
    ("error", "error_type", "message", "is_permanent"),
    [
        (ValueError("bad"), "ValueError", "bad", False),
        (ValueError(), "ValueError", "ValueError()", False),
        (KeyError("x"), "KeyError", "'x'", False),
        (PermanentFailure("no such customer"), "PermanentFailure", "no such customer", True),
        (MemoryError(), "MemoryError", "MemoryError()", False),
        (KeyboardInterrupt(), "KeyboardInterrupt", "KeyboardInterrupt()", False),
        (GeneratorExit(), "GeneratorExit", "GeneratorExit()", False),
        (SystemExit(3), "SystemExit", "The handler called sys.exit(3).", False),
        (SystemExit(), "SystemExit", "The handler called sys.exit(None).", False),
        (SystemExit("bye"), "SystemExit", "The handler called sys.exit('bye').", False),
        (ExceptionGroup("both", [ValueError("a")]), "ExceptionGroup", "both (1 sub-", False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_whatever_is_raised_becomes_a_failed_attempt(
    run: Run, error: BaseException, error_type: str, message: str, is_permanent: bool
) -> None:
    outcome = run(raises(error))

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == (error_type, is_permanent)
    assert outcome.message.startswith(message)


def test_an_error_that_cannot_say_what_it_is_fails_the_attempt_all_the_same(run: Run) -> None:
    class Speechless(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    outcome = run(raises(Speechless()))

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Speechless"


def test_endless_recursion_is_a_failed_attempt(run: Run) -> None:
    def handler() -> Any:
        return handler()

    outcome = run(handler)

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "RecursionError"


def test_only_a_stop_passes_through(run: Run) -> None:
    with pytest.raises(StopJob):
        run(raises(StopJob("cancelled")))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "not strict JSON"),
        ({"deep": [float("inf")]}, "not strict JSON"),
        ("a\x00b", "NUL"),
        ("\ud800", "not valid Unicode"),
        ("x" * 2_000_000, "2,000,002 bytes; at most 1,048,576"),
        ({1}, "set is not JSON serializable"),
        ((n for n in range(3)), "generator is not JSON serializable"),
    ],
    ids=["nan", "infinity", "nul", "surrogate", "2-MB", "set", "generator"],
)
def test_output_that_cannot_be_kept_is_a_failed_attempt_with_the_reason(
    run: Run, value: object, says: str
) -> None:
    outcome = run(lambda: value)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("OutputNotStorable", False)
    assert outcome.message.startswith("The handler's return value ")
    assert says in outcome.message


@pytest.mark.parametrize(
    "error", [ValueError("bad"), PermanentFailure("bad"), SystemExit(1)], ids=lambda e: repr(e)
)
def test_a_trace_starts_in_the_handlers_own_frame(run: Run, error: BaseException) -> None:
    def handler() -> None:
        deeper()

    def deeper() -> None:
        raise error

    outcome = run(handler)

    assert isinstance(outcome, Failed)
    assert outcome.stack_trace is not None
    frames = [line for line in outcome.stack_trace.splitlines() if line.startswith("  File")]
    assert [frame.rpartition(" in ")[2] for frame in frames] == ["handler", "deeper"]
    assert "in_process.py" not in outcome.stack_trace.replace(__file__, "")


def test_a_trace_shows_the_cause(run: Run) -> None:
    def handler() -> None:
        try:
            int("x")
        except ValueError as error:
            raise LookupError("no number") from error

    outcome = run(handler)

    assert isinstance(outcome, Failed)
    assert "invalid literal for int()" in str(outcome.stack_trace)
    assert "direct cause" in str(outcome.stack_trace)


def test_an_unknown_handler_fails_for_good_and_says_which_are_known(run: Run) -> None:
    run(nothing)

    outcome = run_in_process(make_claim("tests.its"), CONTEXT)

    assert isinstance(outcome, Failed)
    assert (outcome.error_type, outcome.is_permanent) == ("UnknownHandler", True)
    assert "'tests.its'" in outcome.message
    assert "Known: tests.it." in outcome.message


def test_a_handler_does_not_get_its_parameters_to_change(run: Run) -> None:
    claim = make_claim("tests.it", {"a": 1})
    job_handler("tests.it")(lambda context, **values: values.clear())

    run_in_process(claim, CONTEXT)

    assert claim.parameters == {"a": 1}


def test_every_execution_mode_has_its_carrier() -> None:
    assert set(MODES) == set(ExecutionMode)


def test_nothing_of_an_attempt_stays_behind_as_the_current_error(run: Run) -> None:
    run(raises(ValueError("bad")))

    assert sys.exc_info() == (None, None, None)
