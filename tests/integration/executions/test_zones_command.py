"""``manage.py zones``: fires that were stored by an older tzdata."""

from datetime import timedelta

import pytest

from audit.models import JobAudit
from core.clock import database_now
from jobs.models import JobSchedule
from jobs.pausing import pause_schedule
from jobs.versions import TZDATA_VERSION
from tests.factories import TESTER, break_rule, make_job, make_schedule
from tests.integration.executions.calling import read, rows, run

pytestmark = pytest.mark.django_db

OLD = "2025b"


def daily(name: str = "Alpha") -> JobSchedule:
    return make_schedule(
        make_job(name=name),
        schedule_type="cron",
        cron_expression="0 3 * * *",
        timezone="Africa/Casablanca",
    )


def store_by_older(schedule: JobSchedule, *, hours: int = 1) -> JobSchedule:
    """Store the next fire as a tzdata with another offset there would have had it."""
    assert schedule.next_fire_at is not None
    fire = schedule.next_fire_at + timedelta(hours=hours)
    JobSchedule.objects.filter(pk=schedule.pk).update(
        next_fire_at=fire, next_run_at=fire, tzdata_version=OLD
    )
    return JobSchedule.objects.get(pk=schedule.pk)


def read_again(schedule: JobSchedule) -> JobSchedule:
    return JobSchedule.objects.get(pk=schedule.pk)


def test_without_apply_it_says_what_would_move_and_saves_nothing() -> None:
    schedule = daily()
    fire = schedule.next_fire_at
    stored = store_by_older(schedule)
    daily("Beta")

    head, titles, line = run("zones")[0].splitlines()

    assert head == (
        f"By tzdata {TZDATA_VERSION} 1 of 2 schedules would move. Nothing is saved: add --apply."
    )
    assert titles.split()[:4] == ["schedule", "job", "zone", "tzdata"]
    assert line.split()[:4] == [str(schedule.pk), "Alpha", "Africa/Casablanca", OLD]
    assert f"{fire:%Y-%m-%d %H:%M:%S}" in line
    assert read_again(schedule).next_fire_at == stored.next_fire_at
    assert not JobAudit.objects.filter(reason="tzdata was upgraded").exists()


def test_with_apply_it_moves_them_with_an_audit_entry_each() -> None:
    schedule, same = daily(), daily("Beta")
    fire = schedule.next_fire_at
    stored = store_by_older(schedule)
    JobSchedule.objects.filter(pk=same.pk).update(tzdata_version=OLD)

    document = read("zones", "--apply")

    assert (document["applied"], document["schedules"], document["broken"]) == (True, 2, [])
    (move,) = document["moved"]
    assert (move["jobName"], move["tzdataBefore"]) == ("Alpha", OLD)
    assert move["fireBeforeUtc"] == f"{stored.next_fire_at:%Y-%m-%dT%H:%M:%SZ}"
    assert move["runAfterUtc"] == f"{fire:%Y-%m-%dT%H:%M:%SZ}"
    moved = read_again(schedule)
    assert (moved.next_fire_at, moved.next_run_at) == (fire, fire)
    assert (moved.tzdata_version, moved.version) == (TZDATA_VERSION, 1)
    assert read_again(same).tzdata_version == TZDATA_VERSION
    entry = JobAudit.objects.get(reason="tzdata was upgraded")
    assert entry.object_id == str(schedule.pk)
    assert entry.before is not None
    assert entry.before["tzdata_version"] == OLD
    assert run("zones", "--apply")[0] == f"By tzdata {TZDATA_VERSION} 0 of 2 schedules moved.\n"


def test_a_schedule_that_is_due_already_stays_as_it_is() -> None:
    due = database_now() - timedelta(minutes=1)
    schedule = daily()
    JobSchedule.objects.filter(pk=schedule.pk).update(next_fire_at=due, tzdata_version=OLD)
    assert read("zones", "--apply")["schedules"] == 0
    kept = read_again(schedule)
    assert (kept.next_fire_at, kept.tzdata_version) == (due, OLD)


def test_what_does_not_fire_and_what_no_zone_decides_is_left_alone() -> None:
    pause_schedule(actor=TESTER, schedule=daily(), reason="quiet")
    after = make_schedule(schedule_type="after_completion", delay_seconds=3600)
    stored = store_by_older(after)
    assert read("zones", "--apply")["schedules"] == 0
    assert read_again(after).next_fire_at == stored.next_fire_at


def test_a_zone_that_is_gone_is_told_and_stops_no_other() -> None:
    broken, schedule = daily("Broken"), daily()
    break_rule(broken)
    JobSchedule.objects.filter(pk=broken.pk).update(timezone="Mars/Olympus")
    store_by_older(schedule)
    document = read("zones", "--apply")
    assert [one["jobName"] for one in document["moved"]] == ["Alpha"]
    assert [one["jobName"] for one in document["broken"]] == ["Broken"]
    assert "Schedule" in run("zones")[1]
    assert len(rows("zones")) == 1
