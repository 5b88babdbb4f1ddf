"""Several beats, and people who edit what they plan."""

from datetime import timedelta

import pytest

from core.clock import database_now
from executions.models import JobExecution
from executions.planner import plan
from jobs.models import JobSchedule
from jobs.scheduling import change_schedule
from tests.concurrency.racing import race
from tests.factories import TESTER, make_schedule

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

# Nothing of it is due but what a test says.
YEARLY = {"schedule_type": "cron", "cron_expression": "0 0 1 1 *"}


def test_four_planners_open_each_due_slot_once():
    now = database_now()
    schedules = [
        make_schedule(**YEARLY, next_fire_at=now - timedelta(seconds=1)) for _ in range(20)
    ]

    results = race(*[lambda: plan(limit=7) for _ in range(4)], *[plan for _ in range(2)])
    while plan().opened:
        pass

    assert sum(result.opened for result in results) <= len(schedules)
    for schedule in schedules:
        assert JobExecution.objects.filter(schedule=schedule).count() == 1


def test_an_edit_that_races_the_planner_neither_loses_nor_doubles_the_due_slot():
    for _ in range(10):
        due = database_now() - timedelta(seconds=1)
        schedule = make_schedule(**YEARLY, next_fire_at=due)

        race(
            plan,
            lambda schedule=schedule: change_schedule(
                actor=TESTER, schedule=schedule, fields={"cron_expression": "0 0 1 7 *"}
            ),
            plan,
        )
        plan()

        opened = JobExecution.objects.filter(schedule=schedule)
        assert [execution.scheduled_for for execution in opened] == [due]
        assert JobSchedule.objects.get(pk=schedule.pk).next_fire_at > due
