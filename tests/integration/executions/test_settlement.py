"""The end of an attempt as it is written: once, whole, and only by the one who holds the fence."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions import outcomes
from executions.capture import LogLine
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog
from executions.outcomes import Outcome
from executions.retry import RetryPolicy
from executions.settlement import decide, settle
from jobs.definitions import change_job
from jobs.models import Queue
from tests.factories import TESTER, make_execution, make_job, make_schedule

pytestmark = pytest.mark.django_db

RETRIES = RetryPolicy(strategy="linear", max_retries=1, base_delay=30, max_delay=60)
LAST = RetryPolicy(strategy="none", max_retries=0, base_delay=30, max_delay=60)


def end(execution: JobExecution, outcome: Outcome, *, policy: RetryPolicy = LAST, **kw: Any) -> Any:
    decision = decide(outcome, attempt=execution.attempt, policy=policy)
    return settle(
        **{
            "execution_id": execution.id,
            "fence": execution.fence,
            "decision": decision,
            "lines": [],
            **kw,
        }
    )


def everything(execution: JobExecution) -> dict[str, Any]:
    return JobExecution.objects.values().get(pk=execution.pk)


ENDINGS = [
    (outcomes.Succeeded('{"rows":1}'), LAST, "succeeded", None),
    (outcomes.Failed("ValueError", "bad", "trace"), LAST, "failed", "error"),
    (outcomes.Failed("ValueError", "bad", "trace", True), RETRIES, "failed", "permanent"),
    (outcomes.TimedOut(5), LAST, "timed_out", "timeout"),
    (outcomes.Cancelled(), RETRIES, "cancelled", "cancelled"),
    (outcomes.Skipped("nothing new"), RETRIES, "skipped", "handler"),
    (outcomes.WorkerLost("w"), LAST, "failed", "worker_lost"),
    (outcomes.RetryAsked("busy"), LAST, "failed", "retry_later"),
]


@pytest.mark.parametrize(("outcome", "policy", "status", "reason"), ENDINGS)
def test_a_final_status_is_written_with_its_time(
    outcome: Outcome, policy: RetryPolicy, status: str, reason: str | None
) -> None:
    now = database_now()
    execution = make_execution(status="running")

    assert end(execution, outcome, policy=policy) == status

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == (status, reason)
    assert (execution.completed_at, execution.lease_until) == (now, None)
    assert (execution.fence, execution.attempt) == (1, 1)
    assert execution.is_final
    assert execution.duration_seconds is not None


@pytest.mark.parametrize(("outcome", "policy", "status", "reason"), ENDINGS)
def test_every_end_leaves_one_transition_that_knows_why(
    outcome: Outcome, policy: RetryPolicy, status: str, reason: str | None
) -> None:
    execution = make_execution(status="running")

    end(execution, outcome, policy=policy, actor="somebody")

    transition = ExecutionTransition.objects.get()
    assert (transition.from_status, transition.to_status) == ("running", status)
    assert (transition.reason, transition.actor) == (reason, "somebody")
    assert (transition.attempt, transition.fence) == (1, 1)
    assert transition.data["duration_seconds"] >= 8
    assert transition.data.get("error_type") == decide(outcome, attempt=1, policy=LAST).error_type
    assert "due_at" not in transition.data


def test_success_keeps_its_output_and_forgets_earlier_errors() -> None:
    execution = make_execution(
        status="running", attempt=2, error_type="ValueError", error_message="bad", stack_trace="t"
    )

    end(execution, outcomes.Succeeded('{"rows":1}'))

    execution.refresh_from_db()
    assert execution.output == {"rows": 1}
    errors = (execution.error_type, execution.error_message, execution.stack_trace)
    assert errors == (None, None, None)


def test_a_failure_keeps_type_message_and_trace_and_its_transition_an_excerpt() -> None:
    execution = make_execution(status="running")

    end(execution, outcomes.Failed("ValueError", "b" * 700, "trace"))

    execution.refresh_from_db()
    errors = (execution.error_type, execution.error_message, execution.stack_trace)
    assert errors == ("ValueError", "b" * 700, "trace")
    assert ExecutionTransition.objects.get().data["error"] == "b" * 500


def test_text_that_postgresql_refuses_is_cleaned() -> None:
    execution = make_execution(status="running")

    end(
        execution,
        outcomes.Failed("E", "a\x00b\ud800", "t\x00"),
        progress=(0.5, "p\x00" + "x" * 600),
    )

    execution.refresh_from_db()
    assert (execution.error_message, execution.stack_trace) == ("a\ufffdb?", "t\ufffd")
    assert str(execution.progress_message).startswith("p\ufffdxxx")
    assert len(str(execution.progress_message)) < 550


def test_a_retry_is_the_same_row_due_after_its_delay() -> None:
    now = database_now()
    execution = make_execution(status="running")

    assert end(execution, outcomes.Failed("E", "bad"), policy=RETRIES) == "retrying"

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("retrying", "error")
    assert execution.due_at == now + timedelta(seconds=30)
    assert (execution.completed_at, execution.lease_until) == (None, None)
    assert (execution.fence, execution.attempt) == (1, 1)
    assert execution.error_message == "bad"
    transition = ExecutionTransition.objects.get()
    assert datetime.fromisoformat(transition.data["due_at"]) == execution.due_at


def test_a_retry_keeps_slot_input_and_version_although_the_job_has_changed() -> None:
    job = make_job(timeout_seconds=90)
    execution = make_execution(job, status="running", input={"a": 1})
    change_job(actor=TESTER, job=job, fields={"timeout_seconds": 5})
    before = everything(execution)

    end(execution, outcomes.Failed("E", "bad"), policy=RETRIES)

    after = everything(execution)
    kept = ("id", "version_id", "input", "scheduled_for", "priority", "correlation_id", "job_id")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert JobExecution.objects.count() == 1


def test_a_hand_back_does_not_count_the_attempt_and_moves_the_fence() -> None:
    now = database_now()
    execution = make_execution(status="running", attempt=2)

    assert end(execution, outcomes.HandedBack(), policy=RETRIES) == "scheduled"

    execution.refresh_from_db()
    assert (execution.status, execution.reason) == ("scheduled", "drain")
    assert (execution.attempt, execution.fence) == (1, 2)
    assert (execution.due_at, execution.completed_at) == (now, None)
    transition = ExecutionTransition.objects.get()
    assert (transition.to_status, transition.attempt, transition.fence) == ("scheduled", 2, 2)


# --- Cancel requests


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (outcomes.Succeeded("1"), "succeeded"),
        (outcomes.Failed("E", "bad"), "cancelled"),
        (outcomes.Failed("E", "bad", is_permanent=True), "cancelled"),
        (outcomes.RetryAsked("busy"), "cancelled"),
        (outcomes.Skipped("nothing"), "cancelled"),
        (outcomes.TimedOut(5), "cancelled"),
        (outcomes.HandedBack(), "cancelled"),
        (outcomes.WorkerLost("w"), "cancelled"),
        (outcomes.Cancelled(), "cancelled"),
    ],
)
def test_a_cancel_request_ends_all_but_a_success(outcome: Outcome, status: str) -> None:
    now = database_now()
    execution = make_execution(status="running", cancel_requested_at=now)

    assert end(execution, outcome, policy=RETRIES) == status

    execution.refresh_from_db()
    assert (execution.status, execution.completed_at) == (status, now)
    assert execution.reason == (None if status == "succeeded" else "cancelled")
    assert execution.attempt == 1
    assert ExecutionTransition.objects.get().to_status == status


# --- Fence


@pytest.mark.parametrize("fence", [0, 2])
def test_another_fence_settles_nothing(fence: int) -> None:
    execution = make_execution(status="running")
    before = everything(execution)
    line = LogLine(1, datetime.now(UTC), "INFO", "log", "late")

    assert end(execution, outcomes.Succeeded("1"), fence=fence, lines=[line]) is None

    assert everything(execution) == before
    assert not ExecutionTransition.objects.exists()
    assert not JobExecutionLog.objects.exists()


@pytest.mark.parametrize(
    "status",
    ["scheduled", "queued", "retrying", "succeeded", "failed", "timed_out", "cancelled", "skipped"],
)
def test_what_does_not_run_cannot_be_settled(status: str) -> None:
    execution = make_execution(status=status)
    before = everything(execution)

    assert end(execution, outcomes.Failed("E", "bad")) is None
    assert everything(execution) == before


@pytest.mark.parametrize("policy", [LAST, RETRIES], ids=["final", "retry"])
def test_settling_twice_changes_nothing_the_second_time(policy: RetryPolicy) -> None:
    execution = make_execution(status="running")
    line = LogLine(1, datetime.now(UTC), "INFO", "log", "once")
    end(execution, outcomes.Failed("E", "bad"), policy=policy, lines=[line])
    before = everything(execution)

    assert end(execution, outcomes.Succeeded("1"), policy=policy, lines=[line]) is None

    assert everything(execution) == before
    assert ExecutionTransition.objects.count() == JobExecutionLog.objects.count() == 1


# --- Log and progress


def test_the_last_lines_come_with_the_end_in_one_statement(django_assert_num_queries) -> None:
    execution = make_execution(status="running", attempt=2)
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    lines = [
        LogLine(1, at, "INFO", "log", "one"),
        LogLine(2, at + timedelta(seconds=1), "ERROR", "stderr", "two"),
    ]

    with django_assert_num_queries(0):  # none but the statement itself
        end(execution, outcomes.Succeeded(), lines=lines)

    assert list(
        JobExecutionLog.objects.order_by("id").values_list(
            "execution_id", "attempt", "sequence", "at", "level", "stream", "message"
        )
    ) == [
        (execution.id, 2, 1, at, "INFO", "log", "one"),
        (execution.id, 2, 2, at + timedelta(seconds=1), "ERROR", "stderr", "two"),
    ]


def test_progress_is_kept_and_an_attempt_that_gave_none_leaves_what_is_there() -> None:
    execution = make_execution(status="running", progress_fraction=0.5, progress_message="half")

    end(execution, outcomes.Failed("E", "bad"), policy=RETRIES)
    execution.refresh_from_db()
    assert (execution.progress_fraction, execution.progress_message) == (0.5, "half")

    other = make_execution(status="running")
    end(other, outcomes.Succeeded(), progress=(1.0, "done"))
    other.refresh_from_db()
    assert (other.progress_fraction, other.progress_message) == (1.0, "done")


# --- Waking beat

Wakes = Callable[..., bool]


@pytest.fixture
def wakes(django_capture_on_commit_callbacks: Any) -> Wakes:
    """Return a function that settles an execution and says whether beat is woken after commit."""

    def wakes(execution: JobExecution, outcome: Outcome | None = None, **kw: Any) -> bool:
        with django_capture_on_commit_callbacks() as callbacks:
            assert end(execution, outcome or outcomes.Succeeded(), **kw) is not None
        return bool(callbacks)

    return wakes


def test_beat_sleeps_on_when_nothing_waits(wakes: Wakes) -> None:
    assert not wakes(make_execution(make_job(max_concurrent_executions=1), status="running"))


def test_beat_wakes_for_what_waited_for_the_jobs_limit(wakes: Wakes) -> None:
    job = make_job(max_concurrent_executions=2)
    make_execution(job, status="queued")
    make_execution(job, status="scheduled")

    assert wakes(make_execution(job, status="running"))


def test_beat_sleeps_on_below_the_jobs_limit(wakes: Wakes) -> None:
    job = make_job(max_concurrent_executions=2)
    make_execution(job, status="scheduled")

    assert not wakes(make_execution(job, status="running"))


def test_beat_sleeps_on_when_what_waits_is_not_yet_due(wakes: Wakes) -> None:
    job = make_job(max_concurrent_executions=1)
    make_execution(job, due_at=database_now() + timedelta(seconds=5))

    assert not wakes(make_execution(job, status="running"))


def test_beat_wakes_when_a_full_queue_gets_room(wakes: Wakes) -> None:
    queue = Queue.objects.create(name="small", max_concurrent_executions=1)

    assert wakes(make_execution(make_job(queue=queue), status="running", queue="small"))


def test_a_job_at_its_own_limit_wakes_beat_for_its_queues_neighbours(wakes: Wakes) -> None:
    queue = Queue.objects.create(name="small", max_concurrent_executions=1)
    job = make_job(queue=queue, max_concurrent_executions=1)
    make_execution(make_job(queue=queue))

    assert wakes(make_execution(job, status="running", queue="small"))


def test_beat_sleeps_on_when_the_queue_had_room_already(wakes: Wakes) -> None:
    queue = Queue.objects.create(name="small", max_concurrent_executions=2)

    assert not wakes(make_execution(make_job(queue=queue), status="running", queue="small"))


def test_beat_wakes_for_the_next_slot_of_the_schedule(wakes: Wakes) -> None:
    schedule = make_schedule()
    slots = {"schedule": schedule, "origin": "schedule"}
    make_execution(schedule.job, **slots)

    before = database_now() - timedelta(minutes=1)
    assert wakes(make_execution(schedule.job, status="running", scheduled_for=before, **slots))


def test_beat_wakes_for_what_waits_of_the_same_key(wakes: Wakes) -> None:
    job = make_job(concurrency_key="{customer}")
    make_execution(job, concurrency_key="a")

    assert wakes(make_execution(job, status="running", concurrency_key="a"))
    assert not wakes(make_execution(job, status="running", concurrency_key="b"))


def test_beat_sleeps_on_for_another_schedules_slot(wakes: Wakes) -> None:
    schedule = make_schedule()
    make_execution(schedule.job, schedule=make_schedule(schedule.job))

    assert not wakes(make_execution(schedule.job, status="running", schedule=schedule))


@pytest.mark.parametrize(("delay", "expected"), [(0.0, True), (0.9, True), (1.0, False)])
def test_beat_wakes_for_a_retry_that_is_due_sooner_than_it_would_look(
    wakes: Wakes, delay: float, expected: bool
) -> None:
    outcome = outcomes.RetryAsked("busy", delay)

    assert wakes(make_execution(status="running"), outcome, policy=RETRIES) is expected


def test_beat_wakes_for_what_was_handed_back(wakes: Wakes) -> None:
    assert wakes(make_execution(status="running"), outcomes.HandedBack())


def test_beat_sleeps_on_when_nothing_was_settled(django_capture_on_commit_callbacks: Any) -> None:
    job = make_job(max_concurrent_executions=1)
    make_execution(job)
    execution = make_execution(job, status="running")

    with django_capture_on_commit_callbacks() as callbacks:
        assert end(execution, outcomes.Succeeded(), fence=99) is None
    assert callbacks == []
