"""Holds begin and end side by side, while dispatchers hand out and workers claim."""

from contextlib import suppress
from datetime import timedelta

import pytest

from core.clock import database_now
from core.errors import Conflict
from executions.claim import claim, disarm_kernel_timer
from executions.dispatcher import choose
from executions.holds import end_due_holds, end_hold, hold
from executions.models import ExecutionTransition, JobExecution, Origin
from executions.sweeper import sweep
from jobs.holds import EVERYTHING, HoldTarget
from jobs.models import Hold
from tests.concurrency.racing import race
from tests.factories import TESTER, make_execution, make_job, make_schedule

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_kernel_timer():
    """Call off the timer that guards worker children: here it would end the tests."""
    yield
    disarm_kernel_timer()


def hold_all():
    return hold(actor=TESTER, target=EVERYTHING, reason="upgrade")


def try_to_hold(target):
    with suppress(Conflict):
        return hold(actor=TESTER, target=target, reason="upgrade")
    return None


def open_late_slot(schedule, now, minutes):
    at = now - timedelta(minutes=minutes)
    return make_execution(
        schedule.job, schedule=schedule, origin=Origin.SCHEDULE, scheduled_for=at, due_at=at
    )


def test_of_many_who_hold_one_target_at_once_one_does():
    job = make_job()
    for target in (EVERYTHING, HoldTarget("job", job=job)):
        made = race(*[lambda target=target: try_to_hold(target)] * 5)
        assert len([held for held in made if held]) == 1
    assert Hold.objects.open().count() == 2


def test_of_two_holds_that_end_at_once_the_last_one_decides():
    schedule = make_schedule(misfire_policy="skip")
    now = database_now()
    for minute in range(10):
        of_job = HoldTarget("job", job=schedule.job)
        holds = [hold_all(), hold(actor=TESTER, target=of_job, reason="x")]
        Hold.objects.open().update(held_at=now - timedelta(hours=2))
        late = open_late_slot(schedule, now, 30 + minute)

        race(*[lambda one=one: end_hold(actor=TESTER, hold=one) for one in holds])

        late.refresh_from_db()
        assert (late.status, late.reason) == ("skipped", "held")


def test_of_beats_that_end_a_hold_at_once_each_ends_it_once():
    schedule = make_schedule(misfire_policy="run_latest")
    now = database_now()
    held = hold_all()
    Hold.objects.update(held_at=now - timedelta(hours=2), until=now - timedelta(seconds=1))
    slots = [open_late_slot(schedule, now, minutes) for minutes in range(90, 30, -1)]

    ended = race(*[end_due_holds] * 4)

    assert sum(ended) == 1
    held.refresh_from_db()
    assert held.ended_by == "platform"
    statuses = dict(JobExecution.objects.values_list("pk", "status"))
    assert [statuses[slot.pk] for slot in slots] == ["skipped"] * 59 + ["scheduled"]
    assert ExecutionTransition.objects.filter(reason="held").count() == 59


def test_after_a_hold_and_one_sweep_nothing_is_out_however_dispatch_and_claims_raced_it():
    job = make_job(max_concurrent_executions=1_000)
    for _ in range(8):
        waiting = [make_execution(job) for _ in range(10)]
        out = [make_execution(job, status="queued") for _ in range(6)]

        def try_claim(execution):
            return claim(execution_id=execution.pk, fence=execution.fence, worker="w", pid=1)

        held, _, _, *claims = race(
            hold_all, choose, choose, *[lambda e=e: try_claim(e) for e in out]
        )
        sweep(count=lambda queue: 1_000_000)

        ours = JobExecution.objects.filter(pk__in=[e.pk for e in (*waiting, *out)])
        assert not ours.filter(status="queued").exists()
        running = set(ours.filter(status="running").values_list("pk", flat=True))
        assert running == {e.pk for e, mine in zip(out, claims, strict=True) if mine}
        assert choose().hints == []
        end_hold(actor=TESTER, hold=held)
        ours.delete()
