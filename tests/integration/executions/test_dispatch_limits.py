"""Limits by key and by minute, holds, and which executions of a schedule wait for each other."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.broker import Hint
from executions.claim import claim
from executions.dispatcher import choose
from executions.models import CountedStart, ExecutionTransition, JobExecution
from executions.opening import open_runs
from jobs.definitions import set_job_status
from jobs.models import Hold, JobDefinition, JobSchedule, JobStatus, Queue
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.graphs import make_graph

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_no_kernel_timer")]


def chosen(*, now: datetime | None = None) -> set[JobExecution]:
    hints = choose(now=now).hints
    return set(JobExecution.objects.filter(pk__in=[hint.id for hint in hints]))


def keys_of(executions: Iterable[JobExecution]) -> Counter[str | None]:
    return Counter(execution.concurrency_key for execution in executions)


def make_keyed_job(**fields: Any) -> JobDefinition:
    return make_job(**{"concurrency_key": "{customer}", "max_concurrent_executions": 50, **fields})


def finish(*executions: JobExecution) -> None:
    JobExecution.objects.filter(pk__in=[execution.pk for execution in executions]).update(
        status="succeeded", completed_at=database_now()
    )


# --- Limits by key


def test_of_one_key_as_many_go_as_its_limit_leaves_also_within_one_dispatch() -> None:
    job = make_keyed_job(max_concurrent_per_key=2)
    make_execution(job, status="running", concurrency_key="a")
    for key in "aaabbbc":
        make_execution(job, concurrency_key=key)

    assert keys_of(chosen()) == {"a": 1, "b": 2, "c": 1}
    assert not chosen()


def test_of_one_key_the_first_by_priority_and_due_time_goes() -> None:
    job, now = make_keyed_job(), database_now()
    make_execution(job, concurrency_key="a", due_at=now - timedelta(hours=2))
    make_execution(job, concurrency_key="a", priority=9, due_at=now - timedelta(minutes=1))
    first = make_execution(job, concurrency_key="a", priority=9, due_at=now - timedelta(hours=1))

    assert chosen() == {first}


def test_across_keys_the_limit_of_the_job_holds_by_priority() -> None:
    job = make_keyed_job(max_concurrent_executions=2)
    made = [make_execution(job, concurrency_key=key, priority=n) for n, key in enumerate("abcd")]

    assert chosen() == set(made[2:])


def test_a_key_that_is_full_holds_no_other_key_back() -> None:
    job = make_keyed_job(max_concurrent_executions=3)
    make_execution(job, status="queued", concurrency_key="a")
    for _ in range(20):
        make_execution(job, concurrency_key="a", priority=9)
    others = {make_execution(job, concurrency_key=key, priority=0) for key in "bc"}

    assert chosen() == others


@pytest.mark.parametrize("keys", [3, 100, 101, 150])
def test_however_many_keys_there_are_each_has_its_own_limit(keys: int) -> None:
    job, now = make_keyed_job(max_concurrent_executions=1_000), database_now()
    taken = make_execution(job, status="running", concurrency_key="k0")
    for number in range(keys):
        for age in range(3):
            due_at = now - timedelta(seconds=1 + age)
            make_execution(job, concurrency_key=f"k{number}", due_at=due_at)

    assert keys_of(chosen()) == {f"k{number}": 1 for number in range(1, keys)}
    assert not chosen()
    finish(taken)
    assert keys_of(chosen()) == {"k0": 1}


def test_what_was_opened_before_its_job_had_keys_goes_by_the_limit_of_the_job_alone() -> None:
    job = make_keyed_job()
    make_execution(job, status="running", concurrency_key="a")
    make_execution(job, concurrency_key="a")
    old = {make_execution(job) for _ in range(3)}

    assert chosen() == old


def test_a_job_that_has_given_up_its_keys_has_no_limit_by_key() -> None:
    job = make_job(concurrency_key="", max_concurrent_per_key=1)
    both = {make_execution(job, concurrency_key="a") for _ in range(2)}

    assert chosen() == both


def test_the_same_key_of_another_job_is_another_key() -> None:
    one, other = make_keyed_job(), make_keyed_job()
    make_execution(one, status="running", concurrency_key="a")
    make_execution(one, concurrency_key="a")
    free = make_execution(other, concurrency_key="a")

    assert chosen() == {free}


def test_a_key_is_held_by_what_is_out_and_by_nothing_else() -> None:
    job = make_keyed_job()
    later = database_now() + timedelta(hours=1)
    for status in ("succeeded", "failed", "waiting"):
        make_execution(job, status=status, concurrency_key="a")
    make_execution(job, status="retrying", due_at=later, concurrency_key="a")
    ready = make_execution(job, concurrency_key="a")

    assert chosen() == {ready}


# --- Starts per minute


def start(hint: Hint, *, at: datetime) -> None:
    """Claim what was handed out, as if at ``at``."""
    assert claim(execution_id=hint.id, fence=hint.fence, worker="w", pid=1) is not None
    moves = ExecutionTransition.objects.filter(execution_id=hint.id, to_status="running")
    moves.filter(fence=hint.fence).update(at=at)
    JobExecution.objects.filter(pk=hint.id).update(started_at=at)


def test_a_job_starts_so_often_within_any_minute() -> None:
    now = database_now()
    job = make_job(starts_per_minute=3)
    for _ in range(8):
        make_execution(job, due_at=now)

    hints = choose(now=now).hints
    for hint in hints:
        start(hint, at=now)
    assert len(hints) == 3
    assert not chosen(now=now + timedelta(seconds=59.9))
    assert len(chosen(now=now + timedelta(seconds=60))) == 3


def test_the_minute_slides() -> None:
    now = database_now()
    job = make_job(starts_per_minute=2)
    for seconds in (0, 40, 41, 42):
        make_execution(job, due_at=now + timedelta(seconds=seconds))

    def at(seconds: float) -> int:
        moment = now + timedelta(seconds=seconds)
        hints = choose(now=moment).hints
        for hint in hints:
            start(hint, at=moment)
        return len(hints)

    assert [at(0), at(40), at(42), at(61), at(99), at(100)] == [1, 1, 0, 1, 0, 1]


def test_a_queue_starts_so_often_across_its_jobs_by_priority() -> None:
    Queue.objects.create(name="slow", starts_per_minute=2)
    jobs = [make_job(queue_id="slow") for _ in range(3)]
    made = [make_execution(job, priority=number) for number, job in enumerate(jobs)]
    elsewhere = make_execution()

    assert chosen() == {*made[1:], elsewhere}
    assert not chosen()
    assert set(CountedStart.objects.values_list("queue", flat=True)) == {"slow"}


def test_every_attempt_is_a_start() -> None:
    job = make_job(starts_per_minute=1)
    execution = make_execution(job)
    choose()
    JobExecution.objects.filter(pk=execution.pk).update(status="retrying", attempt=1)

    assert not chosen()
    CountedStart.objects.update(at=database_now() - timedelta(minutes=2))
    assert chosen() == {execution}


def test_what_no_worker_has_claimed_yet_goes_on_counting_until_a_minute_after_its_start() -> None:
    """Else all that piled up while no worker was there would start at once, and a minute's more."""
    now = database_now()
    job = make_job(starts_per_minute=1)
    make_execution(job, due_at=now)
    make_execution(job, due_at=now)
    (hint,) = choose(now=now).hints

    assert not chosen(now=now + timedelta(seconds=70))
    start(hint, at=now + timedelta(seconds=100))
    assert not chosen(now=now + timedelta(seconds=131))
    assert not chosen(now=now + timedelta(seconds=159))
    assert len(chosen(now=now + timedelta(seconds=160))) == 1


