"""Operators who recover the same outage at once, while beats go on planning."""

from datetime import timedelta

import pytest

from core.clock import database_now
from executions.ledger.choosing import schedules_between
from executions.models import JobExecution
from executions.planner import plan
from executions.recovery import find_lost, recover
from tests.concurrency.racing import race
from tests.factories import TESTER, make_job
from tests.integration.executions.test_ledger import make_cron

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def test_what_two_recover_at_once_is_opened_once():
    now = database_now().replace(microsecond=0)
    since = now - timedelta(hours=12)
    half_past = f"{(now.minute + 30) % 60} * * * *"
    schedules = [make_cron(half_past, since, job=make_job()) for _ in range(20)]
    while plan(now=now).is_full:
        pass
    for schedule in schedules:  # some slots get lost altogether
        rows = schedule.executions.order_by("scheduled_for")
        rows.filter(pk__in=[row.pk for row in rows[2:6]]).delete()

    def work():
        chosen = schedules_between(since, now)
        lost = list(find_lost(chosen, after=since, until=now, now=now))
        return len(recover(lost, actor=TESTER, per_minute=6_000))

    opened = race(work, work, work, plan, plan)[:3]

    assert sum(opened) == 20 * 11
    of_slots = JobExecution.objects.filter(origin="schedule")
    assert of_slots.count() == 20 * 12
    again = JobExecution.objects.filter(rerun_of__isnull=False)
    assert again.count() == again.values("rerun_of").distinct().count() == 20 * 7
