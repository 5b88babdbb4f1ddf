import logging
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from executions import authoring
from executions.authoring import (
    InvalidHandler,
    JobContext,
    RetryLater,
    StopJob,
    find_handler,
    job_handler,
    known_handlers,
)


@pytest.fixture(autouse=True)
def _empty_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(authoring, "_handlers", {})
    return


@pytest.fixture
def context() -> JobContext:
    return JobContext(
        execution_id=UUID(int=1),
        attempt=1,
        scheduled_for=datetime(2026, 1, 1, tzinfo=UTC),
        deadline=datetime(2026, 1, 1, 0, 5, tzinfo=UTC),
        log=logging.getLogger("test"),
    )


def make_function(name: str, module: str = "reports") -> Callable[..., Any]:
    def function() -> None: ...

    function.__qualname__, function.__module__ = name, module
    return function


def test_a_registered_function_is_found_and_stays_an_ordinary_function() -> None:
    @job_handler("reports.daily")
    def send(region: str) -> str:
        return region

    assert find_handler("reports.daily") is send
    assert send("EU") == "EU"


def test_an_unknown_name_finds_nothing() -> None:
    assert find_handler("reports.daily") is None


def test_known_handlers_are_sorted_by_name() -> None:
    for name in ("b", "a.b", "a"):
        job_handler(name)(make_function(name))

    assert known_handlers() == ["a", "a.b", "b"]


@pytest.mark.parametrize(
    "other",
    [make_function("other"), make_function("send", module="elsewhere")],
    ids=["name", "module"],
)
def test_a_name_belongs_to_one_function(other: Callable[..., Any]) -> None:
    job_handler("reports.daily")(make_function("send"))

    with pytest.raises(InvalidHandler, match=r"'reports\.daily' is taken by reports\.send"):
        job_handler("reports.daily")(other)


def test_a_module_that_is_loaded_again_replaces_its_own_function() -> None:
    job_handler("reports.daily")(make_function("send"))
    again = job_handler("reports.daily")(make_function("send"))

    assert find_handler("reports.daily") is again


def test_one_function_may_have_two_names() -> None:
    send = make_function("send")

    assert job_handler("a")(job_handler("b")(send)) is send
    assert known_handlers() == ["a", "b"]


def test_an_async_function_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidHandler, match="'later' is async; write a plain function"):

        @job_handler("later")
        async def later() -> None: ...

    assert known_handlers() == []


@pytest.mark.parametrize("fraction", [0, 0.0, 0.5, 1, 1.0, True])
def test_progress_is_kept_as_a_float(context: JobContext, fraction: float) -> None:
    context.progress(fraction, "so far")

    assert context._progress == (float(fraction), "so far")
    assert type(context._progress[0]) is float


@pytest.mark.parametrize("fraction", [-0.001, 1.001, 50, float("nan"), float("inf")])
def test_progress_outside_its_bounds_is_refused_and_changes_nothing(
    context: JobContext, fraction: float
) -> None:
    context.progress(0.25)

    with pytest.raises(ValueError, match="from 0 to 1"):
        context.progress(fraction)
    assert context._progress == (0.25, None)


@pytest.mark.parametrize("message", [42, 1.5, ValueError("x"), ["a"]], ids=repr)
def test_a_progress_message_is_text_whatever_it_was(context: JobContext, message: object) -> None:
    context.progress(0.5, message)  # type: ignore[arg-type]

    assert context._progress == (0.5, str(message))


def test_a_context_is_not_cancelled_until_somebody_asks(context: JobContext) -> None:
    context.raise_if_cancelled()
    assert not context.cancelled


def test_a_cancelled_context_stops_a_handler_that_looks(context: JobContext) -> None:
    context._cancelled.set()

    assert context.cancelled
    with pytest.raises(StopJob, match="cancelled"):
        context.raise_if_cancelled()


def test_except_exception_does_not_swallow_a_stop() -> None:
    assert not issubclass(StopJob, Exception)


@pytest.mark.parametrize("delay", [None, 0, 90.5])
def test_retry_later_carries_its_delay_and_a_message(delay: float | None) -> None:
    request = RetryLater(delay=delay)

    assert request.delay == delay
    assert "asked to be tried again" in str(request)
    assert str(RetryLater("the bank is closed", delay=delay)) == "the bank is closed"


@pytest.mark.parametrize("delay", ["soon", timedelta(minutes=5), [5]], ids=repr)
def test_a_delay_that_is_no_number_is_refused_where_it_is_written(delay: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        RetryLater("busy", delay=delay)  # type: ignore[arg-type]


def test_what_handlers_raise_can_travel_between_processes() -> None:
    assert str(pickle.loads(pickle.dumps(RetryLater("busy")))) == "busy"  # noqa: S301
