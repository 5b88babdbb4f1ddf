"""Whatever meets at one execution: one wins, and the row says who."""

from datetime import timedelta
from itertools import pairwise

import pytest

from core.clock import database_now
from core.errors import Conflict
from executions.claim import LeaseLost, claim, disarm_kernel_timer, renew
from executions.dispatcher import choose
from executions.models import ExecutionTransition, JobExecution
from executions.outcomes import Failed, Succeeded
from executions.rescuer import rescue
from executions.retry import RetryPolicy
from executions.services import cancel
from executions.settlement import decide, settle
from executions.states import ALLOWED_MOVES, FINAL
from executions.sweeper import sweep
from tests.concurrency.racing import race
from tests.factories import TESTER, make_execution, make_job

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_kernel_timer():
    """Call off the timer that guards worker children: here it would end the tests."""
    yield
    disarm_kernel_timer()


def try_claim(execution, worker):
    return claim(execution_id=execution.pk, fence=execution.fence, worker=worker, pid=1)


def try_cancel(execution):
    try:
        return cancel(actor=TESTER, execution=execution).status
    except Conflict:
        return None


def finish(mine, outcome):
    decision = decide(outcome, attempt=mine.attempt, policy=RetryPolicy.of(mine.snapshot))
    return settle(execution_id=mine.execution_id, fence=mine.fence, decision=decision, lines=[])


def assert_history_is_a_path(execution):
    """Each move begins where the last one ended, is allowed, and at most one is final."""
    moves = list(
        ExecutionTransition.objects.filter(execution=execution)
        .order_by("id")
        .values_list("from_status", "to_status")
    )
    for (_, reached), (begun, to) in pairwise(moves):
        assert begun == reached
        assert to in ALLOWED_MOVES[begun]
    assert sum(to in FINAL for _, to in moves) <= 1
    execution.refresh_from_db()
    assert moves[-1][1] == execution.status


def test_of_ten_claims_with_one_hint_one_wins():
    execution = make_execution(status="queued")

    claims = race(*[lambda n=n: try_claim(execution, f"worker{n}") for n in range(10)])

    winners = [number for number, mine in enumerate(claims) if mine is not None]
    assert len(winners) == 1
    execution.refresh_from_db()
    assert (execution.worker, execution.attempt) == (f"worker{winners[0]}", 1)


def test_a_cancel_that_races_a_dispatch_ends_the_execution():
    for _ in range(10):
        execution = make_execution()
        race(choose, lambda execution=execution: try_cancel(execution), choose)
        assert_history_is_a_path(execution)
        assert execution.status == "cancelled"
        assert try_claim(execution, "late") is None


def test_a_cancel_that_races_a_claim_is_either_done_or_asked_for():
    for _ in range(10):
        execution = make_execution(status="queued")
        mine, _ = race(
            lambda execution=execution: try_claim(execution, "worker"),
            lambda execution=execution: try_cancel(execution),
        )
        execution.refresh_from_db()
        if mine is None:
            assert execution.status == "cancelled"
        else:
            assert (execution.status, execution.cancel_requested_by) == ("running", "tester")
            assert finish(mine, Failed("E", "stopped")) == "cancelled"
        assert_history_is_a_path(execution)


def test_a_cancel_that_races_a_settlement_leaves_one_end():
    for _ in range(10):
        execution = make_execution(make_job(max_retries=3), status="queued")
        mine = try_claim(execution, "worker")
        race(
            lambda mine=mine: finish(mine, Failed("E", "again")),
            lambda execution=execution: try_cancel(execution),
        )
        assert_history_is_a_path(execution)
        assert execution.status == "cancelled"


def test_of_two_settlements_one_counts():
    execution = make_execution(status="queued")
    mine = try_claim(execution, "worker")

    results = race(lambda: finish(mine, Succeeded()), lambda: finish(mine, Failed("E", "no")))

    assert sorted(results, key=str)[0] is None or results.count(None) == 1
    assert_history_is_a_path(execution)


def test_a_renewal_that_races_the_rescuer_keeps_or_loses_the_lease_but_not_both():
    for _ in range(10):
        execution = make_execution(status="queued")
        mine = try_claim(execution, "worker")
        past = database_now() - timedelta(seconds=1)
        JobExecution.objects.filter(pk=execution.pk).update(lease_until=past)

        def try_renew(mine=mine):
            try:
                renew(mine)
            except LeaseLost:
                return False
            return True

        is_renewed, rescued = race(try_renew, rescue)
        execution.refresh_from_db()
        assert is_renewed is not bool(rescued)
        assert (execution.status == "running") is is_renewed


def test_two_rescuers_rescue_each_execution_once():
    past = database_now() - timedelta(seconds=1)
    executions = [make_execution(status="running", lease_until=past) for _ in range(10)]

    assert sum(race(rescue, rescue, rescue)) == 10
    for execution in executions:
        execution.refresh_from_db()
        assert (execution.status, execution.fence) == ("failed", 2)


def test_two_sweepers_send_each_overdue_message_once(monkeypatch):
    past = database_now() - timedelta(seconds=1)
    for _ in range(10):
        make_execution(status="queued", publish_again_at=past)
    sent = []
    monkeypatch.setattr("executions.sweeper.publish", sent.extend)

    race(*[lambda: sweep(count=lambda _queue: 0) for _ in range(3)])

    assert len(sent) == len({hint.id for hint in sent}) == 10
