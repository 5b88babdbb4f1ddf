"""What is held waits; when the hold ends it runs, or is skipped by its misfire policy."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from audit.models import JobAudit
from core.clock import database_now
from core.errors import Conflict, InvalidInput
from executions.dispatcher import choose
from executions.holds import end_due_holds, end_hold, hold
from executions.models import ExecutionTransition, JobExecution, Origin
from executions.queues import queue_loads
from jobs.definitions import set_job_status
from jobs.holds import EVERYTHING, HoldTarget, change_hold, serialise_holds
from jobs.models import Hold, HoldScope, JobDefinition, JobSchedule, JobStatus, Queue
from jobs.ownership import change_ownership
from tests.factories import TESTER, make_execution, make_job, make_queue, make_schedule

pytestmark = pytest.mark.django_db

GRACE = timedelta(minutes=15)
SCOPES = HoldScope.values
REASON = "the warehouse moves"


@pytest.fixture
def now() -> datetime:
    return database_now()


@pytest.fixture
def job() -> JobDefinition:
    """A job of a queue and a team of its own."""
    job = make_job(queue=make_queue("lane"))
    change_ownership(actor=TESTER, job=job, fields={"team_name": "Logistics"})
    return job


def target_of(scope: str, job: JobDefinition) -> HoldTarget:
    match scope:
        case HoldScope.TEAM:
            return HoldTarget(scope, team_name="Logistics")
        case HoldScope.QUEUE:
            return HoldTarget(scope, queue=job.queue)
        case HoldScope.JOB:
            return HoldTarget(scope, job=job)
    return EVERYTHING


def hold_since(target: HoldTarget, since: datetime, **fields: Any) -> Hold:
    """Hold a target as if that had been done a while ago."""
    until = fields.pop("until", None)
    held = hold(actor=TESTER, target=target, reason=REASON)
    Hold.objects.filter(pk=held.pk).update(held_at=since, until=until)
    held.refresh_from_db()
    return held


def open_slots(schedule: JobSchedule, now: datetime, *ages: float) -> list[JobExecution]:
    """Open slots so many minutes ago."""
    moments = [now - timedelta(minutes=age) for age in ages]
    return [
        make_execution(
            schedule.job,
            schedule=schedule,
            origin=Origin.SCHEDULE,
            scheduled_for=at,
            due_at=at,
        )
        for at in moments
    ]


def end(held: Hold) -> None:
    end_hold(actor=TESTER, hold=held)


def end_by_itself(held: Hold) -> None:
    assert end_due_holds() == 1


def chosen() -> set[Any]:
    return {hint.id for hint in choose().hints}


def status_of(*executions: JobExecution) -> list[tuple[str, str | None]]:
    found = JobExecution.objects.in_bulk([execution.pk for execution in executions])
    return [(found[e.pk].status, found[e.pk].reason) for e in executions]


WAITS = ("scheduled", None)
SKIPPED = ("skipped", "held")


# --- What is held


@pytest.mark.parametrize("scope", SCOPES)
def test_under_a_hold_nothing_of_its_scope_is_handed_out(scope: str, job: JobDefinition) -> None:
    held, other = make_execution(job), make_execution()
    hold(actor=TESTER, target=target_of(scope, job), reason=REASON)

    assert chosen() == (set() if scope == HoldScope.EVERYTHING else {other.pk})

    end(Hold.objects.get())
    assert held.pk in chosen()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("attempt", "status"), [(0, "scheduled"), (1, "retrying")])
def test_what_no_worker_has_claimed_is_taken_back_at_once(
    scope: str, attempt: int, status: str, job: JobDefinition
) -> None:
    queued = make_execution(job, status="queued", queue="lane", attempt=attempt)
    running = make_execution(job, status="running", queue="lane")
    other = make_execution(status="queued")

    held = hold(actor=TESTER, target=target_of(scope, job), reason=REASON)

    is_all = scope == HoldScope.EVERYTHING
    assert [found for found, _ in status_of(queued, running, other)] == [
        *(status, "running", "scheduled" if is_all else "queued"),
    ]
    move = ExecutionTransition.objects.get(execution=queued)
    assert (move.reason, move.actor, move.fence) == ("on_hold", "tester", 2)
    assert move.data == {"queue": "lane", "hold": str(held.pk)}


def test_slots_that_are_held_are_counted_with_their_queue_which_lacks_no_worker(
    job: JobDefinition,
) -> None:
    make_execution(job)
    hold(actor=TESTER, target=HoldTarget(HoldScope.JOB, job=job), reason=REASON)

    load = next(load for load in queue_loads() if load.queue.name == "lane")
    assert (load.is_paused, load.ready, load.held, load.lacks_worker) == (False, 1, 1, False)


# --- What becomes of it


@pytest.mark.parametrize("ending", [end, end_by_itself])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("skip", [SKIPPED, SKIPPED, SKIPPED, WAITS]),
        ("run_latest", [SKIPPED, SKIPPED, WAITS, WAITS]),
        ("run_all", [WAITS, WAITS, WAITS, WAITS]),
    ],
)
def test_slots_that_passed_their_grace_while_held_follow_the_misfire_policy(
    ending: Callable[[Hold], None],
    scope: str,
    policy: str,
    expected: list[tuple[str, str | None]],
    job: JobDefinition,
    now: datetime,
) -> None:
    schedule = make_schedule(job, misfire_policy=policy)
    twin = make_schedule(job, misfire_policy=policy)
    until = now - timedelta(seconds=1) if ending is end_by_itself else None
    held = hold_since(target_of(scope, job), now - timedelta(hours=3), until=until)
    slots = open_slots(schedule, now, 120, 60, 30, 5)
    twins = open_slots(twin, now, 120, 60, 30, 5)

    ending(held)

    assert status_of(*slots) == expected
    assert status_of(*twins) == expected
    held.refresh_from_db()
    assert held.ended_by == ("platform" if ending is end_by_itself else "tester")
    moves = ExecutionTransition.objects.filter(to_status="skipped")
    assert moves.count() == 2 * expected.count(SKIPPED)
    assert {(m.reason, m.actor, m.data["hold"]) for m in moves} <= {
        ("held", held.ended_by, str(held.pk))
    }


def test_a_hold_that_ends_by_itself_ends_at_its_time(job: JobDefinition, now: datetime) -> None:
    """Beat came ten minutes late: what passed its grace since then was not made late by it."""
    schedule = make_schedule(job, misfire_policy="skip")
    until = now - timedelta(minutes=10)
    held = hold_since(EVERYTHING, now - timedelta(hours=1), until=until)
    before, after = open_slots(schedule, now, 26, 24)

    assert end_due_holds(now=now) == 1

    held.refresh_from_db()
    assert held.ended_at == until
    assert status_of(before, after) == [SKIPPED, WAITS]


def test_a_hold_whose_time_has_not_come_goes_on(job: JobDefinition, now: datetime) -> None:
    until = now + timedelta(minutes=1)
    held = hold(actor=TESTER, target=EVERYTHING, reason=REASON, until=until)
    assert end_due_holds(now=until - timedelta(seconds=1)) == 0
    assert end_due_holds(now=until) == 1
    held.refresh_from_db()
    assert held.ended_at == until


@pytest.mark.parametrize("origin", ["manual", "dependency", "join", "backfill"])
def test_what_no_schedule_opened_runs_however_late(
    origin: str, job: JobDefinition, now: datetime
) -> None:
    held = hold_since(EVERYTHING, now - timedelta(hours=3))
    execution = make_execution(job, origin=origin, due_at=now - timedelta(hours=2))
    end(held)
    assert status_of(execution) == [WAITS]


def test_what_has_begun_runs_however_late(job: JobDefinition, now: datetime) -> None:
    schedule = make_schedule(job, misfire_policy="skip")
    held = hold_since(EVERYTHING, now - timedelta(hours=3))
    retrying, handed_back = open_slots(schedule, now, 60, 50)
    JobExecution.objects.filter(pk=retrying.pk).update(status="retrying", attempt=1)
    JobExecution.objects.filter(pk=handed_back.pk).update(started_at=now - timedelta(hours=1))
    end(held)
    assert status_of(retrying, handed_back) == [("retrying", None), WAITS]


def test_what_was_late_before_it_was_held_runs(job: JobDefinition, now: datetime) -> None:
    """It waited for room then; the hold did not make it late."""
    schedule = make_schedule(job, misfire_policy="skip")
    held = hold_since(EVERYTHING, now - timedelta(minutes=30))
    late, on_time = open_slots(schedule, now, 60, 40)
    end(held)
    assert status_of(late, on_time) == [WAITS, SKIPPED]


def test_while_another_hold_covers_it_nothing_is_decided(job: JobDefinition, now: datetime) -> None:
    schedule = make_schedule(job, misfire_policy="skip")
    first = hold_since(EVERYTHING, now - timedelta(hours=3))
    second = hold_since(HoldTarget(HoldScope.JOB, job=job), now - timedelta(minutes=20))
    # Its grace was over before the second began, but not before the first.
    slots = open_slots(schedule, now, 60)

    end(first)
    assert status_of(*slots) == [WAITS]
    assert chosen() == set()

    end(second)
    assert status_of(*slots) == [SKIPPED]


def test_what_another_hold_kept_is_none_of_this_ones_business(
    job: JobDefinition, now: datetime
) -> None:
    schedule = make_schedule(misfire_policy="skip")
    elsewhere = hold_since(HoldTarget(HoldScope.JOB, job=job), now - timedelta(hours=3))
    slots = open_slots(schedule, now, 60)
    end(elsewhere)
    assert status_of(*slots) == [WAITS]


# --- Refusals


@pytest.mark.parametrize("scope", SCOPES)
def test_a_second_hold_of_one_target_is_told_who_holds_it(scope: str, job: JobDefinition) -> None:
    target = target_of(scope, job)
    hold(actor=TESTER, target=target, reason=REASON)
    with pytest.raises(Conflict, match=r"held already, by tester since .* UTC: the warehouse"):
        hold(actor=TESTER, target=target, reason="another")
    assert Hold.objects.count() == 1


def test_a_target_may_be_held_again_once_its_hold_is_over(job: JobDefinition) -> None:
    target = HoldTarget(HoldScope.JOB, job=job)
    end(hold(actor=TESTER, target=target, reason=REASON))
    hold(actor=TESTER, target=target, reason=REASON)
    assert Hold.objects.open().count() == 1


def test_what_is_over_can_neither_be_ended_nor_changed(job: JobDefinition) -> None:
    held = hold(actor=TESTER, target=EVERYTHING, reason=REASON)
    end(held)
    with pytest.raises(Conflict, match="everything is over: tester ended it at"):
        end(held)
    with pytest.raises(Conflict, match="is over"):
        change_hold(actor=TESTER, hold=held, fields={"reason": "x"})


@pytest.mark.parametrize(
    ("target", "field", "words"),
    [
        (HoldTarget("galaxy"), "scope", "give one of everything, team, queue, job"),
        (HoldTarget("team"), "team_name", "names here what it holds"),
        (HoldTarget("queue"), "queue", "names here what it holds"),
        (HoldTarget("job"), "job", "names here what it holds"),
        (HoldTarget("everything", team_name="X"), "team_name", "leave it out"),
        (HoldTarget("job", queue=Queue(name="x")), "queue", "leave it out"),
        (HoldTarget("team", team_name="Logistcs"), "team_name", "No job is of team 'Logistcs'"),
        (HoldTarget("team", team_name="a\0b"), "team_name", "NUL"),
    ],
)
def test_a_target_that_is_none_is_refused_by_field(
    target: HoldTarget, field: str, words: str, job: JobDefinition
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        hold(actor=TESTER, target=target, reason=REASON)
    assert words in {p.field: p.detail for p in refusal.value.problems}[field]


def test_an_archived_job_is_not_held(job: JobDefinition) -> None:
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)
    job.refresh_from_db()
    with pytest.raises(InvalidInput, match=r"job: .* is archived"):
        hold(actor=TESTER, target=HoldTarget("job", job=job), reason=REASON)


def test_a_hold_needs_a_reason_and_an_end_that_is_to_come(now: datetime) -> None:
    with pytest.raises(InvalidInput, match=r"reason: Say why .*; until: .* is over"):
        hold(actor=TESTER, target=EVERYTHING, reason=" ", until=now - timedelta(seconds=1))


# --- Records


def test_opening_changing_and_ending_are_recorded_with_what_is_held(
    job: JobDefinition, now: datetime
) -> None:
    held = hold(actor=TESTER, target=HoldTarget("job", job=job), reason=REASON)
    until = now + timedelta(hours=1)
    change_hold(actor=TESTER, hold=held, fields={"until": until})
    change_hold(actor=TESTER, hold=held, fields={"until": until})
    end(held)

    entries = JobAudit.objects.filter(object_id=str(job.pk), action__startswith="Hold")
    assert list(entries.order_by("id").values_list("action", "before", "after", "reason")) == [
        ("HoldOpened", None, {"reason": REASON, "until": None}, REASON),
        ("HoldChanged", {"until": None}, {"until": until.isoformat()}, None),
        ("HoldEnded", None, None, None),
    ]


def test_ending_wakes_beat_after_commit(django_capture_on_commit_callbacks: Any) -> None:
    held = hold(actor=TESTER, target=EVERYTHING, reason=REASON)
    with django_capture_on_commit_callbacks() as callbacks:
        end(held)
    assert callbacks


# --- Side by side


@pytest.mark.django_db(transaction=True)
def test_beat_waits_for_nobody_who_opens_or_ends_a_hold(now: datetime) -> None:
    hold_since(EVERYTHING, now - timedelta(hours=1), until=now - timedelta(seconds=1))
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [0x5C4ED003])
        assert end_due_holds() == 0
        other.rollback()
        assert end_due_holds() == 1
    finally:
        other.close()


def test_who_ends_a_hold_has_the_others_wait() -> None:
    with transaction.atomic():
        serialise_holds()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE objid = %s", [0x5C4ED003])
            assert cursor.fetchone() == (1,)
