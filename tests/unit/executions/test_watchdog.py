"""The guard of one attempt: whoever is first, stop or return, decides how it ends."""

import logging
import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest

from executions import watchdog
from executions.authoring import JobContext, StopJob
from executions.capture import LogBuffer
from executions.claim import CancelRequest, Claim
from executions.outcomes import Cancelled, Failed, HandedBack, Outcome, Succeeded, TimedOut
from executions.watchdog import Guard, Stop, Watchdog

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def guard() -> Guard:
    claim = Claim(
        execution_id=UUID(int=1),
        fence=1,
        attempt=1,
        scheduled_for=NOON,
        started_at=NOON,
        correlation_id=UUID(int=2),
        parameters={},
        snapshot={"timeout_seconds": 30},
    )
    context = JobContext(UUID(int=1), 1, NOON, NOON, logging.getLogger("test"))
    guard = Guard(claim, context, LogBuffer(started_at=NOON, most_lines=10))
    guard.is_armed = True
    return guard


@pytest.mark.parametrize("stop", Stop)
def test_a_handler_that_returned_first_is_not_stopped(guard: Guard, stop: Stop) -> None:
    outcome = guard.finish(Succeeded("1"))

    assert guard.begin_stop(stop) is False
    assert outcome == Succeeded("1")
    assert guard.stop is None
    guard.raise_stop()


@pytest.mark.parametrize(
    ("stop", "ending"),
    [
        (Stop.CANCEL, Cancelled(None)),
        (Stop.TIMEOUT, TimedOut(30, None)),
        (Stop.DRAIN, HandedBack()),
    ],
)
def test_a_stop_that_came_first_decides_whatever_the_handler_returns(
    guard: Guard, stop: Stop, ending: Outcome
) -> None:
    assert guard.begin_stop(stop) is True

    assert guard.finish(Succeeded("1")) == ending


@pytest.mark.parametrize(
    ("stop", "ending"),
    [
        (Stop.CANCEL, Cancelled("trace")),
        (Stop.TIMEOUT, TimedOut(30, "trace")),
        (Stop.DRAIN, HandedBack()),
    ],
)
def test_a_stop_keeps_the_trace_of_where_it_struck(
    guard: Guard, stop: Stop, ending: Outcome
) -> None:
    guard.begin_stop(stop)

    assert guard.finish(Failed("ValueError", "bad", "trace")) == ending


@pytest.mark.parametrize("first", Stop)
@pytest.mark.parametrize("second", Stop)
def test_the_first_of_two_stops_decides(guard: Guard, first: Stop, second: Stop) -> None:
    assert guard.begin_stop(first) is True
    kill_at = guard.kill_at

    assert guard.begin_stop(second) is False
    assert (guard.stop, guard.kill_at) == (first, kill_at)


def test_stop_is_raised_once(guard: Guard) -> None:
    guard.begin_stop(Stop.TIMEOUT)

    with pytest.raises(StopJob, match="timed out"):
        guard.raise_stop()
    guard.raise_stop()


def test_stop_is_not_raised_before_one_is_decided(guard: Guard) -> None:
    guard.raise_stop()

    assert guard.is_armed


def test_stop_is_not_raised_outside_the_handler(guard: Guard) -> None:
    guard.is_armed = False
    guard.begin_stop(Stop.CANCEL)

    guard.raise_stop()


def test_stop_and_return_at_the_same_moment_agree_on_one_end(guard: Guard) -> None:
    for _ in range(200):
        guard.stop, guard.is_finished = None, False
        barrier = threading.Barrier(2)
        stopped: list[bool] = []

        def stop(barrier: threading.Barrier = barrier, stopped: list[bool] = stopped) -> None:
            barrier.wait()
            stopped.append(guard.begin_stop(Stop.CANCEL))

        thread = threading.Thread(target=stop)
        thread.start()
        barrier.wait()
        outcome = guard.finish(Succeeded("1"))
        thread.join()

        assert outcome == (Cancelled() if stopped == [True] else Succeeded("1"))


def test_the_lock_lets_the_stop_signal_in_while_the_main_thread_holds_it(guard: Guard) -> None:
    guard.begin_stop(Stop.CANCEL)

    with guard.lock, pytest.raises(StopJob):
        guard.raise_stop()
    assert guard.lock.acquire(blocking=False)
    guard.lock.release()


@pytest.mark.parametrize(
    ("set_to", "nearest"),
    [
        ({}, "look_at"),
        ({"look_at": 10.0**9}, "renew_at"),
        ({"look_at": 10.0**9, "renew_at": 10.0**9}, "times_out_at"),
        ({"stops_at": 0.0}, "stops_at"),
        ({"kill_at": 0.0}, "kill_at"),
    ],
)
def test_the_watchdog_wakes_for_the_nearest_deadline(
    guard: Guard, set_to: dict[str, float], nearest: str
) -> None:
    for name, moment in set_to.items():
        setattr(guard, name, moment)

    assert guard.next_deadline() == getattr(guard, nearest)


def test_after_a_stop_neither_timeout_nor_notice_wakes_the_watchdog(guard: Guard) -> None:
    guard.times_out_at = guard.stops_at = 0.0
    guard.begin_stop(Stop.CANCEL)

    assert guard.next_deadline() == guard.look_at


@pytest.mark.parametrize("stop", [None, *Stop])
def test_a_cancel_at_once_kills_now_also_where_a_polite_one_is_under_way(
    guard: Guard, monkeypatch: pytest.MonkeyPatch, stop: Stop | None
) -> None:
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: 1000.0)
    dog = Watchdog()
    dog._notice_cancel(guard, CancelRequest())
    assert (guard.stop, guard.kill_at) == (None, None)
    if stop is not None:
        guard.begin_stop(stop)
        assert guard.kill_at is not None
        assert guard.kill_at > 1000.0
    polite_kill_at = guard.kill_at

    dog._notice_cancel(guard, CancelRequest(is_at_once=True))

    if stop in (None, Stop.CANCEL):
        assert (guard.stop, guard.kill_at) == (Stop.CANCEL, 1000.0)
    else:  # that is its end already, with its own grace
        assert (guard.stop, guard.kill_at) == (stop, polite_kill_at)


class Elsewhere:
    """Carries an attempt out and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str | float] = []

    def stop(self) -> None:
        self.told.append("stop")

    def extend(self, ends_at: float) -> None:
        self.told.append(ends_at)


def test_what_carries_the_attempt_out_elsewhere_hears_of_the_stop_once(guard: Guard) -> None:
    remote = Elsewhere()
    guard.hand_over(remote)
    assert remote.told == []

    guard.begin_stop(Stop.TIMEOUT)
    guard.begin_stop(Stop.CANCEL)

    assert remote.told == ["stop"]


def test_it_hears_of_a_stop_that_was_decided_before(guard: Guard) -> None:
    remote = Elsewhere()
    guard.begin_stop(Stop.DRAIN)

    guard.hand_over(remote)

    assert remote.told == ["stop"]


def test_it_hears_with_each_renewal_when_the_kernel_would_end_this_process(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    armed: list[float] = []
    monkeypatch.setattr(watchdog, "arm_kernel_timer", lambda *, since: armed.append(since))
    monkeypatch.setattr(watchdog.signal, "getitimer", lambda _: (45.0 + len(armed), 0.0))
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: 1000.0)
    remote = Elsewhere()
    guard.hand_over(remote)

    guard.extend_timer(since=990.0)
    assert remote.told == [1046.0]

    guard.finish(Succeeded("1"))
    guard.extend_timer(since=995.0)
    assert remote.told == [1046.0]
