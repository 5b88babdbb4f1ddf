"""What policies of a schedule do to real runs: replaced, side by side, paused, following."""

import itertools
from datetime import timedelta

import pytest

from core.clock import database_now
from executions.models import JobExecution
from jobs.models import JobSchedule
from tests.chaos.promise import assert_kept
from tests.chaos.stage import wait_for, wait_until_called
from tests.factories import make_job, make_schedule
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def first_and_second(schedule: JobSchedule) -> list[JobExecution]:
    """Wait until two slots of the schedule are open, and return their executions."""
    opened = schedule.executions.order_by("scheduled_for")
    until(lambda: opened.count() >= 2, within=30, what="two slots are open")
    return list(opened[:2])


@pytest.mark.parametrize(
    ("overlap", "handler", "within"),
    [("cancel_running", "tests.slow_once", 20), ("terminate_running", "tests.stubborn", 8)],
)
def test_a_later_slot_takes_the_place_of_the_running_one(
    platform: Platform, overlap: str, handler: str, within: float
) -> None:
    platform.start(concurrency=2)
    now = database_now()
    schedule = make_schedule(
        make_job(execution_type_name=handler),
        interval_seconds=4,
        end_at=now + timedelta(seconds=9),
        overlap=overlap,
        parameters={"seconds": 5.0 if handler == "tests.stubborn" else 60.0},
    )
    first, second = first_and_second(schedule)
    wait_for("cancelled", first, within=within)
    wait_until_called(platform, second)

    assert first.reason == "replaced"
    assert first.completed_at <= second.started_at
    JobSchedule.objects.filter(pk=schedule.pk).update(next_fire_at=None)
    JobExecution.objects.filter(pk=second.pk).update(cancel_requested_at=database_now())
    assert_never_two(platform, schedule)


def assert_never_two(platform: Platform, schedule: JobSchedule) -> None:
    until(lambda: not schedule.executions.unfinished().exists(), within=60, what="all are over")
    runs = [e for e in schedule.executions.order_by("scheduled_for") if e.started_at is not None]
    for earlier, later in itertools.pairwise(runs):
        assert earlier.completed_at <= later.started_at


def test_with_overlap_allow_runs_of_one_schedule_go_on_side_by_side(platform: Platform) -> None:
    platform.start(concurrency=3)
    schedule = make_schedule(
        make_job(execution_type_name="tests.sleep", max_concurrent_executions=10),
        interval_seconds=1,
        end_at=database_now() + timedelta(seconds=4),
        overlap="allow",
        parameters={"seconds": 4.0},
    )
    running = schedule.executions.running()

    until(lambda: running.count() >= 2, within=30, what="two run at once")
    assert_kept(platform)


def test_a_schedule_that_follows_its_own_runs_starts_after_each_end(platform: Platform) -> None:
    platform.start()
    schedule = make_schedule(
        make_job(execution_type_name="tests.sleep"),
        schedule_type="after_completion",
        delay_seconds=1,
        max_runs=3,
        parameters={"seconds": 0.5},
    )

    until(lambda: schedule.executions.count() == 3, within=30, what="three slots are open")
    until(lambda: not schedule.executions.unfinished().exists(), within=30, what="all are over")

    runs = list(schedule.executions.order_by("scheduled_for"))
    for earlier, later in itertools.pairwise(runs):
        assert later.scheduled_for - earlier.completed_at >= timedelta(0)
    schedule.refresh_from_db()
    assert (schedule.run_count, schedule.next_fire_at) == (3, None)


def test_a_failing_schedule_is_paused_and_says_why(platform: Platform) -> None:
    platform.start()
    schedule = make_schedule(
        make_job(execution_type_name="tests.fail"),
        interval_seconds=1,
        pause_after_failures=2,
        parameters={"times": 99},
    )

    until(lambda: is_paused(schedule), within=30, what="the schedule is paused")

    failed = schedule.executions.filter(status="failed")
    until(lambda: not schedule.executions.unfinished().exists(), within=30, what="all are over")
    assert failed.count() in (2, 3)  # one may have been under way when the second failed
    assert schedule.pause_reason == "It has failed 2 times in a row."
    assert schedule.versions.get(number=schedule.version).standing == "paused"


def is_paused(schedule: JobSchedule) -> bool:
    schedule.refresh_from_db()
    return schedule.paused_at is not None
