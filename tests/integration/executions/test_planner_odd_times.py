"""Backlogs, windows and calendars that meet: nothing is lost, doubled, or left standing still."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions import planner
from executions.completions import follow_completions
from executions.models import JobExecution
from executions.planner import plan
from jobs.models import CalendarVersion, ExclusionWindow, HolidayCalendar, JobSchedule
from jobs.pausing import pause_schedule, resume_schedule
from jobs.refreshing import refresh_schedules, schedules_of_calendar
from jobs.scheduling import archive_schedule, change_schedule
from jobs.versions import keep_version
from tests.factories import TESTER, break_rule, make_schedule

pytestmark = pytest.mark.django_db

RUNS = "scheduled"


@pytest.fixture(autouse=True)
def _nobody_is_put_aside() -> None:
    planner._put_aside.clear()


def at(clock: str, day: int = 4) -> datetime:
    """A time of May 2026, UTC; the 4th is a Monday."""
    return datetime.fromisoformat(f"2026-05-{day:02}T{clock}").replace(tzinfo=UTC)


def make_cron(expression: str, due: datetime, **fields: Any) -> JobSchedule:
    return make_schedule(
        schedule_type="cron", cron_expression=expression, next_fire_at=due, **fields
    )


def make_window(name: str, first: str, last: str, **fields: Any) -> ExclusionWindow:
    return ExclusionWindow.objects.create(
        name=name,
        scope="global",
        starts_at=at(first),
        ends_at=at(last),
        created_by="t",
        created_at=at("00:00"),
        **fields,
    )


def make_calendar(last_year: int) -> HolidayCalendar:
    calendar = HolidayCalendar.objects.create(
        name="Office", first_year=2025, last_year=last_year, created_by="t", created_at=at("00:00")
    )
    add_version(calendar, last_year)
    return calendar


def add_version(calendar: HolidayCalendar, last_year: int) -> None:
    CalendarVersion.objects.create(
        calendar=calendar,
        number=calendar.versions.count() + 1,
        since=at("00:00"),
        days=[],
        weekend=65,
        first_year=2025,
        last_year=last_year,
        library="none",
        created_by="t",
    )


def extend(calendar: HolidayCalendar, last_year: int) -> None:
    add_version(calendar, last_year)
    refresh_schedules(schedules_of_calendar(calendar), actor=TESTER, reason="extended")


def fates(schedule: JobSchedule) -> dict[str, str]:
    return {
        f"{execution.scheduled_for:%H:%M}": execution.reason or execution.status
        for execution in schedule.executions.order_by("scheduled_for")
    }


def read_again(schedule: JobSchedule) -> JobSchedule:
    schedule.refresh_from_db()
    return schedule


def drain(now: datetime) -> None:
    while plan(now=now).is_full:
        pass


def test_a_skipped_slot_between_two_deferred_ones_does_not_make_both_run() -> None:
    make_window("Lunch", "11:00", "13:30", on_excluded="defer")
    make_window("Nap", "11:45", "12:15")
    schedule = make_cron("0 * * * *", at("11:00"), overlap="queue_all")

    for hour in (11, 12, 13):
        plan(now=at(f"{hour}:00"))

    assert fates(schedule) == {"11:00": RUNS, "12:00": "blackout", "13:00": "blackout"}


def test_a_slot_at_the_end_of_the_window_runs_together_with_what_waited_for_it() -> None:
    make_window("Lunch", "11:00", "13:00", on_excluded="defer")
    schedule = make_cron("0 * * * *", at("11:00"), overlap="queue_all")

    for hour in (11, 12, 13, 14):
        plan(now=at(f"{hour}:00"))

    assert fates(schedule) == {
        "11:00": RUNS,
        "12:00": "blackout",
        "13:00": "blackout",
        "14:00": RUNS,
    }
    assert schedule.executions.get(scheduled_for=at("11:00")).due_at == at("13:00")


def test_a_pause_within_the_window_does_not_lose_the_deferred_run() -> None:
    make_window("Lunch", "11:00", "13:30", on_excluded="defer")
    schedule = make_cron("0 * * * *", at("11:00"))
    plan(now=at("12:10"))

    pause_schedule(actor=TESTER, schedule=schedule, reason="r")
    resume_schedule(actor=TESTER, schedule=schedule)

    waiting = schedule.executions.get(status=RUNS)
    assert (waiting.scheduled_for, waiting.due_at) == (at("11:00"), at("13:30"))


def test_the_latest_of_a_long_backlog_runs_though_all_after_it_is_excluded() -> None:
    make_window("Freeze", "06:00", "12:30")
    schedule = make_cron("* * * * *", at("00:00"), catchup_window_seconds=86_400)

    drain(at("12:00"))

    assert [f"{e.scheduled_for:%H:%M}" for e in schedule.executions.filter(status=RUNS)] == [
        "05:59"
    ]


def test_while_slots_are_caught_up_those_within_the_grace_are_too() -> None:
    schedule = make_cron("*/5 * * * *", at("00:00"), misfire_policy="run_all")

    plan(now=at("01:00:05"))

    assert set(fates(schedule).values()) == {RUNS}


def test_what_is_known_before_the_calendar_ends_is_opened_and_the_rest_after_it_is_extended() -> (
    None
):
    calendar = make_calendar(last_year=2026)
    due = datetime(2026, 12, 28, 6, tzinfo=UTC)
    schedule = make_schedule(
        schedule_type="monthly_business_day",
        on_days="business_days",
        time_of_day=due.time(),
        calendar=calendar,
        next_fire_at=due,
        misfire_policy="run_all",
        catchup_window_seconds=2_000_000,
        overlap="queue_all",
    )
    keep_version(schedule, since=due - timedelta(days=1), by="t")

    drain(datetime(2027, 1, 5, 12, tzinfo=UTC))

    read_again(schedule)
    assert schedule.next_fire_at is None
    assert schedule.stuck_reason is not None
    assert "has dates up to 2026" in schedule.stuck_reason
    assert [e.scheduled_for.day for e in schedule.executions.order_by("scheduled_for")] == [
        28,
        29,
        30,
        31,
    ]

    extend(calendar, 2028)
    drain(datetime(2027, 1, 5, 12, tzinfo=UTC))

    days = [e.scheduled_for.date() for e in schedule.executions.order_by("scheduled_for")]
    assert days[4:] == [date(2027, 1, 1), date(2027, 1, 4), date(2027, 1, 5)]
    assert read_again(schedule).stuck_reason is None


def test_a_window_whose_calendar_ends_stops_its_schedules_until_it_is_extended() -> None:
    calendar = make_calendar(last_year=2026)
    ExclusionWindow.objects.create(
        name="Holidays", scope="global", calendar=calendar, created_by="t", created_at=at("00:00")
    )
    due = datetime(2026, 12, 31, 23, tzinfo=UTC)
    schedule = make_cron("0 23 * * *", due)

    drain(due)
    assert schedule.executions.get(scheduled_for=due).status == RUNS
    drain(due + timedelta(days=1))
    assert read_again(schedule).stuck_reason is not None

    extend(calendar, 2028)
    drain(due + timedelta(days=4))

    assert schedule.executions.count() == 5
    assert read_again(schedule).stuck_reason is None


@pytest.mark.parametrize("broken", [{"kind": "no_kind"}, {"field_of_tomorrow": 1}])
def test_a_rule_that_cannot_be_read_any_more_hinders_nobody_else(broken: dict[str, Any]) -> None:
    bad, good = make_cron("0 * * * *", at("00:00")), make_cron("0 * * * *", at("01:00"))
    version = bad.versions.get()
    version.spec |= broken
    version.save()

    for _ in range(2):
        plan(now=at("01:00"), limit=1)

    assert fates(good) == {"01:00": RUNS}


def test_a_new_rule_mends_a_schedule_whose_old_one_cannot_be_read_any_more() -> None:
    schedule = make_cron("0 * * * *", at("00:00"))
    break_rule(schedule)
    change_schedule(actor=TESTER, schedule=schedule, fields={"cron_expression": "5 * * * *"})

    plan(now=at("01:00"))

    assert list(fates(schedule)) == ["00:00"]
    assert read_again(schedule).next_fire_at is not None


def test_one_that_makes_no_rule_any_more_can_be_paused_and_archived() -> None:
    schedule = make_schedule()
    JobSchedule.objects.filter(pk=schedule.pk).update(timezone="Mars/Olympus")

    pause_schedule(actor=TESTER, schedule=schedule, reason="r")
    archive_schedule(actor=TESTER, schedule=schedule)

    assert read_again(schedule).archived_at is not None


@pytest.mark.parametrize("way", ["created inactive", "paused over its first", "history gone"])
def test_a_schedule_that_follows_its_runs_never_stands_still(way: str) -> None:
    schedule = make_schedule(
        schedule_type="after_completion", delay_seconds=60, is_active=way != "created inactive"
    )
    if way == "created inactive":
        change_schedule(actor=TESTER, schedule=schedule, fields={"is_active": True})
    if way == "paused over its first":
        pause_schedule(actor=TESTER, schedule=schedule, reason="r")
        resume_schedule(actor=TESTER, schedule=schedule)
    if way == "history gone":
        plan(now=schedule.next_fire_at)
        schedule.executions.all().delete()
    follow_completions()

    read_again(schedule)
    assert schedule.next_fire_at is not None
    assert schedule.next_fire_at > database_now()


def test_a_new_delay_waits_for_the_run_that_is_under_way() -> None:
    schedule = make_schedule(schedule_type="after_completion", delay_seconds=60)
    plan(now=schedule.next_fire_at)

    change_schedule(actor=TESTER, schedule=schedule, fields={"delay_seconds": 90})
    follow_completions()

    assert read_again(schedule).next_fire_at is None
    JobExecution.objects.filter(schedule=schedule).update(
        status="succeeded", completed_at=database_now() + timedelta(hours=1)
    )
    follow_completions()
    read_again(schedule)
    assert schedule.next_fire_at is not None
    assert schedule.next_fire_at > database_now() + timedelta(hours=1, seconds=80)


def test_a_backlog_is_opened_though_the_kind_has_changed_meanwhile() -> None:
    schedule = make_cron("0 * * * *", at("10:00"), misfire_policy="run_all")
    change_schedule(
        actor=TESTER,
        schedule=schedule,
        fields={"schedule_type": "after_completion", "delay_seconds": 60, "cron_expression": None},
    )
    version = schedule.versions.get(number=2)
    version.since = at("12:30")
    version.save()
    JobSchedule.objects.filter(pk=schedule.pk).update(versioned_at=at("12:30"))

    plan(now=at("13:00"))

    assert fates(schedule) == {"10:00": RUNS, "11:00": RUNS, "12:00": RUNS}


def test_a_deferred_slot_does_not_replace_a_run_before_it_is_due() -> None:
    make_window("Lunch", "11:00", "13:30", on_excluded="defer")
    schedule = make_cron("0 * * * *", at("10:00"), overlap="cancel_running")
    plan(now=at("10:00"))

    plan(now=at("11:00"))
    assert fates(schedule) == {"10:00": RUNS, "11:00": RUNS}
    plan(now=at("13:31"))
    plan(now=at("14:00"))

    assert fates(schedule)["10:00"] == "replaced"


def test_runs_are_counted_by_what_was_opened() -> None:
    schedule = make_cron("0 * * * *", at("10:00"), max_runs=5)
    plan(now=at("10:00"))
    JobSchedule.objects.filter(pk=schedule.pk).update(next_fire_at=at("10:00"))

    plan(now=at("10:00"))

    assert read_again(schedule).run_count == schedule.executions.count() == 1


def test_a_pass_writes_what_it_has_decided_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planner, "_LONGEST_PASS_SECONDS", -1.0)
    slow = make_cron("* * * * *", at("00:00"), misfire_policy="run_all", overlap="queue_all")
    other = make_cron("* * * * *", at("00:01"), overlap="queue_all")

    planned = plan(now=at("00:03"))
    assert (planned.opened, planned.is_full) == (1, True)
    drain(at("00:03"))

    assert list(fates(slow)) == ["00:00", "00:01", "00:02", "00:03"]
    assert list(fates(other)) == ["00:01", "00:02", "00:03"]
