"""No schedule misses a window or a calendar that changes at the moment it is written."""

from datetime import timedelta

import pytest

from core.clock import database_now
from jobs.models import JobSchedule
from jobs.pausing import pause_schedule, resume_schedule
from jobs.rules import spec_of, write_spec
from jobs.scheduling import change_schedule
from jobs.windows import create_window
from tests.concurrency.racing import race
from tests.factories import TESTER, make_job, make_schedule

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def add_window(number):
    starts_at = database_now().replace(microsecond=0) + timedelta(days=number + 1)
    create_window(
        actor=TESTER,
        fields={
            "name": f"window {number}",
            "scope": "global",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=1),
        },
    )


def change_it(schedule, number):
    change_schedule(actor=TESTER, schedule=schedule, fields={"interval_seconds": 60 + number})
    pause_schedule(actor=TESTER, schedule=schedule, reason="a race")
    resume_schedule(actor=TESTER, schedule=schedule)


def test_every_schedule_knows_of_every_window():
    job = make_job()
    old = make_schedule(job)

    for number in range(15):
        race(
            lambda number=number: add_window(number),
            lambda: make_schedule(job),
            lambda number=number: change_it(old, number),
            lambda: make_schedule(job),
        )

    for schedule in JobSchedule.objects.all():
        kept = schedule.versions.get(number=schedule.version).spec
        assert len(kept["exclusions"]) == 15
        assert kept == write_spec(spec_of(schedule))
