"""The platform's own jobs: how they come into an installation, and what they do there."""

import threading
from collections.abc import Iterator
from datetime import UTC, timedelta
from functools import partial
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection

from core.clock import database_now
from core.times import show_time
from executions.authoring import StopJob, known_handlers
from executions.models import JobDay, JobExecution, JobExecutionLog, RolledUpDay, Worker
from executions.rehearsal import Rehearsal, rehearse
from executions.rollups import find_hold_up
from executions.services import trigger
from jobs.definitions import change_job, set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus, ScheduleType
from jobs.rules import rule_of
from scheduler_project.system_jobs import handlers
from scheduler_project.system_jobs.installation import SYSTEM_JOBS, install
from tests.factories import TESTER, make_execution, make_job
from tests.integration.executions.test_retention import id_of
from tests.platform import SHORT_TIMES, Platform, until

pytestmark = pytest.mark.django_db

for module in settings.SYSTEM_JOB_MODULES:
    import_module(module)


def finish(job: JobDefinition, *, days_ago: float) -> JobExecution:
    ended = database_now() - timedelta(days=days_ago)
    execution = make_execution(
        job, id=id_of(ended), status="succeeded", now=ended, completed_at=ended
    )
    JobExecutionLog.objects.create(
        execution=execution, attempt=1, sequence=1, at=ended, level="INFO", stream="log", message=""
    )
    return execution


def run(handler: str, **parameters: Any) -> Rehearsal:
    return rehearse(handler, parameters)


def test_the_command_creates_every_job_with_its_schedule_and_says_so() -> None:
    out = StringIO()
    call_command("system_jobs", stdout=out)

    assert "Created: Platform rollups, Platform retention, Platform ledger check." in out.getvalue()
    for job in JobDefinition.objects.all():
        assert (job.category, job.ownership.team_name) == ("Platform", "Platform")
        assert job.allow_manual_trigger
        assert job.max_retries == 3
        assert job.schedules.filter(next_fire_at__isnull=False).count() == 1
    checked, nightly, hourly = JobSchedule.objects.order_by("job__execution_type_name")
    assert rule_of(hourly).describe().startswith("At minute 12")
    assert nightly.schedule_type == checked.schedule_type == ScheduleType.DAILY
    assert checked.time_of_day < nightly.time_of_day


def test_every_job_has_a_handler() -> None:
    assert {job.handler for job in SYSTEM_JOBS} <= set(known_handlers())


def test_a_second_time_nothing_is_created() -> None:
    install()
    out = StringIO()
    call_command("system_jobs", stdout=out)

    assert "there already" in out.getvalue()
    assert JobDefinition.objects.count() == JobSchedule.objects.count() == len(SYSTEM_JOBS)


def test_what_people_made_of_a_job_is_left_as_it_is() -> None:
    install()
    rollups = JobDefinition.objects.get(execution_type_name="platform.rollups")
    change_job(actor=TESTER, job=rollups, fields={"name": "Sums", "timeout_seconds": 5})
    retention = JobDefinition.objects.get(execution_type_name="platform.retention")
    set_job_status(actor=TESTER, job=retention, status=JobStatus.ARCHIVED)

    assert install() == []

    rollups.refresh_from_db()
    assert (rollups.name, rollups.timeout_seconds) == ("Sums", 5)
    assert JobDefinition.objects.count() == len(SYSTEM_JOBS)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_install_at_once_one_creates() -> None:
    barrier = threading.Barrier(2)
    created: list[str] = []

    def work() -> None:
        barrier.wait(10)
        try:
            created.extend(install())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(created) == sorted(job.name for job in SYSTEM_JOBS)


def test_rollups_count_the_days_that_are_over() -> None:
    job = make_job()
    finish(job, days_ago=3)

    end = run("platform.rollups")

    assert end.ending == "succeeded", end.message
    assert len(end.output["days"]) in (2, 3)  # two within ten minutes of midnight
    assert "Counted" in end.log[0]
    assert JobDay.objects.get().succeeded == 1
    assert run("platform.rollups").output == {"days": []}


