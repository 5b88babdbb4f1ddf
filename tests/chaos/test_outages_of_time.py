"""Beats that were away, frozen, many, or on machines with a wrong clock: no hole, and no double."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import database_now
from core.ids import first_uuid7
from executions.ledger import Fate, Totals, read_ledger
from executions.models import JobExecution
from executions.planner import plan
from jobs.models import JobSchedule
from jobs.versions import settle_schedule
from tests.chaos.promise import assert_kept
from tests.chaos.stage import ending_in
from tests.factories import make_job, make_schedule
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

_DAY = timedelta(days=1)
# What a process sees of the time when its machine's clock is a day ahead, or behind.
_WRONG_CLOCK = """
import time

_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + {seconds}
time.time_ns = lambda: _time_ns() + {seconds} * 1_000_000_000
"""


def test_what_fell_due_while_no_beat_ran_for_a_day_is_all_accounted_for(
    platform: Platform,
) -> None:
    away = _DAY + timedelta(minutes=3)
    policies = ("run_latest", "run_all", "skip")
    schedules = [
        make_left_alone(away, misfire_policy=policy, max_catchup=5) for policy in policies * 4
    ]

    platform.start(concurrency=4)
    platform.start_beat()

    assert_kept(platform, within=90)
    for schedule in schedules:
        totals = count(schedule)
        assert totals.expected == totals.accounted >= 24 * 60
        assert totals.fates[Fate.UNEXPECTED] == 0
    caught_up = [count(schedule).fates[Fate.LATE] for schedule in schedules]
    assert all(late >= 5 for late in caught_up[1::3])


def test_a_beat_that_froze_among_others_opens_nothing_twice_when_it_wakes(
    platform: Platform,
) -> None:
    platform.start(concurrency=4)
    frozen, _ = platform.start_beat(), platform.start_beat()
    schedules = [make_schedule(make_job(), **ending_in(8)) for _ in range(20)]
    until(lambda: JobExecution.objects.count() >= 20, within=30, what="the beats are at work")

    frozen.send(signal.SIGSTOP)
    at_freezing = JobExecution.objects.count()
    until(
        lambda: JobExecution.objects.count() >= at_freezing + 40,
        within=30,
        what="the others go on",
    )
    frozen.send(signal.SIGCONT)

    assert_kept(platform)
    for schedule in schedules:
        assert_accounted(schedule)


@pytest.mark.parametrize("seconds", [86_400, -86_400], ids=["ahead", "behind"])
def test_a_beat_whose_machine_has_a_wrong_clock_opens_each_slot_at_its_time(
    platform: Platform, tmp_path: Path, seconds: int
) -> None:
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "sitecustomize.py").write_text(_WRONG_CLOCK.format(seconds=seconds))
    platform.start_worker(concurrency=4)
    platform.start_beat(PYTHONPATH=str(wrong))
    schedule = make_schedule(make_job(), **ending_in(4))

    assert_kept(platform)

    opened = schedule.executions.order_by("scheduled_for")
    assert_by_the_wrong_clock(opened, seconds)
    assert all(timedelta(0) <= row.opened_at - row.scheduled_for < _DAY / 2 for row in opened)
    assert_accounted(schedule)


def test_a_clock_that_jumps_ahead_and_back_leaves_no_hole_and_no_double() -> None:
    start = datetime(2026, 5, 4, tzinfo=UTC)
    schedule = make_left_alone(database_now() - start, overlap="allow", end_at=None)
    for minutes in (1, 2, 3, 600, 4, 5, 700, 6, 800, 801, 7):
        while plan(now=start + timedelta(minutes=minutes, seconds=1)).is_full:
            pass

    now = start + timedelta(minutes=801, seconds=1)
    totals = count(schedule, after=start, now=now)

    assert totals.expected == totals.accounted == schedule.executions.count() == 801
    assert totals.fates[Fate.UNEXPECTED] == 0


def make_left_alone(away: timedelta, **fields: Any) -> JobSchedule:
    """A schedule with a slot each minute that nobody has looked at for so long."""
    since = (database_now() - away).replace(microsecond=0)
    end_at = fields.pop("end_at", database_now() + timedelta(seconds=2))
    schedule = make_schedule(
        make_job(), schedule_type="cron", cron_expression="* * * * *", **fields
    )
    schedule.end_at = end_at  # perhaps before its first slot, as no new schedule's may be
    schedule.versions.all().delete()
    schedule.version, schedule.created_at, schedule.anchor_at = 0, since, since
    schedule.next_fire_at = None
    settle_schedule(schedule, now=since, by="tester")
    schedule.save()
    return schedule


def count(
    schedule: JobSchedule, *, after: datetime | None = None, now: datetime | None = None
) -> Totals:
    """Count its slots from its creation on until a minute from now."""
    now = now or database_now() + timedelta(minutes=2)
    totals = Totals()
    for entry in read_ledger(schedule, after=after or schedule.created_at, until=now, now=now):
        totals.add(entry)
    return totals


def assert_accounted(schedule: JobSchedule) -> None:
    totals = count(schedule)
    assert totals.expected == totals.accounted > 0
    assert totals.fates[Fate.UNEXPECTED] == 0


def assert_by_the_wrong_clock(opened: Any, seconds: int) -> None:
    """Ids are made by the clock of the machine: they show that the beat's was wrong."""
    for row in opened:
        expected = row.opened_at + timedelta(seconds=seconds)
        slack = timedelta(minutes=5)
        assert first_uuid7(expected, shift=-slack) < row.pk < first_uuid7(expected, shift=slack)
