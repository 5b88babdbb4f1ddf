"""The demo: what it creates, and what its handlers do."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from logging import getLogger
from uuid import uuid4

import pytest
from django.core.management import call_command

from executions.authoring import JobContext, StopJob
from executions.models import JobExecution
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus
from scheduler_project.demo import handlers
from scheduler_project.demo.story import STORY, tell
from tests.factories import TESTER

pytestmark = pytest.mark.django_db


def make_context(attempt: int = 1) -> JobContext:
    now = datetime(2026, 5, 4, 6, tzinfo=UTC)
    return JobContext(
        execution_id=uuid4(),
        attempt=attempt,
        scheduled_for=now,
        deadline=now + timedelta(minutes=5),
        log=getLogger("tests.demo"),
    )


def run_demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_the_demo_creates_every_job_with_a_schedule_and_a_first_run() -> None:
    said = run_demo()

    assert all(part.name in said for part in STORY)
    assert JobDefinition.objects.count() == len(STORY)
    assert JobSchedule.objects.filter(next_fire_at__isnull=False).count() == len(STORY)
    assert JobExecution.objects.count() == len(STORY)


def test_a_second_demo_creates_nothing() -> None:
    tell()
    assert "already" in run_demo()
    assert JobSchedule.objects.count() == len(STORY)
    assert JobExecution.objects.count() == len(STORY)


def test_an_archived_demo_job_stays_away() -> None:
    tell()
    job = JobDefinition.objects.get(name="Heartbeat")
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)

    assert tell() == []


def test_the_flaky_handler_succeeds_in_its_third_attempt() -> None:
    for attempt in (1, 2):
        with pytest.raises(ConnectionError):
            handlers.fail_twice(make_context(attempt))
    assert handlers.fail_twice(make_context(3)) == {"attempts": 3}


def test_the_migration_stops_when_it_is_cancelled() -> None:
    context = make_context()
    context._cancelled.set()
    with pytest.raises(StopJob):
        handlers.move_records(context)


def test_the_migration_tells_how_far_it_is() -> None:
    context = make_context()
    assert handlers.move_records(context, batches=5, pause=0)["batches"] == 5
    assert context._progress == (1.0, "batch 5 of 5")


def test_the_sales_report_is_of_the_day_before_unless_a_date_is_given() -> None:
    assert handlers.report_sales(make_context())["date"] == "2026-05-03"
    report = handlers.report_sales(make_context(), date="2026-02-28", region="EU")
    assert (report["date"], report["region"]) == ("2026-02-28", "EU")
    assert report == handlers.report_sales(make_context(), date="2026-02-28", region="EU")