@pytest.mark.django_db(transaction=True)
def test_rollups_warn_of_the_transaction_that_days_wait_for(
    other_connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_two_days = database_now() + timedelta(days=2)
    monkeypatch.setattr(handlers, "find_hold_up", partial(find_hold_up, now=in_two_days))
    with other_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_backend_pid(), now()")
        pid, began_at = cursor.fetchone()
        [warning] = run("platform.rollups").log
        cursor.execute("COMMIT")

    assert f"No day from {began_at.astimezone(UTC).date()} on is counted" in warning
    assert f"process {pid} ends, open since {show_time(began_at)}." in warning
    assert run("platform.rollups").log == ()


def test_retention_counts_first_and_then_deletes_and_tells_what() -> None:
    job = make_job()
    for days in (200, 150, 50, 0):
        finish(job, days_ago=days)

    end = run("platform.retention")

    assert end.ending == "succeeded", end.message
    days_counted = end.output.pop("daysCounted")
    assert days_counted == RolledUpDay.objects.count() >= 199
    assert end.output == {
        "executions": 2,
        "executionsByJob": {job.name: 2},
        "transitions": 0,
        "logLines": 3,
        "processes": 0,
        "sessions": 0,
    }
    assert end.progress[0] == 1
    assert f"{job.name}: 2 executions." in end.log
    assert JobExecution.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_stubborn")
def test_retention_fails_in_the_end_and_names_what_could_not_be_deleted() -> None:
    for name in ("First", "Stubborn", "Last"):
        job = make_job(name=name)
        finish(job, days_ago=200)
        finish(job, days_ago=0)
    long_ago = database_now() - timedelta(days=1)
    Session.objects.create(session_key="past", session_data="", expire_date=long_ago)

    end = run("platform.retention")

    assert (end.ending, end.is_permanent) == ("failed", False)
    assert end.message == "Not all that expired could be deleted of: Stubborn. See the log."
    assert any("Stubborn: nothing more is deleted." in said for said in end.log)
    assert any("not this one" in said for said in end.log)
    left = JobExecution.objects.values_list("job__name", flat=True)
    assert sorted(left) == ["First", "Last", "Stubborn", "Stubborn"]
    assert not Session.objects.exists()


def test_a_dry_run_counts_and_deletes_nothing() -> None:
    job = make_job()
    for days in (200, 150, 0):
        finish(job, days_ago=days)
    run("platform.rollups")

    end = run("platform.retention", dry_run=True)

    assert end.output == {"dryRun": True, "executions": 2, "executionsByJob": {job.name: 2}}
    assert JobExecution.objects.count() == JobExecutionLog.objects.count() == 3


def test_retention_forgets_sessions_and_processes() -> None:
    now = database_now()
    for name, days in (("past", -1), ("coming", 1)):
        Session.objects.create(
            session_key=name, session_data="", expire_date=now + timedelta(days=days)
        )
    Worker.objects.create(
        name="gone",
        kind="worker",
        hostname="host",
        pid=1,
        started_at=now - timedelta(days=9),
        last_seen_at=now - timedelta(days=8),
    )

    end = run("platform.retention")

    assert (end.output["sessions"], end.output["processes"]) == (1, 1)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["coming"]


@pytest.mark.parametrize(
    ("handler", "parameters"),
    [
        ("platform.rollups", {}),
        ("platform.ledger", {}),
        ("platform.retention", {}),
        ("platform.retention", {"dry_run": True}),
    ],
)
def test_a_job_that_is_cancelled_stops(handler: str, parameters: dict[str, Any]) -> None:
    finish(make_job(), days_ago=200)

    with pytest.raises(StopJob):
        rehearse(handler, parameters, is_cancelled=True)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path, SHORT_TIMES)
    yield platform
    platform.end()


@pytest.mark.django_db(transaction=True)
def test_a_worker_without_modules_of_its_own_carries_them_out(platform: Platform) -> None:
    old = finish(make_job(), days_ago=200)
    finish(old.job, days_ago=0)
    install()
    platform.start(JOB_MODULES="")

    for handler in ("platform.rollups", "platform.ledger", "platform.retention"):
        job = JobDefinition.objects.get(execution_type_name=handler)
        execution = trigger(actor=TESTER, job=job)
        ended = JobExecution.objects.filter(pk=execution.pk, completed_at__isnull=False)
        until(ended.exists, within=30, what=f"{handler} has ended; {platform.logs()}")
        execution.refresh_from_db()
        assert execution.status == "succeeded", (execution.error_message, platform.logs())

    assert execution.output["executions"] == 1
    assert not JobExecution.objects.filter(pk=old.pk).exists()


def test_somebodys_job_of_the_same_name_stops_no_upgrade() -> None:
    make_job(name="Platform retention")
    out, err = StringIO(), StringIO()

    call_command("system_jobs", stdout=out, stderr=err)

    assert (
        out.getvalue()
        == "Created: Platform rollups, Platform retention (system), Platform ledger check.\n"
    )
    assert err.getvalue().startswith("Platform retention (system) is called so because another job")
    handler = JobDefinition.objects.get(name="Platform retention (system)").execution_type_name
    assert handler == "platform.retention"
    assert install() == []


def test_a_name_that_nobody_has_is_found() -> None:
    for taken in ("Platform rollups", "Platform rollups (system)", "Platform rollups (system 2)"):
        make_job(name=taken)

    assert install() == [
        "Platform rollups (system 3)",
        "Platform retention",
        "Platform ledger check",
    ]