def test_what_was_taken_back_counts_for_its_minute_and_no_longer() -> None:
    now = database_now()
    execution = make_execution(make_job(starts_per_minute=1), due_at=now)
    choose(now=now)
    JobExecution.objects.update(status="scheduled", fence=2, queue=None, publish_again_at=None)

    assert not chosen(now=now + timedelta(seconds=59))
    assert chosen(now=now + timedelta(seconds=60)) == {execution}
    assert CountedStart.objects.count() == 1


def test_starts_are_counted_only_where_they_are_limited_and_forgotten_after_a_minute() -> None:
    now = database_now()
    make_execution(due_at=now)
    make_execution(make_job(starts_per_minute=5), due_at=now)

    (start_of_limited,) = [
        hint for hint in choose(now=now).hints if CountedStart.objects.filter(execution=hint.id)
    ]
    start(start_of_limited, at=now)
    assert CountedStart.objects.count() == 1
    choose(now=now + timedelta(seconds=61))
    assert not CountedStart.objects.exists()


# --- Holds


def hold(**scope: Any) -> Hold:
    fields = {"reason": "flood", "held_by": "tester", "held_at": database_now()}
    return Hold.objects.create(**fields, **scope)


@pytest.mark.parametrize("scope", ["job", "queue", "team", "everything"])
def test_what_is_held_waits_until_the_hold_ends(scope: str) -> None:
    Queue.objects.create(name="lane")
    job = make_job(queue_id="lane")
    job.ownership.team_name = "night"
    job.ownership.save()
    held, other = make_execution(job), make_execution()
    target = {"job": {"job": job}, "queue": {"queue_id": "lane"}, "team": {"team_name": "night"}}
    row = hold(scope=scope, **target.get(scope, {}))

    assert chosen() == (set() if scope == "everything" else {other})
    held.refresh_from_db()
    assert (held.status, held.reason) == ("scheduled", None)
    row.ended_at = database_now()
    row.save()
    assert held in chosen()


