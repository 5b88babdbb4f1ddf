"""Which ready executions go to the broker, in which order, and what holds the others back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import redis

from core.clock import database_now
from executions.dispatcher import _LOCK, choose, dispatch
from executions.models import ExecutionTransition, JobExecution, Worker
from jobs.definitions import change_job, set_job_status
from jobs.models import Hold, JobStatus, JobVersion, Queue
from tests.factories import TESTER, make_execution, make_job, make_queue, make_schedule

pytestmark = pytest.mark.django_db


def chosen() -> set[JobExecution]:
    return set(JobExecution.objects.filter(pk__in=[hint.id for hint in choose().hints]))


def make_many(count: int, *, job: Any, **fields: Any) -> None:
    now = database_now()
    values = {
        "job": job,
        "version": JobVersion.objects.get(job=job),
        "origin": "manual",
        "triggered_by": "tester",
        "scheduled_for": now,
        "due_at": now,
    }
    JobExecution.objects.bulk_create(JobExecution(**(values | fields)) for _ in range(count))


def make_worker(name: str, *, seen: datetime, **fields: Any) -> None:
    values = {"kind": "worker", "hostname": "h", "pid": 1, "queues": ["default"]}
    Worker.objects.create(
        name=name, started_at=seen, last_seen_at=seen, **{**values, "concurrency": 60, **fields}
    )


# --- What a dispatched execution looks like


@pytest.mark.parametrize("status", ["scheduled", "retrying"])
def test_what_is_ready_and_due_is_queued_under_a_new_fence(status: str) -> None:
    now = database_now()
    execution = make_execution(status=status, fence=4, attempt=1, publish_count=3, reason="error")

    (hint,) = choose(now=now).hints

    execution.refresh_from_db()
    assert (execution.status, execution.fence, execution.reason) == ("queued", 5, None)
    assert (execution.queue, execution.queued_at) == ("default", now)
    assert execution.publish_again_at == now + timedelta(seconds=60)
    assert (execution.publish_count, execution.attempt) == (0, 1)
    assert (hint.id, hint.fence, hint.queue) == (execution.id, 5, "default")
    assert hint.job_name == execution.job.name


@pytest.mark.parametrize("status", ["scheduled", "retrying"])
def test_every_dispatch_leaves_a_transition(status: str) -> None:
    execution = make_execution(status=status, fence=4, attempt=1)

    choose()

    transition = ExecutionTransition.objects.get(execution=execution)
    assert (transition.from_status, transition.to_status) == (status, "queued")
    assert (transition.fence, transition.attempt, transition.reason) == (5, 1, None)
    assert transition.data == {"queue": "default"}


@pytest.mark.parametrize(
    ("offset", "is_chosen"),
    [(timedelta(microseconds=1), False), (timedelta(0), True), (timedelta(hours=-5), True)],
    ids=["just-before", "at", "after"],
)
def test_an_execution_goes_at_its_due_time(offset: timedelta, is_chosen: bool) -> None:
    now = database_now()
    make_execution(due_at=now + offset)

    assert bool(choose(now=now).hints) is is_chosen


@pytest.mark.parametrize(
    "status",
    ["queued", "running", "succeeded", "failed", "timed_out", "cancelled", "skipped"],
)
def test_nothing_else_is_touched(status: str) -> None:
    execution = make_execution(status=status)

    assert choose().hints == []
    before, execution = execution.fence, JobExecution.objects.get()
    assert (execution.status, execution.fence) == (status, before)


def test_the_answer_says_when_it_was_decided() -> None:
    now = database_now()

    assert choose(now=now).decided_at == now
    assert choose().decided_at == now  # one transaction, one time


# --- Order


def test_higher_priority_goes_first_then_what_is_due_longer() -> None:
    now = database_now()
    job = make_job()
    order = [(9, 1), (5, 30), (5, 20), (0, 60)]
    made = {
        (priority, age): make_execution(
            job, priority=priority, due_at=now - timedelta(seconds=age)
        ).id
        for priority, age in reversed(order)
    }

    assert [hint.id for hint in choose().hints] == [made[key] for key in order]


def test_within_a_job_the_limit_leaves_the_lower_priority_behind() -> None:
    job = make_job(max_concurrent_executions=1)
    make_execution(job, priority=1)
    high = make_execution(job, priority=2)

    assert chosen() == {high}


# --- Limits


@pytest.mark.parametrize(
    ("queued", "running", "expected"), [(0, 0, 3), (1, 0, 2), (1, 1, 1), (0, 3, 0), (2, 3, 0)]
)
def test_a_job_gets_what_its_limit_leaves_after_queued_and_running(
    queued: int, running: int, expected: int
) -> None:
    job = make_job(max_concurrent_executions=3)
    for status, count in (("queued", queued), ("running", running), ("scheduled", 5)):
        for _ in range(count):
            make_execution(job, status=status)

    assert len(choose().hints) == expected
    assert not choose().hints


def test_the_limit_in_force_is_the_jobs_present_one() -> None:
    job = make_job(max_concurrent_executions=1)
    for _ in range(4):
        make_execution(job)
    change_job(actor=TESTER, job=job, fields={"max_concurrent_executions": 3})

    assert len(choose().hints) == 3


def test_what_is_over_counts_no_more() -> None:
    job = make_job(max_concurrent_executions=1)
    for status in ("succeeded", "failed", "cancelled", "skipped", "timed_out"):
        make_execution(job, status=status)
    make_execution(job, status="retrying", due_at=database_now() + timedelta(hours=1))
    ready = make_execution(job)

    assert chosen() == {ready}


def test_a_queues_limit_holds_across_its_jobs_by_priority() -> None:
    queue = Queue.objects.create(name="small", max_concurrent_executions=3)
    jobs = [make_job(queue=queue) for _ in range(3)]
    make_execution(jobs[0], status="running", queue="small")
    expected = {make_execution(jobs[1], priority=7), make_execution(jobs[2], priority=9)}
    for job in jobs:
        make_execution(job, priority=5)
    elsewhere = make_execution(priority=0)

    assert chosen() == expected | {elsewhere}


def test_a_full_queue_is_no_cap() -> None:
    queue = Queue.objects.create(name="small", max_concurrent_executions=1)
    job = make_job(queue=queue)
    make_execution(job)
    make_execution(job)

    assert not choose().is_capped


def test_a_paused_queue_keeps_its_executions_and_others_go_on() -> None:
    queue = make_queue("paused", is_paused=True)
    held = make_execution(make_job(queue=queue))
    free = make_execution()

    assert chosen() == {free}
    Hold.objects.all().delete()
    assert chosen() == {held}


# --- Unclaimed at once


@pytest.mark.parametrize(("due", "sent", "is_capped"), [(200, 200, False), (201, 200, True)])
def test_at_most_200_are_out_unclaimed(due: int, sent: int, is_capped: bool) -> None:
    make_many(due, job=make_job(max_concurrent_executions=1_000))

    dispatched = choose()

    assert (len(dispatched.hints), dispatched.is_capped) == (sent, is_capped)


def test_what_is_out_unclaimed_counts_and_what_runs_does_not() -> None:
    now = database_now()
    job = make_job(max_concurrent_executions=1_000)
    out = {"status": "queued", "queue": "default", "fence": 1, "publish_again_at": now}
    make_many(190, job=job, **out)
    running = {"status": "running", "started_at": now, "lease_until": now, "worker": "w"}
    make_many(50, job=job, **{**out, **running})
    make_many(30, job=job)

    dispatched = choose()
    assert (len(dispatched.hints), dispatched.is_capped) == (10, True)
    dispatched = choose()
    assert (len(dispatched.hints), dispatched.is_capped) == (0, True)


@pytest.mark.parametrize(
    ("worker", "sent"),
    [
        ({}, 240),
        ({"concurrency": 50}, 200),
        ({"concurrency": 10}, 200),
        ({"queues": ["other"]}, 200),
        ({"queues": ["other", "default"]}, 240),
        ({"seen_ago": 29}, 240),
        ({"seen_ago": 31}, 200),
        ({"is_stopped": True}, 200),
    ],
    ids=lambda value: str(value),
)
def test_live_workers_of_the_queue_raise_the_cap_to_four_times_their_slots(
    worker: dict[str, Any], sent: int
) -> None:
    now = database_now()
    make_many(260, job=make_job(max_concurrent_executions=1_000))
    seen_ago, is_stopped = worker.get("seen_ago", 0), worker.get("is_stopped", False)
    fields = {name: worker[name] for name in ("concurrency", "queues") if name in worker}
    make_worker(
        "w1",
        seen=now - timedelta(seconds=seen_ago),
        stopped_at=now if is_stopped else None,
        **fields,
    )

    assert len(choose().hints) == sent


def test_the_cap_leaves_the_lower_priorities_in_the_database() -> None:
    job = make_job(max_concurrent_executions=1_000)
    make_many(150, job=job, priority=1)
    make_many(150, job=job, priority=9)

    choose()

    left = JobExecution.objects.filter(status="scheduled")
    assert set(left.values_list("priority", flat=True)) == {1}


# --- Overlap


def make_slots(schedule: Any, *statuses: str) -> list[JobExecution]:
    start = database_now() - timedelta(hours=1)
    return [
        make_execution(
            schedule.job,
            status=status,
            schedule=schedule,
            origin="schedule",
            scheduled_for=start + timedelta(minutes=number),
        )
        for number, status in enumerate(statuses)
    ]


def test_of_one_schedule_only_the_earliest_unfinished_goes() -> None:
    first, *_ = make_slots(make_schedule(), "scheduled", "scheduled", "scheduled")

    assert chosen() == {first}
    assert chosen() == set()


@pytest.mark.parametrize("status", ["queued", "running", "retrying"])
def test_an_earlier_slot_under_way_holds_the_later_ones_back(status: str) -> None:
    make_slots(make_schedule(), status, "scheduled")
    JobExecution.objects.filter(status="retrying").update(
        due_at=database_now() + timedelta(hours=1)
    )

    assert chosen() == set()


@pytest.mark.parametrize("status", ["succeeded", "failed", "timed_out", "cancelled", "skipped"])
def test_an_earlier_slot_that_is_over_holds_nothing_back(status: str) -> None:
    _, waiting = make_slots(make_schedule(), status, "scheduled")

    assert chosen() == {waiting}


def test_a_later_slot_holds_no_earlier_one_back() -> None:
    waiting, _ = make_slots(make_schedule(), "scheduled", "running")

    assert chosen() == {waiting}


def test_slot_order_goes_before_priority() -> None:
    first, second = make_slots(make_schedule(), "scheduled", "scheduled")
    JobExecution.objects.filter(pk=second.pk).update(priority=9)

    assert chosen() == {first}


def test_other_schedules_and_manual_runs_of_the_job_are_not_held_back() -> None:
    job = make_job()
    make_slots(make_schedule(job), "running", "scheduled")
    (other,) = make_slots(make_schedule(job), "scheduled")
    manual = make_execution(job)

    assert chosen() == {other, manual}


# --- What may not run at all


@pytest.mark.parametrize("status", [JobStatus.DISABLED, JobStatus.DRAFT, JobStatus.ARCHIVED])
def test_what_a_job_that_is_not_active_has_due_is_skipped_and_says_why(status: JobStatus) -> None:
    now = database_now()
    execution = make_execution()
    set_job_status(actor=TESTER, job=execution.job, status=status)

    assert choose(now=now).hints == []

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("skipped", "job_disabled")
    assert execution.completed_at == now
    transition = ExecutionTransition.objects.get(execution=execution)
    assert (transition.to_status, transition.reason) == ("skipped", "job_disabled")


@pytest.mark.parametrize(
    ("environment", "allowed", "reason"),
    [
        ("DEV", 1, None),
        ("DEV", 7, None),
        ("DEV", 6, "environment"),
        ("HOM", 2, None),
        ("HOM", 5, "environment"),
        ("PROD", 4, None),
        ("PROD", 3, "environment"),
    ],
)
def test_a_job_runs_only_in_its_environments(
    settings, environment: str, allowed: int, reason: str | None
) -> None:
    settings.SCHEDULER_ENVIRONMENT = environment
    execution = make_execution(make_job(allowed_environments=allowed))

    choose()

    execution.refresh_from_db()
    assert execution.reason == reason
    assert execution.status == ("skipped" if reason else "queued")


def test_what_is_not_yet_due_waits_for_its_time_even_when_the_job_is_disabled() -> None:
    execution = make_execution(due_at=database_now() + timedelta(hours=1))
    set_job_status(actor=TESTER, job=execution.job, status=JobStatus.DISABLED)

    choose()

    execution.refresh_from_db()
    assert execution.status == "scheduled"


def test_neither_limit_nor_pause_nor_overlap_keeps_a_disabled_job_from_being_accounted_for() -> (
    None
):
    queue = make_queue("paused", is_paused=True)
    job = make_job(max_concurrent_executions=1, queue=queue)
    make_execution(job, status="running", queue="paused")
    make_slots(make_schedule(job), "scheduled", "scheduled")
    set_job_status(actor=TESTER, job=job, status=JobStatus.DISABLED)

    choose()

    assert JobExecution.objects.filter(status="skipped", reason="job_disabled").count() == 2


def test_a_disabled_job_takes_no_room_from_others() -> None:
    queue = Queue.objects.create(name="small", max_concurrent_executions=1)
    barred = make_execution(make_job(queue=queue), priority=9)
    set_job_status(actor=TESTER, job=barred.job, status=JobStatus.DISABLED)
    free = make_execution(make_job(queue=queue), priority=1)

    assert chosen() == {free}


# --- Several dispatchers


def test_while_another_dispatcher_is_at_work_nothing_is_chosen(other_connection: Any) -> None:
    make_execution()
    with other_connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])

    dispatched = choose()

    assert (dispatched.hints, dispatched.decided_at) == ([], None)
    with other_connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def test_dispatch_publishes_what_it_chose(broker: "redis.Redis", broker_queue: str) -> None:
    queue = Queue.objects.create(name=broker_queue)
    make_execution(make_job(queue=queue))

    (hint,) = dispatch().hints

    (message,) = broker.lrange(broker_queue, 0, -1)
    assert f"{hint.id}.{hint.fence}" in message.decode()
