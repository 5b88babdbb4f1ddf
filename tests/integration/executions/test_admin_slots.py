"""What the admin tells of slots: on a schedule's page, and on the page of one execution."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from core.clock import database_now
from executions.admin.slot_facts import slot_note
from executions.admin.slots import last_slots
from executions.models import ConditionCheck, Origin
from executions.states import ExecutionStatus, Reason
from jobs.models import JobSchedule
from jobs.pausing import pause_schedule
from jobs.rules import spec_of, write_spec
from tests.factories import TESTER, make_execution, make_schedule
from tests.integration.pages import page_of, sign_in

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def make_hourly(*, since: datetime) -> JobSchedule:
    """A schedule that has fired at every full hour since then."""
    schedule = make_schedule(schedule_type="cron", cron_expression="0 * * * *")
    schedule.created_at = since
    schedule.save()
    schedule.versions.update(since=since)
    return schedule


def open_slot(schedule: JobSchedule, slot: datetime, status: str, **fields: object) -> None:
    make_execution(
        schedule.job,
        status=status,
        **{"schedule": schedule, "scheduled_for": slot, "origin": Origin.SCHEDULE, **fields},
    )


def test_a_schedule_s_page_lists_its_last_slots_newest_first(as_alice: Client) -> None:
    now = database_now().replace(minute=0, second=0, microsecond=0)
    schedule = make_hourly(since=now - 4 * HOUR)
    open_slot(schedule, now - 3 * HOUR, ExecutionStatus.SUCCEEDED)
    note = {"reason": Reason.BLACKOUT, "error_message": "Excluded by Backup."}
    open_slot(schedule, now - 2 * HOUR, ExecutionStatus.SKIPPED, **note)
    open_slot(schedule, now, ExecutionStatus.RUNNING)
    entries = last_slots(schedule, now=now + timedelta(minutes=5))
    slots = [now, now - HOUR, now - 2 * HOUR, now - 3 * HOUR]
    assert [entry.slot for entry in entries] == slots
    assert [entry.fate for entry in entries] == ["under_way", "missed", "skipped", "ran"]
    page = as_alice.get(page_of(schedule)).text
    assert "Last slots" in page
    assert "Excluded by Backup." in page


def test_a_slot_that_nobody_looked_at_is_told_as_a_hole(as_alice: Client) -> None:
    now = database_now().replace(minute=0, second=0, microsecond=0)
    schedule = make_hourly(since=now - 3 * HOUR - timedelta(minutes=30))
    for hours in (3, 2, 0):
        open_slot(schedule, now - hours * HOUR, ExecutionStatus.SUCCEEDED)
    page = as_alice.get(page_of(schedule)).text
    assert "1 of these slots is missed" in page


def test_slots_of_a_pause_say_why(as_alice: Client) -> None:
    now = database_now()
    schedule = make_hourly(since=now - 4 * HOUR)
    pause_schedule(actor=TESTER, schedule=schedule, reason="The warehouse moves")
    latest = schedule.versions.order_by("-number")[0]
    latest.since = now - 4 * HOUR + timedelta(seconds=1)
    latest.save()
    page = as_alice.get(page_of(schedule)).text
    assert page.count("The warehouse moves") > 3


def test_a_rule_that_fires_often_shows_its_last_50_slots() -> None:
    now = database_now()
    schedule = make_schedule(interval_seconds=10)
    JobSchedule.objects.filter(pk=schedule.pk).update(created_at=now - timedelta(days=3))
    schedule.versions.update(since=now - timedelta(days=3))
    schedule.refresh_from_db()
    entries = last_slots(schedule, now=now)
    assert len(entries) == 50
    assert now - entries[0].slot < timedelta(seconds=10)
    assert entries[0].slot - entries[-1].slot == timedelta(seconds=490)


def test_slots_need_the_permission_to_see_executions(client: Client, bob: User) -> None:
    schedule = make_schedule()
    viewer = sign_in(client, bob, "view_jobschedule")
    assert "Last slots" not in viewer.get(page_of(schedule)).text
    viewer = sign_in(client, bob, "view_jobschedule", "view_jobexecution")
    assert "Last slots" in viewer.get(page_of(schedule)).text


def test_an_execution_tells_its_business_dates(as_alice: Client) -> None:
    execution = make_execution(
        business_date=date(2026, 12, 24),
        previous_business_date=date(2026, 12, 23),
        next_business_date=date(2026, 12, 29),
    )
    page = as_alice.get(page_of(execution)).text
    assert "2026-12-24 (business days: before it 2026-12-23, after it 2026-12-29)" in page


def test_an_execution_tells_what_the_clock_did_to_its_slot(as_alice: Client) -> None:
    schedule = make_schedule(
        schedule_type="daily", time_of_day=time(2, 30), timezone="Europe/Berlin"
    )
    schedule.versions.update(since=datetime(2026, 1, 1, tzinfo=UTC))
    fields = {"schedule": schedule, "origin": Origin.SCHEDULE}
    moved = make_execution(
        schedule.job, scheduled_for=datetime(2026, 3, 29, 1, tzinfo=UTC), **fields
    )
    plain = make_execution(
        schedule.job, scheduled_for=datetime(2026, 3, 30, 0, 30, tzinfo=UTC), **fields
    )
    assert "02:30" in slot_note(moved)
    assert slot_note(plain) == ""
    assert slot_note(moved) in as_alice.get(page_of(moved)).text


def test_the_note_is_told_by_the_rule_that_held_at_the_slot() -> None:
    schedule = make_schedule(
        schedule_type="daily", time_of_day=time(2, 30), timezone="Europe/Berlin"
    )
    schedule.versions.update(since=datetime(2026, 1, 1, tzinfo=UTC))
    edited = JobSchedule.objects.get(pk=schedule.pk)
    edited.timezone = "UTC"
    schedule.versions.create(
        number=2, since=datetime(2026, 6, 1, tzinfo=UTC), standing="firing",
        spec=write_spec(spec_of(edited)), created_by="tester",
    )  # fmt: skip
    moved = make_execution(
        schedule.job,
        scheduled_for=datetime(2026, 3, 29, 1, tzinfo=UTC),
        **{"schedule": schedule, "origin": Origin.SCHEDULE},
    )
    assert "02:30" in slot_note(moved)


def test_a_skipped_slot_says_why_without_calling_it_an_error(as_alice: Client) -> None:
    note = {"reason": Reason.HOLIDAY, "error_message": "Excluded by England."}
    page = as_alice.get(page_of(make_execution(status=ExecutionStatus.SKIPPED, **note))).text
    assert "Excluded by England." in page
    assert "error-box" not in page
    deferred = make_execution(error_message="Deferred by Backup.")
    page = as_alice.get(page_of(deferred)).text
    assert "Deferred by Backup." in page
    assert "error-box" not in page
    failed = make_execution(status=ExecutionStatus.FAILED, error_message="No such file.")
    assert "error-box" in as_alice.get(page_of(failed)).text


def test_every_look_at_a_condition_stands_on_the_page(as_alice: Client) -> None:
    schedule = make_schedule(conditions={"environment": ["DEV"]})
    execution = make_execution(schedule.job, schedule=schedule, origin=Origin.SCHEDULE)
    term = {"path": "environment", "what": "the environment is PROD", "why": "it is DEV"}
    for result, message in (("false", "It does not hold."), ("true", "All checks hold.")):
        ConditionCheck.objects.create(
            execution=execution, result=result, message=message, terms=[{**term, "result": result}]
        )
    page = as_alice.get(page_of(execution)).text
    assert page.index("All checks hold.") < page.index("It does not hold.")
    assert "the environment is PROD" in page
    assert "it is DEV" in page


def test_an_execution_without_a_condition_has_no_part_for_it(as_alice: Client) -> None:
    schedule = make_schedule()
    execution = make_execution(schedule.job, schedule=schedule, origin=Origin.SCHEDULE)
    assert "section-condition" not in as_alice.get(page_of(execution)).text
