"""The demo: what it creates, and what its handlers do."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from io import StringIO
from logging import getLogger
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from core.clock import database_now
from executions.authoring import JobContext, StopJob, find_handler
from executions.handlers.in_process import bind_arguments
from executions.models import JobExecution
from executions.waits import explain_wait
from jobs.definitions import set_job_status
from jobs.models import ExecutionMode, JobDefinition, JobSchedule, JobStatus, ScheduleType
from scheduler_project.demo import COMMAND, QUEUE, handlers
from scheduler_project.demo.jobs import DemoJob, demo_jobs
from scheduler_project.demo.story import tell
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


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    """What `up` lets its workers start."""
    settings.SCHEDULER_ALLOWED_COMMANDS = [COMMAND]


def parts() -> tuple[DemoJob, ...]:
    return demo_jobs(now=database_now())


def run_demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_the_demo_creates_every_job_with_its_schedules_and_a_first_run() -> None:
    said = run_demo()

    assert all(part.name in said for part in parts())
    assert JobDefinition.objects.count() == JobExecution.objects.count() == len(parts())
    schedules = sum(len(part.schedules) for part in parts())
    assert JobSchedule.objects.filter(next_fire_at__isnull=False).count() == schedules


def test_the_demo_shows_each_kind_of_schedule_and_what_runs_anywhere() -> None:
    tell()

    shown = set(JobSchedule.objects.values_list("schedule_type", flat=True))
    assert shown == set(ScheduleType.values) - {ScheduleType.DELAY}
    modes = set(JobDefinition.objects.values_list("execution_mode", flat=True))
    # The others need an engine, an address or a worker of somebody else.
    assert modes == {ExecutionMode.IN_PROCESS, ExecutionMode.OUT_OF_PROCESS}


def test_what_the_schedules_pass_fits_the_parameters_of_their_handlers() -> None:
    for part in parts():
        name = part.settings.get("execution_type_name")
        if name is None:
            continue
        handler = find_handler(name)
        assert handler, name
        passed = [schedule.get("parameters", {}) for schedule in part.schedules]
        passed += [fields.get("output_mapping", {}) for fields in part.after.values()]
        for parameters in passed:
            bind_arguments(handler, parameters, make_context())


def test_a_job_waits_in_the_paused_queue_and_says_so() -> None:
    tell()

    waiting = JobExecution.objects.get(job__queue=QUEUE)
    assert "paused" in (explain_wait(waiting) or "")


def test_without_leave_to_start_it_there_is_no_command(settings: Any) -> None:
    settings.SCHEDULER_ALLOWED_COMMANDS = []
    tell()

    assert not JobDefinition.objects.filter(execution_mode=ExecutionMode.OUT_OF_PROCESS).exists()
    assert JobDefinition.objects.count() == len(parts()) - 1


def test_a_second_demo_creates_nothing() -> None:
    tell()
    before = JobSchedule.objects.count(), JobExecution.objects.count()

    assert "already" in run_demo()
    assert (JobSchedule.objects.count(), JobExecution.objects.count()) == before


def test_an_archived_demo_job_stays_away() -> None:
    tell()
    job = JobDefinition.objects.get(name="Heartbeat")
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)

    assert tell() == []


def test_the_stock_import_prints_and_leaves_its_output(tmp_path: Path) -> None:
    output = tmp_path / "output.json"
    done = subprocess.run(
        [COMMAND],
        env={
            "PATH": "/usr/bin:/bin",
            "SCHEDULER_ATTEMPT": "1",
            "SCHEDULER_OUTPUT_FILE": str(output),
            "PARAM_WAREHOUSE": "Rotterdam",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert json.loads(output.read_text()) == {"warehouse": "Rotterdam", "shelves": 3}
    assert done.stdout.splitlines()[0] == "Reading the stock of Rotterdam, attempt 1."
    assert "no label" in done.stderr


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
