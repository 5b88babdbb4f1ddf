from itertools import product

import pytest

from executions.states import ACTIVE, ALLOWED_MOVES, FINAL, READY, UNFINISHED, Reason
from executions.states import ExecutionStatus as S

# Written out a second time, so that a change of the table has to be meant.
MOVES = {
    ("waiting", "scheduled"),
    ("waiting", "cancelled"),
    ("waiting", "skipped"),
    ("waiting", "failed"),
    ("scheduled", "queued"),
    ("scheduled", "cancelled"),
    ("scheduled", "skipped"),
    ("retrying", "queued"),
    ("retrying", "cancelled"),
    ("retrying", "skipped"),
    ("queued", "running"),
    ("queued", "cancelled"),
    ("queued", "scheduled"),
    ("queued", "retrying"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "timed_out"),
    ("running", "cancelled"),
    ("running", "skipped"),
    ("running", "retrying"),
    ("running", "scheduled"),
}


@pytest.mark.parametrize(("before", "after"), list(product(S, S)))
def test_each_pair_of_states_is_allowed_or_not(before: S, after: S) -> None:
    assert (after in ALLOWED_MOVES[before]) is ((before, after) in MOVES)


def test_every_status_has_its_moves() -> None:
    assert set(ALLOWED_MOVES) == set(S)


def test_final_are_those_that_nothing_follows() -> None:
    assert set(FINAL) == {S.SUCCEEDED, S.FAILED, S.TIMED_OUT, S.CANCELLED, S.SKIPPED}
    assert all(not ALLOWED_MOVES[status] for status in FINAL)


def test_each_status_is_waiting_ready_active_or_final_and_only_one_of_them() -> None:
    assert sorted([S.WAITING, *READY, *ACTIVE, *FINAL]) == sorted(S)


def test_unfinished_are_all_but_the_final() -> None:
    assert set(UNFINISHED) == {S.WAITING, *READY, *ACTIVE} == set(S) - set(FINAL)


def test_only_what_is_ready_goes_to_the_broker() -> None:
    assert {status for status in S if S.QUEUED in ALLOWED_MOVES[status]} == set(READY)


@pytest.mark.parametrize("status", UNFINISHED)
def test_everything_unfinished_can_be_cancelled_and_reaches_an_end(status: S) -> None:
    reached, fresh = set(), {status}
    while fresh:
        reached |= fresh
        fresh = {after for before in fresh for after in ALLOWED_MOVES[before]} - reached

    assert S.CANCELLED in ALLOWED_MOVES[status]
    assert set(FINAL) <= reached


def test_every_reason_is_explained() -> None:
    assert all(reason.label and reason.label != reason.value for reason in Reason)


def test_values_fit_their_columns() -> None:
    assert max(len(status) for status in S) <= 16
    assert max(len(reason) for reason in Reason) <= 32
