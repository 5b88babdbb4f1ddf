"""The nightly look at the ledger."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings

from core.clock import database_now
from executions.models import JobExecution
from executions.planner import plan
from executions.rehearsal import rehearse
from tests.factories import make_job
from tests.integration.executions.test_ledger import make_cron

pytestmark = pytest.mark.django_db

for module in settings.SYSTEM_JOB_MODULES:
    import_module(module)


def test_when_all_is_accounted_for_it_says_of_how_many() -> None:
    now = database_now().replace(microsecond=0)
    half_past = f"{(now.minute + 30) % 60} * * * *"  # no slot falls due while this runs
    schedule = make_cron(half_past, now - timedelta(days=4))
    while plan(now=now).is_full:
        pass

    end = rehearse("platform.ledger", {})

    assert end.ending == "succeeded", end.message
    assert end.output == {
        "schedules": 1,
        "expected": 48,
        "accounted": 48,
        "states": {"skipped": 47, "late": 1},
    }
    assert rehearse("platform.ledger", {"hours": 5}).output["expected"] == 5
    assert schedule.executions.count() == 96


def test_it_fails_for_good_and_names_the_holes() -> None:
    now = database_now().replace(microsecond=0)
    quarters = f"{(now.minute + 7) % 15}-59/15 * * * *"
    make_cron(quarters, now - timedelta(days=4), job=make_job(name="Books"))
    while plan(now=now).is_full:
        pass
    lost = JobExecution.objects.order_by("-scheduled_for")[1:14]
    JobExecution.objects.filter(pk__in=[row.pk for row in lost]).delete()

    end = rehearse("platform.ledger", {})

    assert end.ending == "failed"
    assert end.message.startswith("13 of 192 slots are not accounted for: Books at 20")
    assert "; and 3 more. See `manage.py ledger`" in end.message
    assert len([line for line in end.log if "missed" in line]) == 13
