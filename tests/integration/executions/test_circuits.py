"""The circuit breaker of a job: when it opens, what it keeps from running, and how it closes."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.models import JobAudit
from core.clock import database_now
from core.errors import Conflict, InvalidInput
from executions.circuits import Breaker, Circuits, breaker_of, close_breaker, open_breaker
from executions.dispatcher import choose
from executions.models import Circuit, JobExecution
from jobs.definitions import change_job, set_job_status
from jobs.models import Hold, JobDefinition, JobStatus
from tests.factories import TESTER, make_execution, make_job, make_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> JobDefinition:
    """A job that opens after two failures, made long enough ago for them to count."""
    job = make_job(breaker_failures=2, breaker_seconds=60)
    JobDefinition.objects.update(created_at=database_now() - timedelta(days=1))
    return JobDefinition.objects.get(pk=job.pk)


def end(job: JobDefinition, *statuses: str, at: datetime | None = None) -> None:
    """Let executions of the job end so, one after another, the last one second ago."""
    now = at or database_now()
    for number, status in enumerate(reversed(statuses), 1):
        ended = now - timedelta(seconds=number)
        make_execution(job, status=status, completed_at=ended, started_at=ended)


def tend(now: datetime | None = None) -> None:
    Circuits().tend(now=now)


def state(job: JobDefinition) -> str:
    return breaker_of(job).state


def chosen(now: datetime | None = None) -> set[JobExecution]:
    hints = choose(now=now).hints
    return set(JobExecution.objects.filter(pk__in=[hint.id for hint in hints]))


def slot(job: JobDefinition, *, origin: str = "schedule", **fields: Any) -> JobExecution:
    if origin in ("schedule", "backfill"):
        fields["schedule"] = make_schedule(job)
    return make_execution(job, origin=origin, **fields)


def outcome(execution: JobExecution) -> tuple[str, str | None]:
    execution.refresh_from_db()
    return execution.status, execution.reason


def set_ended(execution: JobExecution, status: str) -> None:
    now = database_now()
    JobExecution.objects.filter(pk=execution.pk).update(
        status=status, started_at=now, completed_at=now
    )


# --- Opening


@pytest.mark.parametrize(
    ("statuses", "is_open"),
    [
        (["failed"], False),
        (["failed", "failed"], True),
        (["failed", "timed_out"], True),
        (["succeeded", "failed", "failed"], True),
        (["failed", "succeeded", "failed"], False),
        (["failed", "failed", "succeeded"], False),
        (["failed", "skipped", "failed"], True),
        (["failed", "cancelled", "failed"], True),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
def test_it_opens_after_so_many_executions_failed_in_a_row(
    job: JobDefinition, statuses: list[str], is_open: bool
) -> None:
    end(job, *statuses)

    tend()

    assert state(job) == ("open" if is_open else "closed")


def test_what_ended_last_counts_however_late_it_was_opened(job: JobDefinition) -> None:
    now = database_now()
    long = make_execution(job, status="running")
    end(job, "failed", "failed", at=now - timedelta(minutes=1))
    set_ended(long, "succeeded")

    tend()

    assert state(job) == "closed"


def test_attempts_that_are_tried_again_are_no_failures(job: JobDefinition) -> None:
    end(job, "failed")
    make_execution(job, status="retrying", attempt=3)

    tend()

    assert state(job) == "closed"


def test_what_never_began_is_no_failure(job: JobDefinition) -> None:
    end(job, "failed", "failed")
    JobExecution.objects.update(started_at=None)

    tend()

    assert state(job) == "closed"


def test_a_job_without_a_breaker_has_none() -> None:
    job = make_job()
    end(job, *["failed"] * 20, at=database_now() + timedelta(hours=1))

    tend()

    assert state(job) == "closed"


def test_failures_from_before_the_last_change_count_no_more(job: JobDefinition) -> None:
    end(job, "failed", "failed")
    change_job(actor=TESTER, job=job, fields={"timeout_seconds": 77})

    tend()

    assert state(job) == "closed"


def test_it_says_why_it_is_open_and_since_when_and_keeps_that_in_the_audit_trail(
    job: JobDefinition,
) -> None:
    now = database_now()
    end(job, "failed", "failed")

    tend(now)

    reason, later = "Its last 2 executions failed.", now + timedelta(seconds=60)
    assert breaker_of(job) == Breaker("open", now, "platform", reason, later, None)
    entry = JobAudit.objects.get(action="BreakerOpened")
    assert (entry.object_id, entry.actor, entry.reason) == (str(job.pk), "platform", reason)


def test_later_looks_ask_only_for_what_has_failed_since(job: JobDefinition) -> None:
    circuits, now = Circuits(), database_now()
    circuits.tend()
    end(job, "failed", "failed", at=now - timedelta(minutes=10))
    circuits.tend()
    assert state(job) == "closed"
    end(job, "failed")

    circuits.tend()

    assert state(job) == "open"


# --- While it is open


@pytest.mark.parametrize("origin", ["schedule", "dependency", "join"])
def test_while_it_is_open_slots_are_skipped_and_say_so(job: JobDefinition, origin: str) -> None:
    end(job, "failed", "failed")
    due = slot(job, origin=origin)
    tend()

    assert not chosen()

    assert outcome(due) == ("skipped", "circuit")


def test_while_it_is_open_what_would_be_tried_again_is_skipped_too(job: JobDefinition) -> None:
    open_breaker(actor=TESTER, job=job, reason="flood")
    due = slot(job, status="retrying")

    choose()

    assert outcome(due) == ("skipped", "circuit")


def test_while_it_is_open_what_a_person_asked_for_runs_and_backfills_wait(
    job: JobDefinition,
) -> None:
    open_breaker(actor=TESTER, job=job, reason="flood")
    by_hand, backfill = slot(job, origin="manual"), slot(job, origin="backfill")
    later = slot(job, due_at=database_now() + timedelta(hours=1))

    assert chosen() == {by_hand}

    assert outcome(backfill) == outcome(later) == ("scheduled", None)
    close_breaker(actor=TESTER, job=job)
    assert chosen() == {backfill}


def test_other_jobs_go_on(job: JobDefinition) -> None:
    open_breaker(actor=TESTER, job=job, reason="flood")
    other = slot(make_job())

    assert chosen() == {other}


def test_a_hold_comes_before_the_breaker(job: JobDefinition) -> None:
    open_breaker(actor=TESTER, job=job, reason="flood")
    due = slot(job)
    Hold.objects.create(
        scope="job", job=job, reason="night", held_by="tester", held_at=database_now()
    )

    choose()

    assert outcome(due) == ("scheduled", None)


# --- The trial


def half_open(job: JobDefinition) -> datetime:
    """Return an instant at which the breaker of the job, opened by failures, is half open."""
    now = database_now()
    end(job, "failed", "failed")
    tend(now)
    later = now + timedelta(seconds=60)
    tend(later)
    assert state(job) == "half_open"
    return later


def test_it_stays_open_for_its_seconds(job: JobDefinition) -> None:
    now = database_now()
    end(job, "failed", "failed")
    tend(now)

    tend(now + timedelta(seconds=59.9))
    assert state(job) == "open"
    tend(now + timedelta(seconds=60))
    assert state(job) == "half_open"
    assert JobAudit.objects.filter(action="BreakerHalfOpened", object_id=str(job.pk)).count() == 1


@pytest.mark.parametrize("origin", ["schedule", "dependency", "join", "backfill", "manual"])
def test_half_open_one_goes_as_a_trial_and_the_next_slots_are_skipped(
    job: JobDefinition, origin: str
) -> None:
    half_open(job)
    first = slot(job, origin=origin, priority=9)
    others = [slot(job), slot(job)]

    assert chosen() == {first}
    assert breaker_of(job).trial_id == first.pk
    assert not chosen()
    assert [outcome(other) for other in others] == [("skipped", "circuit")] * 2


def test_the_first_that_finds_room_is_the_trial(job: JobDefinition) -> None:
    JobDefinition.objects.filter(pk=job.pk).update(max_concurrent_executions=1)
    running = make_execution(job, status="running")
    half_open(job)
    due = slot(job)

    assert not chosen()
    assert outcome(due) == ("scheduled", None)
    set_ended(running, "succeeded")
    assert chosen() == {due}


def test_a_trial_that_succeeds_closes_it(job: JobDefinition) -> None:
    half_open(job)
    trial = slot(job)
    choose()
    set_ended(trial, "succeeded")

    tend()

    assert breaker_of(job).is_closed
    assert str(trial.pk) in str(JobAudit.objects.get(action="BreakerClosed").reason)
    both = {slot(job), slot(job)}
    assert chosen() == both


def test_once_closed_failures_are_counted_anew(job: JobDefinition) -> None:
    half_open(job)
    trial = slot(job)
    choose()
    set_ended(trial, "succeeded")
    tend()

    end(job, "failed", at=database_now() + timedelta(seconds=5))
    tend()
    assert breaker_of(job).is_closed
    end(job, "failed", at=database_now() + timedelta(seconds=9))
    tend()
    assert state(job) == "open"


@pytest.mark.parametrize("ending", ["failed", "timed_out"])
def test_a_trial_that_fails_opens_it_again_for_as_long(job: JobDefinition, ending: str) -> None:
    half_open(job)
    trial = slot(job)
    choose()
    set_ended(trial, ending)
    now = database_now()

    tend(now)

    breaker = breaker_of(job)
    assert (breaker.state, breaker.since, breaker.trial_id) == ("open", now, None)
    assert breaker.half_open_at == now + timedelta(seconds=60)
    assert str(trial.pk) in str(breaker.reason)


def test_a_trial_may_be_tried_again_as_its_job_allows(job: JobDefinition) -> None:
    half_open(job)
    trial = slot(job)
    choose()
    JobExecution.objects.filter(pk=trial.pk).update(status="retrying", attempt=1)

    tend()
    assert state(job) == "half_open"
    assert chosen() == {trial}


@pytest.mark.parametrize("ending", ["cancelled", "skipped", "deleted"])
def test_a_trial_that_comes_to_nothing_leaves_its_place_to_the_next(
    job: JobDefinition, ending: str
) -> None:
    half_open(job)
    trial = slot(job)
    choose()
    if ending == "deleted":
        trial.delete()
    else:
        set_ended(trial, ending)

    tend()
    assert breaker_of(job).trial_id is None
    following = slot(job)
    assert chosen() == {following}


# --- By hand


def test_one_opened_by_hand_stays_open_until_somebody_closes_it(job: JobDefinition) -> None:
    breaker = open_breaker(actor=TESTER, job=job, reason="flood")

    tend(database_now() + timedelta(days=9))

    assert breaker_of(job) == breaker
    assert (breaker.by, breaker.reason, breaker.half_open_at) == ("tester", "flood", None)
    assert close_breaker(actor=TESTER, job=job, reason="dry again").is_closed
    entries = JobAudit.objects.filter(object_id=str(job.pk), actor="tester")
    assert list(entries.order_by("pk").values_list("action", "reason"))[-2:] == [
        ("BreakerOpened", "flood"),
        ("BreakerClosed", "dry again"),
    ]


def test_a_job_that_opens_by_no_failures_can_still_be_opened_by_hand() -> None:
    job = make_job()
    open_breaker(actor=TESTER, job=job, reason="flood")

    tend()

    assert state(job) == "open"


def test_opening_by_hand_one_that_is_half_open_leaves_no_trial(job: JobDefinition) -> None:
    half_open(job)
    trial = slot(job)
    choose()

    open_breaker(actor=TESTER, job=job, reason="flood")
    set_ended(trial, "succeeded")
    tend(database_now() + timedelta(days=1))

    assert state(job) == "open"


def test_closed_by_hand_it_counts_failures_anew(job: JobDefinition) -> None:
    end(job, "failed", "failed")
    tend()
    close_breaker(actor=TESTER, job=job)

    tend()

    assert state(job) == "closed"


def test_a_job_that_gives_its_breaker_up_is_closed_unless_opened_by_hand(
    job: JobDefinition,
) -> None:
    other = make_job()
    open_breaker(actor=TESTER, job=other, reason="flood")
    end(job, "failed", "failed")
    tend()
    change_job(actor=TESTER, job=job, fields={"breaker_failures": None})

    tend()

    assert (state(job), state(other)) == ("closed", "open")


def test_opening_takes_a_reason_and_closing_an_open_one(job: JobDefinition) -> None:
    with pytest.raises(InvalidInput, match="why"):
        open_breaker(actor=TESTER, job=job, reason=" ")
    with pytest.raises(Conflict, match="is closed"):
        close_breaker(actor=TESTER, job=job)
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)
    with pytest.raises(Conflict, match="archived"):
        open_breaker(actor=TESTER, job=job, reason="flood")
    assert not Circuit.objects.exists()


def test_a_slot_that_meets_the_end_of_its_seconds_waits_to_be_the_trial(
    job: JobDefinition,
) -> None:
    now = database_now()
    end(job, "failed", "failed")
    tend(now)
    over, due = now + timedelta(seconds=60), slot(job)

    assert not chosen(over)  # another beat is just about to half-open it
    assert outcome(due) == ("scheduled", None)
    tend(over)
    assert chosen(over) == {due}
