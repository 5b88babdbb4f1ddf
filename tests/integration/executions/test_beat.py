"""Beat: what one look does, how long it sleeps, and what cannot stop it."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection

from core.clock import database_now
from executions import beat
from executions.beat import NEXT_DUE, Chore, PlatformScheduler
from executions.models import JobExecution, Worker
from jobs.models import JobSchedule, Queue
from scheduler_project.celery import app
from tests.factories import make_execution, make_job, make_schedule

transactional = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> PlatformScheduler:
    """A beat that never sleeps longer than a moment."""
    monkeypatch.setattr(beat, "_LONGEST_SLEEP_SECONDS", 0.01)
    return PlatformScheduler(app)


# --- Celery's view of it; none of these may touch the database, and pytest-django sees to it


@pytest.mark.parametrize("lazy", [True, False])
def test_building_it_does_no_io(lazy: bool) -> None:
    PlatformScheduler(app, lazy=lazy)


def test_celery_finds_no_schedule_in_it(scheduler: PlatformScheduler) -> None:
    assert scheduler.schedule == {}


def test_sync_and_close_do_nothing_since_a_signal_handler_calls_them(
    scheduler: PlatformScheduler,
) -> None:
    for _ in range(2):
        scheduler.sync()
        scheduler.close()


def test_a_stopping_beat_looks_no_more(
    scheduler: PlatformScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beat, "_stopping", True)

    assert scheduler.tick() == 0


def test_a_chore_is_done_at_once_and_then_every_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("executions.beat.time.monotonic", lambda: clock[0])
    done: list[float] = []
    chore = Chore(5.0, lambda: done.append(clock[0]))

    for clock[0] in (100.0, 100.0, 104.9, 105.0, 105.1, 111.0):
        chore.do_if_due()

    assert done == [100.0, 105.0, 111.0]


# --- One look


@transactional
def test_a_tick_takes_a_due_slot_all_the_way_to_the_broker(
    scheduler: PlatformScheduler, broker: "redis.Redis", broker_queue: str
) -> None:
    job = make_job(queue=Queue.objects.create(name=broker_queue))
    make_schedule(job, next_fire_at=database_now())

    assert scheduler.tick() == 0

    execution = JobExecution.objects.get()
    assert (execution.status, execution.fence) == ("queued", 1)
    assert f"{execution.id}.1" in broker.lindex(broker_queue, 0).decode()


@transactional
def test_the_first_tick_rescues_sweeps_and_reports(scheduler: PlatformScheduler) -> None:
    lost = make_execution(
        status="running", lease_until=database_now() - timedelta(seconds=1), attempt=9
    )

    scheduler.tick()

    lost.refresh_from_db()
    assert lost.reason == "worker_lost"
    assert Worker.objects.get().kind == "beat"


@transactional
def test_each_tick_waits_at_least_until_pokes_have_come_together(
    scheduler: PlatformScheduler,
) -> None:
    began = time.monotonic()

    for _ in range(3):
        scheduler.tick()

    assert time.monotonic() - began >= 3 * beat._COALESCE_SECONDS


# --- What cannot stop it


@pytest.fixture
def _database_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connection.close()
    port = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    yield
    connection.close()
    connection.settings_dict["PORT"] = port


@transactional
@pytest.mark.usefixtures("_database_away")
def test_without_a_database_a_tick_backs_off_and_does_not_raise(
    scheduler: PlatformScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="executions.beat"):
        assert [scheduler.tick() for _ in range(2)] == [0, 0]

    assert scheduler._backoff == pytest.approx(0.4)
    assert caplog.text.count("beat waits for the database") == 2


@transactional
def test_the_backoff_ends_at_five_seconds_and_starts_anew_after_a_good_look(
    scheduler: PlatformScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(scheduler, "_wait", waits.append)
    port = connection.settings_dict["PORT"]
    connection.close()
    try:
        connection.settings_dict["PORT"] = "1"
        for _ in range(8):
            scheduler.tick()
    finally:
        connection.close()
        connection.settings_dict["PORT"] = port
    scheduler.tick()

    assert waits[:8] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
    assert scheduler._backoff == 0.1


@transactional
def test_a_look_that_fails_otherwise_is_logged_and_followed_by_the_next(
    scheduler: PlatformScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ValueError("out of order")

    scheduler._chores = [Chore(1_000, fail)]

    make_schedule(next_fire_at=database_now())

    assert [scheduler.tick(), scheduler.tick()] == [0, 0]
    assert "out of order" in caplog.text
    assert JobExecution.objects.get().status == "queued"


@transactional
def test_one_chore_that_fails_keeps_neither_the_others_nor_the_sleep_from_their_turn(
    scheduler: PlatformScheduler,
) -> None:
    done: list[str] = []

    def fail() -> None:
        done.append("failed")
        raise ValueError("out of order")

    scheduler._chores = [Chore(1_000, fail), Chore(1_000, lambda: done.append("done"))]

    scheduler.tick()
    scheduler.tick()

    assert done == ["failed", "done"]


@transactional
def test_a_slot_that_another_beat_has_locked_does_not_keep_this_one_awake(
    other_connection: Any,
) -> None:
    make_schedule(next_fire_at=database_now() - timedelta(minutes=1))
    with other_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM jobs_jobschedule FOR UPDATE")

    seconds = PlatformScheduler(app)._look()

    with other_connection.cursor() as cursor:
        cursor.execute("ROLLBACK")
    assert seconds >= 0.1


@transactional
def test_a_connection_the_server_has_closed_is_replaced(
    scheduler: PlatformScheduler, other_connection: Any
) -> None:
    make_schedule(next_fire_at=database_now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with other_connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    scheduler.tick()
    scheduler.tick()

    assert JobExecution.objects.get().status == "queued"


# --- How long to sleep


def seconds_to_next(since: Any = None) -> float | None:
    row = NEXT_DUE.row(since=since)
    assert row is not None
    return row["seconds"]


@pytest.mark.django_db
def test_with_nothing_to_come_there_is_no_next() -> None:
    make_execution(status="running")
    make_execution(status="succeeded")

    assert seconds_to_next() is None


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["scheduled", "retrying"])
def test_the_next_ready_execution_is_waited_for(status: str) -> None:
    make_execution(status=status, due_at=database_now() + timedelta(seconds=50))
    make_execution(status=status, due_at=database_now() + timedelta(seconds=70))

    assert 40 < (seconds_to_next() or 0) <= 50


@pytest.mark.django_db
def test_the_next_slot_is_waited_for() -> None:
    make_execution(due_at=database_now() + timedelta(seconds=70))
    make_schedule(next_fire_at=database_now() + timedelta(seconds=50))

    assert 40 < (seconds_to_next() or 0) <= 50


@pytest.mark.django_db
def test_what_was_due_at_the_last_dispatch_and_still_waits_keeps_beat_asleep() -> None:
    now = database_now()
    make_execution(due_at=now - timedelta(hours=1))
    make_execution(due_at=now)

    assert seconds_to_next(since=now) is None


@pytest.mark.django_db
def test_what_fell_due_since_the_last_dispatch_is_looked_at_now() -> None:
    now = database_now()
    make_execution(due_at=now - timedelta(seconds=5))

    assert (seconds_to_next(since=now - timedelta(seconds=10)) or 0) < 0


@pytest.mark.django_db
def test_schedules_out_of_service_are_not_waited_for() -> None:
    make_schedule(is_active=False)
    JobSchedule.objects.update(next_fire_at=None)

    assert seconds_to_next() is None


@transactional
@pytest.mark.parametrize(("due_in", "shortest", "longest"), [(0.3, 0.0, 0.3), (60.0, 1.0, 1.0)])
def test_beat_sleeps_until_the_next_slot_and_a_second_at_most(
    due_in: float, shortest: float, longest: float
) -> None:
    make_schedule(next_fire_at=database_now() + timedelta(seconds=due_in))

    assert shortest <= PlatformScheduler(app)._look() <= longest


@transactional
def test_beat_looks_again_at_once_when_a_pass_was_full() -> None:
    make_schedule(
        schedule_type="cron",
        cron_expression="* * * * *",
        next_fire_at=database_now() - timedelta(days=1),
    )

    assert PlatformScheduler(app)._look() == 0


@transactional
def test_beat_sleeps_although_something_due_is_held_back() -> None:
    job = make_job(max_concurrent_executions=1)
    make_execution(job, status="running")
    make_execution(job, due_at=database_now() - timedelta(hours=1))

    assert PlatformScheduler(app)._look() == 1.0
