"""Locks of handlers, against a real Redis: one holder, numbers that grow, losses that show."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection

from audit.models import JobAudit
from core.errors import InvalidInput, NotFound, Unavailable
from executions.authoring import JobContext, LockHeldAlready, LockNotObtained, RetryLater
from executions.locking import Locks, break_lock, find_wait, list_locks, store
from tests.factories import TESTER, make_execution, make_job
from tests.platform import until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_redis(settings: Any) -> Iterator[None]:
    """Short times, and nothing left in Redis by other tests."""
    settings.SCHEDULER_LEASE_SECONDS = 2.0
    settings.SCHEDULER_LEASE_MARGIN_SECONDS = 0.5
    settings.SCHEDULER_CANCEL_POLL_SECONDS = 0.1
    forget_client()
    flush()
    yield
    forget_client()


def forget_client() -> None:
    store._script.cache_clear()
    store._client.cache_clear()


def flush() -> None:
    with redis.Redis.from_url(django_settings.CELERY_BROKER_URL) as server:
        server.flushall()


class Attempt:
    """One attempt that may take locks, and what it was told of lost ones."""

    def __init__(self) -> None:
        self.execution = make_execution(make_job(name=f"job {uuid4().hex[:6]}"), status="running")
        self.lost: list[tuple[str, str]] = []
        self.locks = Locks(
            execution_id=self.execution.pk,
            fence=1,
            job_name=self.execution.job.name,
            on_lost=lambda name, why: self.lost.append((name, why)),
        )
        self.lock = self.locks.take


@pytest.fixture
def attempts() -> Iterator[list[Attempt]]:
    found = [Attempt(), Attempt()]
    yield found
    for attempt in found:
        attempt.locks.close()


def test_a_lock_has_one_holder_at_a_time(attempts: list[Attempt]) -> None:
    one, two = attempts
    with one.lock("reports", 0):
        with pytest.raises(LockNotObtained) as refusal, two.lock("reports", 0):
            pass
        with two.lock("other", 0):
            pass
    with two.lock("reports", 0):
        pass

    assert f"execution {one.execution.pk} of job {one.execution.job.name} holds it" in str(
        refusal.value
    )
    assert isinstance(refusal.value, RetryLater)
    assert one.lost == two.lost == []


def test_its_number_grows_with_each_holder_also_when_redis_forgets_all(
    attempts: list[Attempt],
) -> None:
    fences = []
    for _ in range(2):
        for attempt in attempts:
            with attempt.lock("reports", 0) as held:
                fences.append(held.fence)
        flush()

    assert fences == sorted(set(fences))


def test_a_lock_that_is_held_is_kept_beyond_its_lease(attempts: list[Attempt]) -> None:
    one, two = attempts
    with one.lock("reports", 0):
        pause = threading.Event()
        pause.wait(2.5)  # longer than the lease
        with pytest.raises(LockNotObtained), two.lock("reports", 0):
            pass

    assert one.lost == []


def test_who_waits_gets_it_when_it_is_given_back(attempts: list[Attempt]) -> None:
    one, two = attempts
    with ExitStack() as stack:
        stack.enter_context(one.lock("reports", 0))
        timer = threading.Timer(0.5, stack.close)
        timer.start()
        with two.lock("reports", 10) as held:
            assert held.name == "reports"
        timer.join()


def test_who_waits_is_listed_and_can_be_found(attempts: list[Attempt]) -> None:
    one, two = attempts
    with one.lock("reports", 0) as held:
        assert store.take(
            "reports", store.Token(two.execution.pk, 1, "x"), job_name="b", is_waiting=True
        )
        wait = find_wait(two.execution.pk)
        (shown,) = list_locks()

        assert find_wait(one.execution.pk) is None
        assert wait is not None
        assert wait.name == "reports"
        assert wait.holder is not None
        assert wait.holder.execution_id == one.execution.pk
        assert (shown.name, shown.execution_id, shown.worker, shown.fence) == (
            "reports",
            one.execution.pk,
            "worker1@test",
            held.fence,
        )
        assert [(w.execution_id, w.job_name) for w in shown.waiters] == [
            (two.execution.pk, two.execution.job.name)
        ]
        assert shown.waiters[0].since == wait.since
        assert shown.since < shown.expires_at

    assert list_locks() == []


def test_who_gives_up_waits_no_longer(attempts: list[Attempt]) -> None:
    one, two = attempts
    with one.lock("reports", 0):
        with pytest.raises(LockNotObtained, match=r"within 0.3 s"), two.lock("reports", 0.3):
            pass
        (shown,) = list_locks()

    assert shown.waiters == []
    assert find_wait(two.execution.pk) is None


def test_the_same_attempt_cannot_take_it_twice(attempts: list[Attempt]) -> None:
    one, _ = attempts
    with (
        one.lock("reports", 0),
        pytest.raises(LockHeldAlready, match="pass what it gives on"),
        one.lock("reports", 0),
    ):
        pass

    assert list_locks() == []
    with one.lock("reports", 0):  # one after the other it may
        pass


def test_an_error_in_the_block_gives_it_back(attempts: list[Attempt]) -> None:
    one, two = attempts
    with pytest.raises(KeyError), one.lock("reports", 0):
        raise KeyError("x")
    with two.lock("reports", 0):
        pass


def test_what_a_stop_left_behind_is_given_back_with_the_attempt(attempts: list[Attempt]) -> None:
    one, two = attempts
    left = one.lock("reports", 0)
    left.__enter__()
    one.locks.close()
    with two.lock("reports", 0):
        pass


@pytest.mark.parametrize(
    "lose",
    [
        flush,
        lambda: break_lock(actor=TESTER, name="reports", reason="it hangs"),
    ],
    ids=["flushed", "broken"],
)
def test_a_lock_that_is_lost_is_noticed_while_it_is_needed(
    attempts: list[Attempt], lose: Any
) -> None:
    one, two = attempts
    with one.lock("reports", 0):
        lose()
        until(lambda: one.lost, within=5, what="the loss is noticed")
        with two.lock("reports", 0):
            pass

    assert one.lost[0] == ("reports", "it was broken, or Redis lost it")


def test_a_lock_that_was_lost_just_before_the_end_is_noticed_at_the_end(
    attempts: list[Attempt], settings: Any
) -> None:
    settings.SCHEDULER_CANCEL_POLL_SECONDS = 60.0
    one, two = attempts
    other = two.lock("reports", 0)
    with one.lock("reports", 0):
        flush()
        other.__enter__()

    assert one.lost == [("reports", "it was not held any more when its block ended")]
    assert [lock.execution_id for lock in list_locks()] == [two.execution.pk]


def test_redis_away_for_longer_than_the_lease_loses_the_lock(
    attempts: list[Attempt], settings: Any
) -> None:
    one, _ = attempts
    with one.lock("reports", 0):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
        forget_client()
        until(lambda: one.lost, within=5, what="the loss is noticed")

    assert one.lost[0][0] == "reports"
    assert "Redis could not be reached for too long" in one.lost[0][1]


def test_redis_away_for_a_moment_loses_nothing(attempts: list[Attempt], settings: Any) -> None:
    one, _ = attempts
    address = settings.CELERY_BROKER_URL
    with one.lock("reports", 0):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
        forget_client()
        threading.Event().wait(0.5)
        settings.CELERY_BROKER_URL = address
        forget_client()
        threading.Event().wait(1.5)

    assert one.lost == []


def test_without_redis_there_is_no_lock_and_no_list(attempts: list[Attempt], settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    forget_client()
    with (
        pytest.raises(LockNotObtained, match="Redis could not be reached"),
        attempts[0].lock("reports", 0),
    ):
        pass
    with pytest.raises(Unavailable):
        list_locks()
    with pytest.raises(Unavailable):
        break_lock(actor=TESTER, name="reports", reason="it hangs")


def test_breaking_is_audited_and_needs_a_reason_and_a_holder(attempts: list[Attempt]) -> None:
    one, _ = attempts
    with pytest.raises(NotFound, match="Nobody holds a lock 'reports'"):
        break_lock(actor=TESTER, name="reports", reason="it hangs")
    with one.lock("reports", 0):
        with pytest.raises(InvalidInput, match="reason: Say why"):
            break_lock(actor=TESTER, name="reports", reason=" ")
        break_lock(actor=TESTER, name="reports", reason="it hangs")

    entry = JobAudit.objects.get(action="LockBroken")
    assert (entry.object_id, entry.reason) == ("reports", "it hangs")
    assert entry.before["execution"] == str(one.execution.pk)


def test_a_lock_that_expired_is_no_longer_listed(attempts: list[Attempt], settings: Any) -> None:
    settings.SCHEDULER_LEASE_SECONDS = 0.2
    token = store.Token(attempts[0].execution.pk, 1, "x")
    assert store.take("reports", token, job_name="a", is_waiting=False) is None

    until(lambda: not list_locks(), within=5, what="it has expired")
    assert store.keep("reports", token) is False
    assert store._client().smembers("scheduler:lock:names") == set()


def test_a_number_is_of_no_use_if_the_lock_was_lost_meanwhile(
    attempts: list[Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def draw_late() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('executions_lock_fence')")
            drawn.append(cursor.fetchone()[0])
        if len(drawn) == 1:
            flush()
        return drawn[-1]

    monkeypatch.setattr("executions.locking.holding._next_fence", draw_late)
    with attempts[0].lock("reports", 5) as held:
        assert held.fence == drawn[1]


@pytest.mark.parametrize("name", ["", "a b", "a/b", ".a", "x" * 201, "näh"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="use 1 to 200 letters, digits"):
        context().lock(name)


@pytest.mark.parametrize("wait", [-1, float("inf"), float("nan")])
def test_a_wait_that_is_no_time_is_refused(wait: float) -> None:
    with pytest.raises(ValueError, match="a number of seconds from 0 on"):
        context().lock("reports", wait=wait)


def test_outside_a_worker_there_are_no_locks() -> None:
    with pytest.raises(RuntimeError, match="where a worker or a rehearsal runs this"):
        context().lock("reports")


def context() -> JobContext:
    execution = make_execution()
    return JobContext(execution.pk, 1, execution.scheduled_for, execution.due_at, log=None)  # type: ignore[arg-type]
