"""``manage.py doctor``: what it finds, and that it finds it in any state."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder

from core.clock import database_now
from core.times import show_time
from executions.holds import hold
from executions.models import RolledUpDay, Worker
from jobs.calendars.changing import create_calendar
from jobs.holds import EVERYTHING, HoldTarget
from jobs.models import HolidayCalendar, JobSchedule, Queue
from jobs.pausing import pause_schedule, resume_due
from jobs.refreshing import refresh_schedules
from jobs.scheduling import change_schedule
from jobs.windows import create_window
from scheduler_project.doctor import calendars, servers, work
from scheduler_project.doctor.finding import Level
from scheduler_project.environment import BASE_DIR
from tests.factories import TESTER, make_execution, make_job, make_queue, make_schedule

pytestmark = pytest.mark.django_db


def make_worker(name: str, **fields: Any) -> Worker:
    now = database_now()
    values = {"kind": "worker", "hostname": "test", "pid": 1, "concurrency": 1, "started_at": now}
    return Worker.objects.create(name=name, **{**values, "last_seen_at": now, **fields})


def levels_of_queues() -> dict[str, Level]:
    return {f.about.removeprefix("queue "): f.level for f in work.check_queues(database_now())}


def test_a_well_installation_has_no_failure() -> None:
    make_worker("beat@test", kind="beat")
    make_worker("w@test", queues=["default"])
    make_schedule()
    out = StringIO()
    call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 11
    assert all("ok" in line for line in lines)


def test_any_failure_ends_with_an_error() -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="1 check failed"):
        call_command("doctor", stdout=out)
    assert "fail  beat: none has ever run  → Start" in out.getvalue()


def test_as_json_it_is_one_list_failures_included() -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="1 check failed"):
        call_command("doctor", "--json", stdout=out)
    findings = {finding["about"]: finding for finding in json.loads(out.getvalue())}
    assert (findings["beat"]["level"], findings["beat"]["said"]) == ("fail", "none has ever run")
    assert findings["beat"]["hint"].startswith("Start ")
    assert findings["migrations"] == {
        **{"about": "migrations", "level": "ok", "said": "all applied", "hint": ""},
    }


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({}, Level.OK),
        ({"last_seen_at": -31}, Level.FAIL),
        ({"last_seen_at": -29}, Level.OK),
        ({"stopped_at": -1}, Level.FAIL),
    ],
)
def test_a_beat_is_alive_for_three_heartbeats(fields: dict[str, int], level: Level) -> None:
    now = database_now()
    moments = {name: now + timedelta(seconds=offset) for name, offset in fields.items()}
    make_worker("beat@test", kind="beat", **moments)
    assert work.check_beat(now).level is level


def test_a_queue_with_waiting_work_and_no_worker_fails() -> None:
    Queue.objects.create(name="reports")
    make_job(queue_id="reports")
    make_worker("w@test", queues=["default"])
    assert levels_of_queues() == {"reports": Level.WARN}
    make_execution(status="queued", queue="reports")
    assert levels_of_queues() == {"default": Level.OK, "reports": Level.FAIL}


def test_what_is_due_and_not_handed_out_needs_a_worker_as_well() -> None:
    make_execution(make_job(queue=Queue.objects.create(name="reports")))
    (finding,) = work.check_queues(database_now())
    assert (finding.level, finding.about) == (Level.FAIL, "queue reports")
    assert finding.said == "1 waits in it, and no live worker serves it"
    assert finding.hint == "Start a worker with `-Q reports`."


def test_a_paused_queue_is_told_with_what_is_due_in_it_and_how_to_resume_it() -> None:
    job = make_job(queue=make_queue("reports", is_paused=True))
    (finding,) = work.check_queues(database_now())
    assert (finding.level, finding.said) == (Level.WARN, "paused")
    make_execution(job)
    (finding,) = work.check_queues(database_now())
    assert (finding.level, finding.said) == (Level.WARN, "paused, 1 due")
    assert "manage.py queues --resume reports" in finding.hint


def test_what_is_held_back_is_told_with_who_why_until_when_and_how_to_end_it() -> None:
    assert list(work.check_holds()) == []
    job, until = make_job(name="Daily load"), datetime(2130, 1, 7, 6, tzinfo=UTC)
    hold(actor=TESTER, target=HoldTarget("job", job=job), reason="the source moves", until=until)
    hold(actor=TESTER, target=EVERYTHING, reason="upgrade")
    one, everything = work.check_holds()
    assert (one.level, one.about) == (Level.WARN, "job Daily load")
    assert one.said.startswith("held back by tester since 2")
    assert one.said.endswith(" until 2130-01-07 06:00:00 UTC: the source moves")
    assert one.hint == "`manage.py resume --job 'Daily load'` ends it."
    assert everything.hint == "`manage.py resume --everything` ends it."


def test_a_schedule_is_overdue_after_a_minute() -> None:
    now = database_now()
    make_schedule(next_fire_at=now - timedelta(seconds=60))
    assert work.check_schedules(now).level is Level.OK
    assert work.check_schedules(now + timedelta(seconds=1)).level is Level.FAIL


def test_an_execution_past_its_lease_is_found_once_the_rescuer_had_its_chance() -> None:
    now = database_now()
    make_execution(status="running", lease_until=now)
    assert work.check_leases(now + timedelta(seconds=15)).level is Level.OK
    assert work.check_leases(now + timedelta(seconds=16)).level is Level.FAIL


def test_a_missing_migration_is_named() -> None:
    assert servers.check_migrations().level is Level.OK
    latest = MigrationRecorder.Migration.objects.filter(app="jobs").latest("name")
    latest.delete()
    finding = servers.check_migrations()
    assert finding.level is Level.FAIL
    assert f"jobs.{latest.name}" in finding.said


def test_without_servers_it_says_so_in_one_line_each(tmp_path: Any) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": "postgres://nobody:secret@127.0.0.1:1/none",
            "REDIS_URL": "redis://:secret@127.0.0.1:1/0",
            "SCHEDULER_VAR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "\N{BALLOT X} fail  database",
        "\N{BALLOT X} fail  broker",
    ]
    assert "Traceback" not in done.stderr
    assert "2 checks failed" in done.stderr
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.parametrize(("days", "level"), [(1, Level.OK), (2, Level.OK), (3, Level.WARN)])
def test_days_that_are_not_added_up_are_named(days: int, level: Level) -> None:
    now = database_now()
    RolledUpDay.objects.create(day=now.date() - timedelta(days=days), counted_at=now)

    assert work.check_days(now).level is level


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("days", "level"), [(1, Level.OK), (2, Level.WARN)])
def test_a_transaction_that_days_wait_for_is_named(
    other_connection: Any, days: int, level: Level
) -> None:
    now = database_now() + timedelta(days=days)
    with other_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_backend_pid(), now()")
        pid, began_at = cursor.fetchone()
        finding = work.check_days(now)
        cursor.execute("COMMIT")

    assert finding.level is level
    if level is Level.WARN:
        assert f"process {pid} has a transaction open since {show_time(began_at)}" in finding.said
        assert f"pg_terminate_backend({pid})" in finding.hint
    assert work.check_days(now).level is Level.OK


def test_the_ledger_is_as_the_last_look_at_it_found_it() -> None:
    assert work.check_ledger().level is Level.OK
    job = make_job(execution_type_name="platform.ledger")
    make_execution(job, status="failed", error_message="2 of 9 slots are not accounted for: ...")

    finding = work.check_ledger()

    assert finding.level is Level.WARN
    assert finding.said.startswith("2 of 9 slots are not accounted for")
    assert "manage.py recover" in finding.hint
    make_execution(job, status="succeeded")
    make_execution(job, status="running")
    assert work.check_ledger().level is Level.OK


def make_calendar(name: str, *, last_year: int) -> HolidayCalendar:
    fields = {"name": name, "sources": [{"country": "GB"}], "last_year": last_year}
    return create_calendar(actor=TESTER, fields=fields)


def every_business_day(calendar: HolidayCalendar) -> JobSchedule:
    rule = {"schedule_type": "monthly_business_day", "on_days": "business_days"}
    return make_schedule(**rule, time_of_day=time(7), calendar=calendar)


@pytest.mark.parametrize(("days", "level"), [(91, Level.OK), (90, Level.WARN)])
def test_a_calendar_in_use_is_named_ninety_days_before_it_ends(days: int, level: Level) -> None:
    year = database_now().year + 1
    every_business_day(make_calendar("Head office", last_year=year))
    every_business_day(make_calendar("Factory", last_year=year + 1))
    make_calendar("Unused", last_year=year)
    now = datetime(year, 12, 31, 12, tzinfo=UTC) - timedelta(days=days)

    (finding,) = calendars.check_calendars(now)

    assert finding.level is level
    if level is Level.WARN:
        assert finding.about == "calendar Head office"
        assert finding.said == f"its last day is {year}-12-31, and 1 schedule uses it"
        assert f"manage.py calendars extend 'Head office' --to {year + 5}`" in finding.hint
    assert list(calendars.check_standstills(now)) == []


def test_a_calendar_that_stopped_schedules_fails_and_no_other_that_they_use() -> None:
    now = database_now()
    ended = make_calendar("England", last_year=now.year - 1)
    lasting = make_calendar("Wales", last_year=now.year + 5)
    create_window(actor=TESTER, fields={"name": "W", "scope": "global", "calendar": lasting})
    every_business_day(ended)
    every_business_day(ended)

    (finding,) = calendars.check_calendars(now)

    assert (finding.level, finding.about) == (Level.FAIL, "calendar England")
    assert finding.said.endswith("2 schedules use it; 2 can go no further")
    assert f"calendars extend England --to {now.year + 5}`" in finding.hint
    assert list(calendars.check_standstills(now)) == []


def test_a_schedule_that_stands_still_for_another_reason_is_told_with_it() -> None:
    calendar = make_calendar("England", last_year=database_now().year + 5)
    schedule = every_business_day(calendar)
    JobSchedule.objects.filter(pk=schedule.pk).update(timezone="Mars/Olympus")
    refresh_schedules([schedule.pk], actor=TESTER, reason="A holiday")

    assert [f.level for f in calendars.check_calendars(database_now())] == [Level.OK]
    (finding,) = calendars.check_standstills(database_now())

    assert (finding.level, finding.about) == (Level.FAIL, "schedules")
    assert f"of job {schedule.job.name}: " in finding.said
    assert "Mars/Olympus" in finding.said
    change_schedule(actor=TESTER, schedule=schedule, fields={"timezone": "UTC"})
    assert list(calendars.check_standstills(database_now())) == []


def test_a_pause_that_was_to_end_and_did_not_is_told_after_a_minute() -> None:
    until = database_now() + timedelta(seconds=60)
    schedule = make_schedule()
    pause_schedule(actor=TESTER, schedule=schedule, reason="Move", until=until)
    JobSchedule.objects.filter(pk=schedule.pk).update(timezone="Mars/Olympus")
    assert resume_due(now=until) == 0

    assert list(calendars.check_standstills(until + timedelta(seconds=60))) == []
    (finding,) = calendars.check_standstills(until + timedelta(seconds=61))

    assert finding.level is Level.FAIL
    assert f"its pause was to end at {show_time(until)}" in finding.said
