"""Backfills started, let go and cancelled by several at once, while the planner opens slots."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest

from core.clock import database_now
from core.errors import Conflict
from executions.backfills import (
    BackfillRequest,
    cancel_backfill,
    preview_backfill,
    release_backfills,
    start_backfill,
)
from executions.models import ExecutionTransition, JobExecution
from executions.planner import plan
from jobs.models import JobSchedule
from tests.concurrency.racing import race
from tests.factories import TESTER, make_schedule
from tests.integration.executions.backfills import executions, hour, make_hourly, request

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def slots_of(schedule: JobSchedule) -> Counter[object]:
    rows = JobExecution.objects.filter(schedule=schedule)
    return Counter(rows.values_list("scheduled_for", flat=True))


def test_two_backfills_of_one_range_at_once_open_each_slot_once() -> None:
    schedule = make_hourly()

    def start() -> int:
        try:
            backfill = start_backfill(actor=TESTER, job=schedule.job, request=request(hours=48))
        except Conflict:
            return 0
        return int(executions(backfill).count())

    opened = race(*[start] * 4)

    assert sorted(opened) == [0, 0, 0, 48]
    assert slots_of(schedule) == {hour(number): 1 for number in range(48)}


def test_ranges_that_overlap_open_each_slot_once() -> None:
    schedule = make_hourly()

    def start(begin: int) -> None:
        asked = request(from_at=hour(begin), until_at=hour(begin + 12))
        with suppress(Conflict):  # the others may have taken all of it
            start_backfill(actor=TESTER, job=schedule.job, request=asked)

    race(*[lambda begin=begin: start(begin) for begin in (0, 4, 8, 12)])

    assert slots_of(schedule) == {hour(number): 1 for number in range(24)}


def test_a_backfill_and_planners_that_catch_up_open_each_slot_once() -> None:
    for _ in range(5):
        now = database_now().replace(microsecond=0)
        first = now - timedelta(seconds=200)
        schedule = make_schedule(
            interval_seconds=10, misfire_policy="run_all", next_fire_at=first, overlap="queue_all"
        )
        asked = BackfillRequest(from_at=first - timedelta(seconds=100), until_at=now)

        def start(schedule: JobSchedule = schedule, asked: BackfillRequest = asked) -> None:
            start_backfill(actor=TESTER, job=schedule.job, request=asked)

        # An interval has no slot before its anchor: let it begin earlier.
        JobSchedule.objects.filter(pk=schedule.pk).update(anchor_at=first - timedelta(seconds=100))
        race(plan, start, plan)
        plan()

        counts = slots_of(schedule)
        assert set(counts.values()) == {1}
        assert counts.total() >= 30


def test_beats_that_let_go_at_once_keep_to_the_limit_and_to_the_order() -> None:
    schedule = make_hourly()
    asked = request(hours=48, max_concurrent_executions=5)
    backfill = start_backfill(actor=TESTER, job=schedule.job, request=asked)

    for done in range(0, 20, 5):
        released = race(*[release_backfills] * 4)
        assert sum(released) == 5
        going = executions(backfill).filter(status="scheduled")
        assert [row.scheduled_for for row in going] == [hour(done + n) for n in range(5)]
        going.update(status="succeeded", completed_at=database_now())

    moves = ExecutionTransition.objects.filter(from_status="waiting")
    assert Counter(moves.values_list("execution", flat=True)).most_common(1)[0][1] == 1


def test_nothing_is_let_go_of_a_backfill_once_it_is_cancelled() -> None:
    for _ in range(5):
        schedule = make_hourly()
        asked = request(hours=24, max_concurrent_executions=3)
        backfill = start_backfill(actor=TESTER, job=schedule.job, request=asked)

        def cancel(backfill: object = backfill) -> None:
            cancel_backfill(actor=TESTER, backfill=backfill)  # type: ignore[arg-type]

        race(release_backfills, cancel, release_backfills)
        release_backfills()

        assert set(executions(backfill).values_list("status", flat=True)) == {"cancelled"}
        found = preview_backfill(job=schedule.job, request=asked)
        assert len(found.opened) == 24
