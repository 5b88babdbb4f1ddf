"""What the admin says of why something does not go on."""

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import database_now
from jobs.models import Hold
from tests.factories import make_execution, make_job, make_schedule
from tests.integration.executions.admin_pages import page_of

pytestmark = pytest.mark.django_db


def test_an_execution_shows_every_cause_that_holds_it_back(as_alice: Client) -> None:
    job = make_job(name="Load", max_concurrent_executions=1)
    make_execution(job, status="running")
    Hold.objects.create(
        scope="everything", reason="we <b>move</b>", held_by="bob", held_at=database_now()
    )
    page = as_alice.get(page_of(make_execution(job))).text
    assert "Everything is on hold since " in page
    assert "we &lt;b&gt;move&lt;/b&gt;." in page
    assert "The limit of job Load is reached: 1 of 1" in page


def test_a_schedule_shows_why_it_does_not_fire(as_alice: Client) -> None:
    schedule = make_schedule()
    schedule.is_active = False
    schedule.save()
    url = reverse("admin:jobs_jobschedule_change", args=[schedule.pk])
    page = as_alice.get(url).text
    assert "The schedule is disabled: it opens no slots until it is enabled." in page
