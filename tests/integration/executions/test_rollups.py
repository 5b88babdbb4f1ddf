"""Finished days are counted once, completely, and not before they are over."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from core.clock import database_now
from executions.models import JobDay, JobExecution, RolledUpDay
from executions.rollups import (
    COUNT_DAY,
    SETTLING_SECONDS,
    UNCOUNTED_DAYS,
    OpenTransaction,
    find_hold_up,
    roll_up,
)
from executions.states import FINAL
from jobs.models import JobDefinition
from tests.factories import make_execution, make_job
from tests.integration.executions.history import (
    explain,
    indexes_used,
    make_history,
    tables_read_whole,
)

pytestmark = pytest.mark.django_db

DAY = date(2026, 5, 4)
MIDNIGHT = datetime(2026, 5, 5, tzinfo=UTC)
NEXT_MORNING = MIDNIGHT + timedelta(hours=6)


def complete(
    job: JobDefinition, at: datetime, status: str = "succeeded", *, seconds: float = 2
) -> JobExecution:
    return make_execution(
        job, status=status, completed_at=at, started_at=at - timedelta(seconds=seconds)
    )


def counted(day: date = DAY) -> dict[str, Any]:
    [row] = JobDay.objects.filter(day=day).values()
    return row


def test_a_day_is_counted_by_job_and_outcome() -> None:
    job, other = make_job(), make_job()
    noon = MIDNIGHT - timedelta(hours=12)
    for hours, status in enumerate(
        ("succeeded", "succeeded", "failed", "timed_out", "cancelled", "skipped")
    ):
        complete(job, noon + timedelta(hours=hours), status, seconds=2)
    complete(other, noon)
    make_execution(job, status="running", now=noon)

    assert roll_up(now=NEXT_MORNING) == [DAY]

    row = JobDay.objects.get(day=DAY, job=job)
    assert (row.succeeded, row.failed, row.timed_out, row.cancelled, row.skipped) == (2, 1, 1, 1, 1)
    assert (row.timed_executions, row.seconds) == (4, 8.0)
    assert row.last_failure_at == noon + timedelta(hours=3)
    assert JobDay.objects.get(day=DAY, job=other).last_failure_at is None
    assert RolledUpDay.objects.get(day=DAY).counted_at == NEXT_MORNING


def test_an_execution_that_ended_without_having_started_adds_no_time() -> None:
    job = make_job()
    make_execution(job, status="failed", started_at=None, completed_at=NEXT_MORNING)

    roll_up(now=NEXT_MORNING + timedelta(days=1))

    row = counted(NEXT_MORNING.date())
    assert (row["failed"], row["timed_executions"], row["seconds"]) == (1, 0, 0.0)


def test_a_day_ends_at_utc_midnight_and_midnight_is_of_the_next_day() -> None:
    job = make_job()
    complete(job, MIDNIGHT - timedelta(microseconds=1))
    complete(job, MIDNIGHT)

    assert roll_up(now=NEXT_MORNING + timedelta(days=1)) == [DAY, DAY + timedelta(days=1)]

    assert counted(DAY)["succeeded"] == 1
    assert counted(DAY + timedelta(days=1))["succeeded"] == 1


@pytest.mark.parametrize(
    ("after_midnight", "days"),
    [
        (timedelta(minutes=-1), []),
        (timedelta(minutes=10, microseconds=-1), []),
        (timedelta(minutes=10), [DAY]),
    ],
)
def test_a_day_is_counted_from_ten_minutes_after_its_end(
    after_midnight: timedelta, days: list[date]
) -> None:
    complete(make_job(), MIDNIGHT - timedelta(hours=1))

    assert roll_up(now=MIDNIGHT + after_midnight) == days


def test_days_between_are_noted_as_empty_and_days_before_the_first_are_left_alone() -> None:
    complete(make_job(), MIDNIGHT - timedelta(hours=1))

    days = roll_up(now=NEXT_MORNING + timedelta(days=2))

    assert days == [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
    assert list(JobDay.objects.values_list("day", flat=True)) == [DAY]
    assert RolledUpDay.objects.count() == 3


def test_without_executions_nothing_is_counted() -> None:
    make_execution(make_job(), status="running", now=MIDNIGHT)

    assert roll_up(now=NEXT_MORNING) == []


def test_counting_again_changes_nothing() -> None:
    complete(make_job(), MIDNIGHT - timedelta(hours=1))
    roll_up(now=NEXT_MORNING)
    before = counted()

    assert roll_up(now=NEXT_MORNING) == []
    assert counted() == before


def test_the_oldest_days_come_first_and_only_so_many() -> None:
    complete(make_job(), MIDNIGHT - timedelta(hours=1))
    now = NEXT_MORNING + timedelta(days=3)

    assert roll_up(now=now, most_days=2) == [DAY, DAY + timedelta(days=1)]
    assert roll_up(now=now, most_days=2) == [DAY + timedelta(days=2), DAY + timedelta(days=3)]
    assert roll_up(now=now, most_days=2) == []


def test_a_day_that_was_left_out_is_counted_later() -> None:
    complete(make_job(), MIDNIGHT - timedelta(hours=1))
    now = NEXT_MORNING + timedelta(days=1)
    RolledUpDay.objects.create(day=DAY + timedelta(days=1), counted_at=now)

    assert roll_up(now=now) == [DAY]


def test_days_go_on_when_no_execution_is_left() -> None:
    complete(make_job(), MIDNIGHT - timedelta(hours=1))
    roll_up(now=NEXT_MORNING)
    JobExecution.objects.all().delete()

    assert roll_up(now=NEXT_MORNING + timedelta(days=1)) == [DAY + timedelta(days=1)]
    assert JobDay.objects.filter(day=DAY).exists()


@pytest.mark.django_db(transaction=True)
def test_a_day_waits_for_every_transaction_that_began_in_it(other_connection: Any) -> None:
    job = make_job()
    running = make_execution(job, status="running")
    today = database_now().astimezone(UTC).date()
    complete(job, database_now())
    tomorrow = database_now() + timedelta(days=1, hours=1)
    with other_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "UPDATE executions_jobexecution SET status = 'succeeded', completed_at = now()"
            " WHERE id = %s",
            [running.pk],
        )
        while_open = roll_up(now=tomorrow)
        cursor.execute("COMMIT")

    assert today not in while_open
    assert today in roll_up(now=tomorrow)
    assert counted(today)["succeeded"] == 2


@pytest.mark.django_db(transaction=True)
def test_the_transaction_that_days_wait_for_is_told_once_a_day_is_over(
    other_connection: Any,
) -> None:
    midnight = database_now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    next_day = midnight + timedelta(days=1)
    settled = next_day + timedelta(seconds=SETTLING_SECONDS)
    with other_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_backend_pid(), now()")
        pid, began_at = cursor.fetchone()
        early, late = find_hold_up(now=settled - timedelta(seconds=1)), find_hold_up(now=settled)
        cursor.execute("COMMIT")

    assert early is None
    assert late == OpenTransaction(pid, began_at)
    assert find_hold_up(now=settled) is None


@pytest.mark.django_db(transaction=True)
def test_a_day_that_somebody_else_counts_is_waited_for_and_left_to_him(
    other_connection: Any,
) -> None:
    complete(make_job(), MIDNIGHT - timedelta(hours=1))
    found: list[list[date]] = []
    # Its transaction has begun now, far later than the day that is counted.
    with other_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO executions_rolledupday VALUES (%s, now())", [DAY])
        thread = threading.Thread(target=lambda: found.append(_roll_up_and_close()))
        thread.start()
        _until_waiting(cursor)
        cursor.execute("COMMIT")
    thread.join(10)

    assert found == [[]]
    assert not JobDay.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_that_count_at_once_each_day_is_counted_by_one() -> None:
    job = make_job()
    for days in range(10):
        complete(job, MIDNIGHT - timedelta(days=days, hours=1))
    barrier = threading.Barrier(2)
    found: list[list[date]] = []

    def count() -> None:
        barrier.wait(10)
        found.append(_roll_up_and_close())

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    days = [day for each in found for day in each]
    assert len(found) == 2
    assert sorted(days) == [DAY - timedelta(days=n) for n in reversed(range(10))]
    assert set(JobDay.objects.values_list("succeeded", flat=True)) == {1}
    assert JobDay.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_count_that_fails_leaves_the_day_uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    complete(make_job(), MIDNIGHT - timedelta(hours=1))

    def fail(**_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(COUNT_DAY, "rows", fail)
        with pytest.raises(RuntimeError):
            roll_up(now=NEXT_MORNING)

    assert not RolledUpDay.objects.exists()
    assert roll_up(now=NEXT_MORNING) == [DAY]


@pytest.fixture
def large_history() -> Iterator[Any]:
    """100,000 executions of 20 jobs over 100 days, rolled back in the end."""
    with transaction.atomic():
        for _ in range(20):
            make_job()
        make_history(connection.connection, count=100_000, days=100, lines=0)
        yield connection.connection
        transaction.set_rollback(True)


def test_both_statements_read_executions_by_their_index_alone(large_history: Any) -> None:
    statuses = list(FINAL)
    day = database_now().date() - timedelta(days=30)
    finding = {"now": None, "statuses": statuses, "settling": 600.0, "limit": 400}

    for statement, parameters in (
        (UNCOUNTED_DAYS, finding),
        (COUNT_DAY, {"day": day, "statuses": statuses}),
    ):
        nodes = explain(large_history, statement, parameters)
        assert not tables_read_whole(nodes), nodes
        assert "execution_completed" in indexes_used(nodes), nodes


def _roll_up_and_close() -> list[date]:
    try:
        return roll_up(now=NEXT_MORNING)
    finally:
        connection.close()


def _until_waiting(cursor: Any) -> None:
    for _ in range(500):
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        if cursor.fetchone()[0]:
            return
        threading.Event().wait(0.02)
    raise AssertionError("nobody waits")