def test_a_job_that_may_not_run_is_accounted_for_also_while_it_is_held() -> None:
    execution = make_execution()
    hold(scope="everything")
    set_job_status(actor=TESTER, job=execution.job, status=JobStatus.DISABLED)

    choose()

    execution.refresh_from_db()
    assert execution.reason == "job_disabled"


def test_what_is_held_takes_no_room_from_others() -> None:
    Queue.objects.create(name="narrow", max_concurrent_executions=1)
    held = make_execution(make_job(queue_id="narrow"), priority=9)
    free = make_execution(make_job(queue_id="narrow"), priority=0)
    hold(scope="job", job=held.job)

    assert chosen() == {free}


# --- Overlap


def make_of(schedule: JobSchedule, origin: str, status: str, minutes: int) -> JobExecution:
    slot = database_now() - timedelta(hours=1) + timedelta(minutes=minutes)
    return make_execution(
        schedule.job, schedule=schedule, origin=origin, status=status, scheduled_for=slot
    )


def test_a_backfill_neither_waits_for_the_slots_of_its_schedule_nor_holds_them_back() -> None:
    schedule = make_schedule()
    make_of(schedule, "schedule", "running", 0)
    backfill = make_of(schedule, "backfill", "scheduled", 5)
    assert chosen() == {backfill}

    other = make_schedule(schedule.job)
    make_of(other, "backfill", "running", 0)
    slot = make_of(other, "schedule", "scheduled", 5)
    assert chosen() == {slot}


def test_a_backfill_does_not_count_against_the_overlap_limit_of_its_schedule() -> None:
    schedule = make_schedule(overlap="allow", overlap_limit=1)
    make_of(schedule, "backfill", "running", 0)
    slot = make_of(schedule, "schedule", "scheduled", 5)
    make_of(schedule, "schedule", "scheduled", 6)

    assert chosen() == {slot}


# --- What is skipped, and what follows from it


def test_what_waits_for_a_skipped_execution_is_skipped_with_it() -> None:
    jobs = make_graph(("extract", "load"), ("load", "report"))
    first = make_execution(jobs["extract"])
    open_runs([first.pk])
    set_job_status(actor=TESTER, job=first.job, status=JobStatus.DISABLED)

    assert choose().hints == []

    rest = JobExecution.objects.filter(correlation_id=first.correlation_id).exclude(pk=first.pk)
    assert sorted(rest.values_list("job__name", "status", "reason")) == sorted(
        (jobs[name].name, "skipped", "upstream") for name in ("load", "report")
    )
