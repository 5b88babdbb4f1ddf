"""Why an execution does not go on: one test per cause, and an answer for every state."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings

from core.clock import database_now
from core.ids import uuid7
from executions.locking import Locks, store
from executions.models import (
    Backfill,
    Circuit,
    ConditionCheck,
    CountedStart,
    ExecutionTransition,
    JobExecution,
    Worker,
)
from executions.states import FINAL, UNFINISHED, Reason
from executions.waits import Code
from jobs.definitions import set_job_status
from jobs.models import Hold, JobDefinition, JobOwnership, JobStatus, Queue
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.integration.executions.causes import ask, codes, first, make_beat, make_process
from tests.integration.executions.run_edges import make_edge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_platform_at_work() -> None:
    """Beat and a worker are alive, and Redis holds nothing."""
    make_beat()
    make_process()
    store._client.cache_clear()
    store._script.cache_clear()
    with redis.Redis.from_url(django_settings.CELERY_BROKER_URL) as server:
        server.flushall()


def later(**span: float) -> Any:
    return database_now() + timedelta(**span)


# --- before it is due ---


def test_its_time_has_not_come() -> None:
    due_at = later(minutes=5)
    execution = make_execution(due_at=due_at, error_message="Deferred by Freeze.")
    cause = first(execution, Code.NOT_DUE)
    assert (cause.until, cause.detail.endswith("Deferred by Freeze.")) == (due_at, True)


def test_what_will_last_is_told_before_its_time_comes() -> None:
    execution = make_execution(due_at=later(minutes=5))
    set_job_status(actor=TESTER, job=execution.job, status=JobStatus.DISABLED, reason="broken")
    assert codes(execution) == [Code.NOT_DUE, Code.JOB_STATUS]


def test_the_next_retry_is_due_later() -> None:
    execution = make_execution(
        status="retrying", due_at=later(minutes=5), error_type="OSError", error_message="no route"
    )
    cause = first(execution, Code.NEXT_RETRY)
    assert "Attempt 1 failed (OSError: no route); the next one is due at" in cause.detail


def test_its_condition_did_not_hold() -> None:
    schedule = make_schedule(conditions={"previous": {"outcome": ["succeeded"]}})
    execution = make_execution(
        schedule.job,
        schedule=schedule,
        origin="schedule",
        reason=Reason.CONDITION,
        due_at=later(seconds=30),
        error_message="The file is not there.",
    )
    ConditionCheck.objects.create(execution=execution, result="false", message="x")
    ExecutionTransition.objects.create(
        execution=execution,
        from_status="running",
        to_status="scheduled",
        attempt=1,
        fence=1,
        data={"waits_until": "2027-01-01T06:00:00.123+00:00"},
    )
    cause = first(execution, Code.CONDITION)
    assert "looked at once" in cause.detail
    assert "The file is not there." in cause.detail
    assert "until 2027-01-01 06:00:00 UTC at most" in cause.detail


def test_the_delay_after_its_upstream_is_not_over() -> None:
    execution = make_execution(origin="dependency", due_at=later(minutes=5))
    assert first(execution, Code.DELAY).until == execution.due_at


# --- what waits for others ---


def test_it_waits_for_what_comes_before_it_in_its_run() -> None:
    upstream = make_execution(make_job(name="Load"), status="running")
    execution = make_execution(status="waiting", origin="dependency", open_edges=1)
    make_edge(execution, upstream, delay_seconds=60)
    cause = first(execution, Code.DEPENDENCY)
    assert cause.detail == (
        f"Waits for job Load to have succeeded, and for 60 s after that"
        f" (execution {upstream.pk}, running)."
    )
    assert [holder.execution_id for holder in cause.holders] == [upstream.pk]
    assert cause.holders[0].worker == "worker1@test"


def test_of_many_upstreams_some_are_named() -> None:
    execution = make_execution(status="waiting", origin="dependency", open_edges=8)
    for _ in range(8):
        make_edge(execution, make_execution())
    cause = first(execution, Code.DEPENDENCY)
    assert len(cause.holders) == 5
    assert cause.detail.endswith("; and 3 others.")


def test_a_join_names_the_jobs_that_it_misses() -> None:
    missing = make_job(name="Load", max_concurrent_executions=1)
    execution = make_execution(status="waiting", origin="join", open_edges=1)
    edge = make_edge(execution, make_execution(missing))
    edge.upstream_execution = None
    edge.save()
    make_edge(execution, make_execution(status="succeeded"))
    cause = first(execution, Code.JOIN)
    assert cause.detail == "Waits for job Load to have succeeded since this job last ran."


def make_backfill() -> Backfill:
    schedule, now = make_schedule(), database_now()
    return Backfill.objects.create(
        job=schedule.job,
        schedule=schedule,
        from_at=now - timedelta(days=2),
        until_at=now,
        created_by="alice",
        created_at=now,
    )


def test_a_backfill_lets_only_so_many_go() -> None:
    backfill = make_backfill()
    job = backfill.job
    running = make_execution(job, status="running", origin="backfill", backfill=backfill)
    execution = make_execution(job, status="waiting", origin="backfill", backfill=backfill)
    cause = first(execution, Code.BACKFILL)
    assert f"it lets 1 go at once, and 1 is under way ({running.pk})" in cause.detail
    JobExecution.objects.filter(pk=running.pk).update(
        status="succeeded", completed_at=database_now()
    )
    assert "its turn comes" in first(execution, Code.BACKFILL).detail


def test_what_waits_for_nothing_any_more_is_about_to_be_let_go() -> None:
    first(make_execution(status="waiting", origin="dependency"), Code.RELEASE)


# --- what dispatch asks ---


@pytest.mark.parametrize("status", [JobStatus.DISABLED, JobStatus.ARCHIVED])
def test_its_job_is_not_active(status: JobStatus) -> None:
    execution = make_execution()
    set_job_status(actor=TESTER, job=execution.job, status=status, reason="it is broken")
    detail = first(execution, Code.JOB_STATUS).detail
    assert f"is {status}" in detail
    assert ("by tester" in detail and "it is broken" in detail) is (status == "disabled")


def test_its_job_is_a_draft() -> None:
    execution = make_execution()
    JobDefinition.objects.update(status=JobStatus.DRAFT)
    assert "is draft." in first(execution, Code.JOB_STATUS).detail


def test_its_job_may_not_run_here() -> None:
    cause = first(make_execution(make_job(allowed_environments=4)), Code.ENVIRONMENT)
    assert "may not run in DEV" in cause.detail


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        ("everything", "Everything is on hold since "),
        ("team", "Team Analytics is on hold since "),
        ("queue", "Queue default is paused since "),
        ("job", "Job Load is on hold since "),
    ],
)
@pytest.mark.parametrize("status", ["scheduled", "queued"])
def test_it_is_held_back(scope: str, says: str, status: str) -> None:
    job = make_job(name="Load")
    JobOwnership.objects.update_or_create(job=job, defaults={"team_name": "Analytics"})
    until = later(hours=1)
    hold = Hold.objects.create(
        scope=scope,
        team_name="Analytics" if scope == "team" else "",
        queue=job.queue if scope == "queue" else None,
        job=job if scope == "job" else None,
        reason="the warehouse moves",
        held_by="alice",
        held_at=database_now(),
        until=until,
    )
    execution = make_execution(job, status=status)
    cause = first(execution, Code.HOLD)
    assert cause.detail.startswith(says)
    assert "by alice until" in cause.detail
    assert "the warehouse moves" in cause.detail
    assert (cause.since, cause.until) == (hold.held_at, until)
    Hold.objects.update(ended_at=database_now())
    assert Code.HOLD not in codes(execution)


def open_circuit(job: Any, **fields: Any) -> Circuit:
    now = database_now()
    values = {"opened_at": now, "opened_by": "platform", "reason": "5 failed in a row"}
    return Circuit.objects.create(job=job, **values | fields)


def test_the_breaker_is_open() -> None:
    schedule = make_schedule()
    circuit = open_circuit(schedule.job, half_open_at=later(minutes=5))
    slot = make_execution(schedule.job, schedule=schedule, origin="schedule")
    cause = first(slot, Code.CIRCUIT)
    assert "is open" in cause.detail
    assert "5 failed in a row" in cause.detail
    assert cause.detail.endswith("It is about to be skipped.")
    assert cause.until == circuit.half_open_at
    assert first(make_execution(schedule.job, origin="backfill"), Code.CIRCUIT).detail.endswith(
        "It waits until the breaker is closed."
    )
    first(make_execution(schedule.job), Code.DISPATCH)  # what people ask for goes all the same


def test_the_breaker_is_open_until_somebody_closes_it() -> None:
    job = make_job()
    open_circuit(job)
    execution = make_execution(job, origin="dependency")
    assert "until somebody closes it" in first(execution, Code.CIRCUIT).detail


def test_the_breaker_is_half_open() -> None:
    job = make_job()
    open_circuit(job, state="half_open", half_open_at=database_now())
    trial = make_execution(job, origin="dependency")
    slot = make_execution(job, origin="dependency")
    assert "The first that is due goes" in first(slot, Code.CIRCUIT).detail
    Circuit.objects.update(trial_id=trial.pk)
    cause = first(slot, Code.CIRCUIT)
    assert f"execution {trial.pk} is its trial" in cause.detail
    assert [holder.execution_id for holder in cause.holders] == [trial.pk]
    assert Code.CIRCUIT not in codes(trial)


def test_a_hold_comes_before_the_breaker() -> None:
    job = make_job()
    open_circuit(job)
    Hold.objects.create(scope="job", job=job, reason="x", held_by="alice", held_at=database_now())
    assert codes(make_execution(job, origin="dependency"))[:2] == [Code.HOLD, Code.CIRCUIT]


def make_slots(count: int, **fields: Any) -> list[JobExecution]:
    schedule, now = make_schedule(**fields), database_now()
    return [
        make_execution(
            schedule.job,
            schedule=schedule,
            origin="schedule",
            scheduled_for=now - timedelta(seconds=10 * (count - place)),
            status="scheduled" if place else "running",
        )
        for place in range(count)
    ]


def test_an_earlier_slot_goes_first() -> None:
    earlier, execution = make_slots(2)
    cause = first(execution, Code.OVERLAP)
    assert f"Waits for execution {earlier.pk} of the same schedule" in cause.detail
    assert [holder.execution_id for holder in cause.holders] == [earlier.pk]


def test_its_schedule_allows_so_many_at_once() -> None:
    *_, execution = make_slots(3, overlap="allow", overlap_limit=2)
    assert "allows 2 at once" in first(execution, Code.OVERLAP).detail


def test_the_limit_of_its_job_is_reached() -> None:
    job = make_job(max_concurrent_executions=1)
    running = make_execution(job, status="running")
    cause = first(make_execution(job), Code.JOB_LIMIT)
    assert f"1 of 1 under way ({running.pk})" in cause.detail
    (holder,) = cause.holders
    assert (holder.execution_id, holder.job_name, holder.worker) == (
        running.pk,
        job.name,
        "worker1@test",
    )


def test_the_limit_of_its_key_is_reached() -> None:
    job = make_job(concurrency_key="customer:{customer}")
    running = make_execution(job, status="running", concurrency_key="customer:7")
    make_execution(job, status="running", concurrency_key="customer:8")
    cause = first(make_execution(job, concurrency_key="customer:7"), Code.KEY_LIMIT)
    assert f"key customer:7 of job {job.name} is reached: 1 of 1" in cause.detail
    assert [holder.execution_id for holder in cause.holders] == [running.pk]
    assert Code.KEY_LIMIT not in codes(make_execution(job, concurrency_key="customer:9"))


def count_starts(job: Any, *ages: float) -> None:
    now = database_now()
    for age in ages:
        CountedStart.objects.create(
            execution=make_execution(job, status="succeeded"),
            fence=1,
            job=job,
            queue="default",
            at=now - timedelta(seconds=age),
        )


def test_its_job_has_started_as_often_as_it_may_within_a_minute() -> None:
    job = make_job(starts_per_minute=2)
    count_starts(job, 70, 50, 20)
    cause = first(make_execution(job), Code.JOB_STARTS)
    assert "may start 2 times a minute, and has" in cause.detail
    assert cause.until is not None
    assert abs((cause.until - later(seconds=10)).total_seconds()) < 5
    CountedStart.objects.order_by("at").last().delete()
    assert Code.JOB_STARTS not in codes(make_execution(job))


def test_its_queue_has_started_as_often_as_it_may_within_a_minute() -> None:
    Queue.objects.filter(name="default").update(starts_per_minute=1)
    count_starts(make_job(), 20)
    assert "Queue default may start 1 times" in first(make_execution(), Code.QUEUE_STARTS).detail


def test_the_limit_of_its_queue_is_reached() -> None:
    Queue.objects.filter(name="default").update(max_concurrent_executions=1)
    running = make_execution(status="running")
    cause = first(make_execution(), Code.QUEUE_LIMIT)
    assert [holder.execution_id for holder in cause.holders] == [running.pk]


def test_where_there_is_no_room_others_go_first() -> None:
    Queue.objects.filter(name="default").update(max_concurrent_executions=1)
    make_execution(status="running")
    earlier = database_now() - timedelta(minutes=1)
    execution = make_execution(priority=5)
    make_execution(priority=7)
    make_execution(priority=5, due_at=earlier)
    make_execution(priority=4, due_at=earlier)
    why = ask(execution)
    assert [cause.code for cause in why.causes] == [Code.QUEUE_LIMIT, Code.PRIORITY]
    assert "2 go before it" in why.causes[1].detail


def test_others_that_go_first_are_counted_up_to_a_hundred() -> None:
    job = make_job(max_concurrent_executions=1)
    make_execution(job, status="running")
    template = make_execution(job, priority=9)
    JobExecution.objects.bulk_create(
        JobExecution(
            job=job,
            version=template.version,
            origin="manual",
            triggered_by="tester",
            scheduled_for=template.scheduled_for,
            due_at=template.due_at,
            priority=9,
        )
        for _ in range(120)
    )
    assert "100 or more go before it" in ask(make_execution(job, priority=1)).causes[1].detail


def test_enough_is_out_that_no_worker_has_claimed() -> None:
    make_many_queued(200)
    assert "they go first" in first(make_execution(), Code.UNCLAIMED).detail


def make_many_queued(count: int) -> None:
    template = make_execution(status="queued")
    JobExecution.objects.bulk_create(
        JobExecution(
            job=template.job,
            version=template.version,
            origin="manual",
            triggered_by="tester",
            scheduled_for=template.scheduled_for,
            due_at=template.due_at,
            status="queued",
            queue="default",
            publish_again_at=template.publish_again_at,
        )
        for _ in range(count - 1)
    )


def test_no_beat_is_alive() -> None:
    Worker.objects.filter(kind="beat").update(stopped_at=database_now())
    first(make_execution(), Code.BEAT)


def test_nothing_holds_it_back() -> None:
    assert "at its next look" in first(make_execution(), Code.DISPATCH).detail


def test_causes_come_in_the_order_in_which_dispatch_asks() -> None:
    schedule = make_schedule(
        make_job(max_concurrent_executions=1, concurrency_key="k{x}", starts_per_minute=1)
    )
    job, now = schedule.job, database_now()
    Queue.objects.filter(name="default").update(max_concurrent_executions=1, starts_per_minute=1)
    count_starts(job, 20)
    open_circuit(job)
    Hold.objects.create(scope="everything", reason="x", held_by="alice", held_at=now)
    slot = {"schedule": schedule, "origin": "schedule", "concurrency_key": "k"}
    make_execution(job, status="running", scheduled_for=now - timedelta(minutes=1), **slot)
    execution = make_execution(job, priority=1, **slot)
    make_execution(job, priority=9)
    set_job_status(actor=TESTER, job=job, status=JobStatus.DISABLED)
    assert codes(execution) == [
        Code.JOB_STATUS,
        Code.HOLD,
        Code.CIRCUIT,
        Code.OVERLAP,
        Code.JOB_LIMIT,
        Code.JOB_STARTS,
        Code.KEY_LIMIT,
        Code.QUEUE_LIMIT,
        Code.QUEUE_STARTS,
    ]


# --- handed out ---


def test_no_worker_serves_its_queue() -> None:
    queue = Queue.objects.create(name="reports")
    execution = make_execution(make_job(queue=queue), status="queued", queue="reports")
    assert "none of the 1 live workers serves it" in first(execution, Code.NO_WORKER).detail


def test_who_serves_its_queue_takes_nothing_new() -> None:
    Worker.objects.filter(kind="worker").update(drain_requested_at=database_now())
    assert "worker1@test drain" in first(make_execution(status="queued"), Code.DRAINING).detail


def test_the_workers_are_busy() -> None:
    running = [make_execution(status="running") for _ in range(2)]
    cause = first(make_execution(status="queued"), Code.WORKERS_BUSY)
    assert "2 running, 2 places" in cause.detail
    assert {holder.execution_id for holder in cause.holders} == {one.pk for one in running}


def test_a_worker_is_about_to_claim_it() -> None:
    first(make_execution(status="queued"), Code.CLAIM)


def test_the_broker_has_lost_its_message() -> None:
    execution = make_execution(
        status="queued", publish_again_at=database_now() - timedelta(seconds=1)
    )
    assert "holds no message" in first(execution, Code.BROKER).detail


def test_the_broker_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executions.waits.handed_out.count_messages", lambda queue: None)
    assert "may be away" in first(make_execution(status="queued"), Code.BROKER).detail


# --- claimed ---


def test_its_worker_was_not_heard_of() -> None:
    past = database_now() - timedelta(seconds=1)
    assert codes(make_execution(status="running", lease_until=past)) == [Code.LEASE, Code.RUNNING]


def test_its_worker_was_asked_to_stop_it() -> None:
    execution = make_execution(
        status="running", cancel_requested_at=database_now(), cancel_requested_by="alice"
    )
    assert "by alice" in first(execution, Code.CANCELLING).detail


@pytest.fixture
def holder() -> Iterator[JobExecution]:
    execution = make_execution(make_job(name="Close the books"), status="running")
    locks = Locks(
        execution_id=execution.pk,
        fence=1,
        job_name=execution.job.name,
        on_lost=lambda name, why: None,
    )
    with locks.take("ledger", 0):
        yield execution
    locks.close()


def test_its_handler_waits_for_a_lock(holder: JobExecution) -> None:
    execution = make_execution(status="running")
    token = store.Token(execution.pk, 1, "x")
    assert store.take("ledger", token, job_name="a", is_waiting=True)
    cause = first(execution, Code.LOCK)
    assert "lock ledger since" in cause.detail
    assert f"execution {holder.pk} of job Close the books holds" in cause.detail
    assert [one.execution_id for one in cause.holders] == [holder.pk]


def test_without_redis_a_running_execution_is_told_all_the_same(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    store._client.cache_clear()
    first(make_execution(status="running"), Code.RUNNING)
    store._client.cache_clear()


def test_it_runs_and_says_how_far_it_is() -> None:
    execution = make_execution(
        status="running", progress_fraction=0.4, progress_message="batch 4 of 10"
    )
    cause = first(execution, Code.RUNNING)
    assert "under worker worker1@test since" in cause.detail
    assert cause.detail.endswith(": 40%, batch 4 of 10.")


# --- over ---


def test_who_cancelled_it_is_told() -> None:
    execution = make_execution(
        status="cancelled",
        reason=Reason.CANCELLED,
        cancel_requested_by="alice",
        cancel_requested_at=database_now(),
    )
    assert "alice asked for it at" in first(execution, Code.ENDED).detail


def test_what_failed_says_with_which_error_and_after_which_attempt() -> None:
    execution = make_execution(
        make_job(max_retries=0),
        status="failed",
        reason=Reason.ERROR,
        error_type="OSError",
        error_message="no route\nto host",
    )
    cause = first(execution, Code.ENDED)
    assert "no attempt follows number 1" in cause.detail
    assert cause.detail.endswith("OSError: no route.")


def test_the_culprit_is_named_with_its_own_error() -> None:
    culprit = make_execution(
        make_job(name="Load"),
        status="failed",
        reason=Reason.ERROR,
        error_type="OSError",
        error_message="no route.",
    )
    execution = make_execution(
        status="skipped", reason=Reason.UPSTREAM, blocked_by=culprit.pk, attempt=0, started_at=None
    )
    why = ask(execution)
    assert [cause.code for cause in why.causes] == [Code.ENDED, Code.CULPRIT]
    cause = why.causes[1]
    assert f"execution {culprit.pk} of job Load, which has failed" in cause.detail
    assert "OSError: no route." in cause.detail
    assert cause.holders[0].execution_id == culprit.pk


def test_a_culprit_that_is_gone_is_named_all_the_same() -> None:
    gone = uuid7()
    execution = make_execution(status="skipped", reason=Reason.UPSTREAM, blocked_by=gone)
    assert str(gone) in ask(execution).causes[1].detail


# --- an answer for every state ---


@pytest.mark.parametrize("origin", ["schedule", "manual", "dependency", "join", "backfill"])
@pytest.mark.parametrize("status", [*UNFINISHED, *FINAL])
def test_every_state_of_every_origin_has_an_answer(status: str, origin: str) -> None:
    schedule = make_schedule()
    execution = make_execution(
        schedule.job,
        status=status,
        origin=origin,
        schedule=schedule if origin in ("schedule", "backfill") else None,
    )
    why = ask(execution)
    assert (why.status, why.kind, why.job_name) == (status, "execution", schedule.job.name)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_told_in_its_own_words(reason: Reason) -> None:
    status = "failed" if reason in (Reason.ERROR, Reason.LOCK_LOST) else "skipped"
    ended = make_execution(status=status, reason=reason)
    assert reason.label in first(ended, Code.ENDED).detail
    cancelled = make_execution(status="cancelled", reason=reason)
    assert reason.label in first(cancelled, Code.ENDED).detail
    ask(make_execution(status="scheduled", reason=reason, due_at=later(minutes=1)))
