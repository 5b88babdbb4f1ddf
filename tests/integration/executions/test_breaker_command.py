"""``manage.py breaker``"""

from datetime import timedelta

import pytest

from audit.models import JobAudit
from core.clock import database_now
from executions.circuits import Circuits, breaker_of
from executions.dispatcher import choose
from jobs.models import JobDefinition
from tests.factories import make_execution, make_job
from tests.integration.executions.calling import read, refuse, run

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    return " ".join(run("breaker", *arguments)[0].split())


def test_it_says_how_a_breaker_stands_at_each_stage() -> None:
    job = make_job(name="Sales", breaker_failures=1, breaker_seconds=60)
    assert "Sales is closed. It opens after one failure." in said("Sales")
    now = database_now() + timedelta(seconds=5)
    make_execution(job, status="failed", completed_at=now)
    Circuits().tend(now=now)
    assert "Sales is open until" in said("Sales")
    assert "by platform: Its last execution failed." in said("Sales")
    Circuits().tend(now=now + timedelta(minutes=1))
    assert "is half open and waits for the next slot, as a trial." in said("Sales")
    trial = make_execution(job)
    choose()
    assert f"waits for trial {trial.pk}" in said("Sales")


def test_it_opens_and_closes_one_and_keeps_the_reason() -> None:
    job = make_job(name="Sales")
    assert "It is opened by hand only." in said("Sales")

    assert "is open until somebody closes it" in said("Sales", "--open", "flood")
    assert read("breaker", str(job.pk))["reason"] == "flood"
    assert "is closed" in said("Sales", "--close")

    entries = JobAudit.objects.filter(object_id=str(job.pk)).order_by("pk")
    acts = [entry.action for entry in entries if entry.actor.startswith("os:")]
    assert acts == ["BreakerOpened", "BreakerClosed"]


def test_what_it_cannot_do_it_says_in_one_line() -> None:
    make_job(name="Sales")

    assert "Say why" in str(refuse("breaker", "Sales", "--open", " "))
    assert "is closed" in str(refuse("breaker", "Sales", "--close"))
    assert "nobody" in str(refuse("breaker", "nobody"))
    assert breaker_of(JobDefinition.objects.get()).is_closed
