"""Everything is held while slots come due; beat dies while it ends the hold."""

import signal
from datetime import timedelta
from typing import Any

import pytest

from audit.models import JobAudit
from core.clock import database_now
from executions.holds import end_hold, hold
from executions.models import JobExecution, Origin
from jobs.holds import EVERYTHING
from jobs.models import Hold
from tests.chaos.promise import assert_kept
from tests.chaos.stage import calls, ending_in, open_one, somebody_waits_for_a_lock, wait_for
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_what_comes_due_while_everything_is_held_waits_and_then_runs(platform: Platform) -> None:
    held = hold(actor=TESTER, target=EVERYTHING, reason="upgrade")
    platform.start()
    job = make_job(execution_type_name="tests.noop")
    make_schedule(job, overlap="queue_all", **ending_in(3))
    by_hand = open_one("noop")
    until(lambda: JobExecution.objects.filter(job=job).count() == 3, what="all slots are open")
    assert set(JobExecution.objects.values_list("status", flat=True)) == {"scheduled"}
    assert not calls(platform, by_hand)

    end_hold(actor=TESTER, hold=held)

    wait_for("succeeded", *JobExecution.objects.all())
    assert_kept(platform)


def test_a_beat_killed_while_it_ends_a_hold_leaves_it_to_the_next(
    platform: Platform, other_connection: Any
) -> None:
    now = database_now()
    held = hold(actor=TESTER, target=EVERYTHING, reason="upgrade")
    Hold.objects.update(held_at=now - timedelta(hours=2))
    job = make_job(execution_type_name="tests.noop")
    schedule = make_schedule(job, schedule_type="daily", time_of_day="00:00")
    slots = [
        make_execution(job, schedule=schedule, origin=Origin.SCHEDULE, scheduled_for=at, due_at=at)
        for at in (now - timedelta(minutes=minutes) for minutes in (60, 50, 40))
    ]
    doomed = platform.start_beat()
    other_connection.set_autocommit(False)
    with other_connection.cursor() as cursor:
        cursor.execute("LOCK TABLE executions_executiontransition IN SHARE MODE")
    Hold.objects.update(until=now)
    until(lambda: somebody_waits_for_a_lock("beat"), within=30, what="beat ends the hold")

    doomed.send(signal.SIGKILL)
    doomed.wait()
    other_connection.rollback()
    held.refresh_from_db()
    assert held.ended_at is None
    assert set(JobExecution.objects.values_list("status", flat=True)) == {"scheduled"}

    platform.start()

    wait_for("skipped", *slots[:2])
    wait_for("succeeded", slots[2])
    held.refresh_from_db()
    assert (held.ended_at, held.ended_by) == (now, "platform")
    assert JobAudit.objects.filter(action="HoldEnded").count() == 1
