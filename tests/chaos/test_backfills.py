"""A backfill goes on, in order and within its limit, whoever dies meanwhile."""

import signal

import psutil
import pytest

from executions.backfills import progress_of, start_backfill
from executions.models import Backfill, ExecutionTransition, JobExecution
from executions.states import FINAL
from tests.chaos.stage import RETRIED
from tests.factories import TESTER, make_job
from tests.integration.executions.backfills import executions, hour, make_hourly, request
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

LIMIT = 3


def count_over(backfill: Backfill) -> int:
    return progress_of([backfill])[backfill.pk].finished


def most_at_once(backfill: Backfill) -> int:
    """How many of it were let go and not over, at most."""
    moves = ExecutionTransition.objects.filter(execution__in=executions(backfill)).order_by("id")
    going, most = set(), 0
    for execution, before, after in moves.values_list("execution", "from_status", "to_status"):
        if before == "waiting":
            going.add(execution)
        elif after in FINAL:
            going.discard(execution)
        most = max(most, len(going))
    return most


def test_each_slot_runs_once_within_the_limit_though_beats_and_a_child_are_killed(
    platform: Platform,
) -> None:
    worker, beat = platform.start(concurrency=3)
    platform.start_beat()
    schedule = make_hourly(make_job(execution_type_name="tests.sleep", **RETRIED))
    asked = request(hours=12, max_concurrent_executions=LIMIT, parameters={"seconds": 0.3})
    backfill = start_backfill(actor=TESTER, job=schedule.job, request=asked)

    until(lambda: count_over(backfill) >= 2, within=60, what="two slots are over")
    beat.send(signal.SIGKILL)
    running = executions(backfill).filter(status="running")
    victim = until(lambda: running.first(), within=60, what="a slot runs")
    psutil.Process(victim.worker_pid).kill()

    until(lambda: count_over(backfill) == 12, within=120, what="all slots are over")
    assert set(executions(backfill).values_list("status", flat=True)) == {"succeeded"}
    slots = JobExecution.objects.filter(backfill=backfill).order_by("started_at", "pk")
    assert sorted(slots.values_list("scheduled_for", flat=True)) == [hour(n) for n in range(12)]
    assert most_at_once(backfill) <= LIMIT
    first = ExecutionTransition.objects.filter(from_status="waiting").order_by("id")
    assert list(first.values_list("execution", flat=True)) == list(
        executions(backfill).values_list("pk", flat=True)
    )
    assert worker.is_running()
