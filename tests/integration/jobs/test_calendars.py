"""What people do to calendars: versions, refusals, and the schedules that follow."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from audit.models import JobAudit
from core.clock import database_now
from core.errors import Conflict, InvalidInput
from executions.planner import plan
from jobs.calendars.changing import (
    archive_calendar,
    change_calendar,
    create_calendar,
    refresh_calendar,
)
from jobs.calendars.comparing import DAYS_COMPARED, affected_schedules, compare_versions
from jobs.calendars.coverage import calendars_running_out
from jobs.calendars.drafting import preview_calendar, preview_change
from jobs.calendars.library import LIBRARY
from jobs.models import HolidayCalendar, JobSchedule
from jobs.pausing import pause_schedule
from jobs.scheduling import archive_schedule, change_schedule
from jobs.windows import create_window
from tests.factories import TESTER, make_job, make_schedule

pytestmark = pytest.mark.django_db

ENGLAND = [{"country": "GB", "subdivision": "ENG"}]


def make_calendar(**fields: Any) -> HolidayCalendar:
    return create_calendar(actor=TESTER, fields={"name": "England", "sources": ENGLAND, **fields})


def change(calendar: HolidayCalendar, **fields: Any) -> HolidayCalendar:
    return change_calendar(actor=TESTER, calendar=calendar, fields=fields)


def refusals(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        make_calendar(**fields)
    return [(problem.field, problem.code) for problem in refused.value.problems]


def every_business_day(calendar: HolidayCalendar, **fields: Any) -> JobSchedule:
    return make_schedule(
        schedule_type="monthly_business_day",
        on_days="business_days",
        time_of_day=time(7),
        calendar=calendar,
        **fields,
    )


def coming_business_day(schedule: JobSchedule) -> dict[str, str]:
    """The date of the schedule's next slot, as an extra holiday."""
    assert schedule.next_fire_at is not None
    return {"date": schedule.next_fire_at.date().isoformat(), "name": "Closed"}


def read_again(schedule: JobSchedule) -> JobSchedule:
    return JobSchedule.objects.get(pk=schedule.pk)


def last_audit() -> JobAudit:
    return JobAudit.objects.order_by("-id")[0]


# --- Create


def test_a_calendar_is_created_with_its_first_version_and_an_entry() -> None:
    year = database_now().year
    calendar = make_calendar()
    assert (calendar.first_year, calendar.last_year) == (year - 1, year + 5)
    version = calendar.versions.get()
    assert (version.number, version.library, calendar.version) == (1, LIBRARY, 1)
    assert (version.first_year, version.last_year) == (year - 1, year + 5)
    assert f"{year}-12-25" in [day["date"] for day in version.days]
    entry = last_audit()
    assert (entry.action, entry.object_label, entry.actor) == (
        *("CalendarCreated", "England", "tester"),
    )
    assert entry.after is not None
    assert entry.after["sources"] == ENGLAND


def test_years_that_are_left_out_begin_where_a_source_does() -> None:
    year = database_now().year
    calendar = make_calendar(sources=[{"market": "XBUE"}])  # known from 2026 on
    assert (calendar.first_year, calendar.last_year) == (max(year - 1, 2026), year + 5)
    calendar = make_calendar(name="Past", first_year=None, last_year=2010)
    assert (calendar.first_year, calendar.last_year) == (2010, 2010)


@pytest.mark.parametrize(
    ("fields", "weekend"),
    [
        ({}, 1 + 64),
        ({"sources": [{"country": "SA"}]}, 32 + 64),
        ({"sources": [{"country": "SA"}, {"country": "GB"}]}, 1 + 32 + 64),
        ({"sources": [{"country": "SA"}, {"country": "GB"}], "combine": "intersection"}, 64),
        ({"sources": [{"country": "SA"}], "weekend": 1}, 1),
        ({"sources": []}, 1 + 64),
    ],
)
def test_a_weekend_that_is_left_out_is_that_of_the_sources(
    fields: dict[str, Any], weekend: int
) -> None:
    assert make_calendar(**fields).weekend == weekend


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"name": ""}, [("name", "blank")]),
        ({"name": "  "}, [("name", "blank")]),
        ({"name": "x" * 101}, [("name", "max_length")]),
        ({"name": "a\x00b"}, [("name", "not_storable")]),
        ({"sources": [{"country": "XX"}]}, [("sources", "unknown_country")]),
        ({"sources": None}, [("sources", "not_a_list")]),
        ({"combine": "both"}, [("combine", "invalid_choice")]),
        ({"weekend": 127}, [("weekend", "max_value")]),
        ({"weekend": -1}, [("weekend", "min_value")]),
        ({"weekend": "sunday"}, [("weekend", "invalid")]),
        ({"half_days": "late"}, [("half_days", "invalid_choice")]),
        ({"half_days": "early_close"}, [("half_day_closes_at", "required")]),
        ({"half_day_closes_at": "noon"}, [("half_day_closes_at", "invalid")]),
        ({"first_year": 1969, "last_year": 2000}, [("first_year", "min_value")]),
        ({"last_year": 2200}, [("last_year", "max_value")]),
        ({"first_year": "soon"}, [("first_year", "invalid")]),
        ({"first_year": 2030, "last_year": 2029}, [("last_year", "end_before_start")]),
        ({"extra_holidays": [{"date": "x", "name": "y"}]}, [("extra_holidays", "invalid_date")]),
        ({"extra_workdays": "2026-01-01"}, [("extra_workdays", "not_a_list")]),
        (
            {"name": "", "sources": [{"market": "?"}], "weekend": 128},
            [("name", "blank"), ("weekend", "max_value"), ("sources", "unknown_market")],
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_each_bad_field_is_named(fields: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert set(refusals(**fields)) == set(problems)
    assert not HolidayCalendar.objects.exists()


def test_a_name_is_taken_once() -> None:
    make_calendar()
    assert refusals(name=" England ") == [("name", "unique")]


# --- Change


def test_a_new_holiday_makes_a_new_version_and_keeps_the_old_one() -> None:
    calendar = make_calendar(first_year=2026, last_year=2027)
    first = calendar.versions.get()
    change(calendar, extra_holidays=[{"date": "2026-12-24", "name": "Christmas Eve"}])
    kept, second = calendar.versions.order_by("number")
    assert (kept.days, kept.since) == (first.days, first.since)
    assert second.number == HolidayCalendar.objects.get().version == 2
    ((added),) = compare_versions(kept, second)
    assert (added.kind, str(added.date)) == ("added", "2026-12-24")
    entry = last_audit()
    assert entry.action == "CalendarChanged"
    assert entry.before == {"extra_holidays": [], "version": 1, "days": {}}
    assert entry.after is not None
    assert entry.after["days"] == {"2026-12-24": "holiday: Christmas Eve"}


def test_a_new_name_or_description_makes_no_version() -> None:
    calendar = change(make_calendar(), name="Great Britain", description="Bank holidays")
    assert (calendar.version, calendar.versions.count()) == (1, 1)
    entry = last_audit()
    assert entry.before == {"name": "England", "description": ""}


def test_what_changes_nothing_leaves_no_trace() -> None:
    calendar = make_calendar()
    change(calendar, name="England", sources=[{"country": "GBR", "subdivision": "England"}])
    assert JobAudit.objects.count() == 1
    assert HolidayCalendar.objects.get().updated_by is None


def test_a_refused_change_changes_nothing() -> None:
    calendar = make_calendar()
    with pytest.raises(InvalidInput, match="last_year"):
        change(calendar, name="Other", last_year=1999)
    assert HolidayCalendar.objects.get().name == "England"


def test_another_weekend_makes_a_new_version() -> None:
    calendar = change(make_calendar(), weekend=64)
    assert calendar.versions.get(number=2).weekend == 64


# --- Schedules follow


def test_adding_a_holiday_moves_the_schedules_of_the_calendar_and_no_others() -> None:
    calendar = make_calendar()
    schedule, other = every_business_day(calendar), make_schedule()
    slot = schedule.next_fire_at

    change(calendar, extra_holidays=[coming_business_day(schedule)])

    moved = read_again(schedule)
    assert moved.next_fire_at is not None
    assert slot is not None
    assert moved.next_fire_at > slot
    assert moved.next_run_at == moved.next_fire_at
    assert moved.version == 2
    latest = moved.versions.get(number=2)
    assert latest.reason == "calendar England, version 2"
    assert latest.spec["calendar"] == str(calendar.versions.get(number=2).pk)
    assert read_again(other).version == 1


def test_the_dry_run_names_what_saving_then_does() -> None:
    calendar, now = make_calendar(), database_now()
    schedule = every_business_day(calendar, job=make_job(name="Alpha"))
    slot = schedule.next_fire_at
    fields = {"extra_holidays": [coming_business_day(schedule)]}

    previewed = preview_change(calendar, fields, now=now)

    assert [one.kind for one in previewed.days] == ["added"]
    (moved,) = previewed.schedules
    assert (moved.schedule, moved.added, moved.removed) == (schedule, [], [slot])
    assert (calendar.versions.count(), read_again(schedule).next_fire_at) == (1, slot)

    changed = change(calendar, **fields)
    (after,) = affected_schedules(changed, changed.versions.get(number=2), now=now)
    assert after == moved


def test_a_dry_run_does_not_mind_an_earlier_one() -> None:
    calendar, now = make_calendar(), database_now()
    schedule = every_business_day(calendar)
    for days, removed in ([[coming_business_day(schedule)], [schedule.next_fire_at]], [[], []]):
        moved = preview_change(calendar, {"extra_holidays": days}, now=now).schedules
        assert [one for each in moved for one in each.removed] == removed


def test_a_holiday_moves_what_only_a_window_ties_to_the_calendar() -> None:
    calendar, now = make_calendar(sources=[]), database_now()
    create_window(
        actor=TESTER, fields={"name": "Holidays", "scope": "global", "calendar": calendar}
    )
    schedule = make_schedule(schedule_type="cron", cron_expression="* * * * *")
    day = (now + timedelta(days=200)).date()
    day += timedelta(days=(2 - day.isoweekday()) % 7)  # a Tuesday
    fields = {"extra_holidays": [{"date": day.isoformat(), "name": "Closed"}]}

    (moved,) = preview_change(calendar, fields, now=now).schedules

    assert moved.schedule == schedule
    assert (moved.added, len(moved.removed), moved.is_cut) == ([], 500, True)
    assert {fire.date() for fire in moved.removed} == {day}


@pytest.mark.parametrize("offset", [60, -60])
def test_a_holiday_moves_what_counts_many_business_days_over_it(offset: int) -> None:
    calendar, now = make_calendar(sources=[]), database_now()
    make_schedule(
        schedule_type="monthly",
        day_of_month=1,
        roll="following",
        offset_business_days=offset,
        time_of_day=time(7),
        calendar=calendar,
    )
    day = (now + timedelta(days=150)).date()
    day += timedelta(days=(2 - day.isoweekday()) % 7)  # a Tuesday
    fields = {"extra_holidays": [{"date": day.isoformat(), "name": "Closed"}]}
    (moved,) = preview_change(calendar, fields, now=now).schedules
    # Of three months each; the first of one may itself have been the day.
    assert len(moved.added) == len(moved.removed) >= 2


@pytest.mark.parametrize("how", ["disabled", "paused", "archived"])
def test_what_does_not_fire_is_not_moved(how: str) -> None:
    calendar = make_calendar()
    schedule = every_business_day(calendar)
    fields = {"extra_holidays": [coming_business_day(schedule)]}
    if how == "disabled":
        change_schedule(actor=TESTER, schedule=schedule, fields={"is_active": False})
    elif how == "paused":
        pause_schedule(actor=TESTER, schedule=schedule, reason="quiet")
    else:
        archive_schedule(actor=TESTER, schedule=schedule)
    assert preview_change(calendar, fields, now=database_now()).schedules == []


def test_days_that_are_over_or_far_off_move_nothing() -> None:
    calendar, now = make_calendar(), database_now()
    every_business_day(calendar)
    far = now + timedelta(days=DAYS_COMPARED + 200)
    for moment in (now - timedelta(days=200), far):
        day = {"date": moment.date().isoformat(), "name": "Closed"}
        previewed = preview_change(calendar, {"extra_holidays": [day]}, now=now)
        assert previewed.schedules == []


def test_a_new_calendar_shows_its_days_before_it_is_saved() -> None:
    fields = {"name": "England", "sources": ENGLAND, "first_year": 2026, "last_year": 2026}
    previewed = preview_calendar(fields, now=database_now())
    assert [str(one.date) for one in previewed.days][:2] == ["2026-01-01", "2026-04-03"]
    assert not HolidayCalendar.objects.exists()


def test_a_change_that_would_leave_a_schedule_without_a_fire_names_it() -> None:
    calendar = make_calendar(sources=[], weekend=0)
    create_window(actor=TESTER, fields={"name": "Closed", "scope": "global", "calendar": calendar})
    schedule = make_schedule(
        make_job(name="Alpha"),
        schedule_type="weekly",
        days_of_week=1,
        time_of_day=time(6),
        end_at=database_now() + timedelta(days=60),
    )
    with pytest.raises(
        Conflict, match=rf"{schedule.pk} \(Alpha\) every fire is excluded by Closed"
    ):
        change(calendar, weekend=1)
    assert HolidayCalendar.objects.get().weekend == 0
    assert calendar.versions.count() == 1


# --- Refresh


def upgrade_library(calendar: HolidayCalendar, day: str) -> None:
    """Let the latest version be of a library that did not know a day."""
    version = calendar.versions.get(number=calendar.version)
    version.days = [row for row in version.days if row["date"] != day]
    version.library = "holidays 0.108"
    version.save()


def test_an_upgrade_of_the_library_moves_nothing_by_itself_and_refresh_shows_what_it_would() -> (
    None
):
    year = database_now().year + 1
    calendar = make_calendar()
    upgrade_library(calendar, f"{year}-12-25")
    schedule = make_schedule(
        schedule_type="monthly",
        day_of_month=25,
        time_of_day=time(7),
        roll="following",
        calendar=calendar,
    )
    before = schedule.version
    assert read_again(schedule).version == before

    previewed = preview_change(calendar, {}, now=database_now())
    assert [(one.kind, str(one.date)) for one in previewed.days] == [("added", f"{year}-12-25")]

    calendar = refresh_calendar(actor=TESTER, calendar=calendar)
    assert calendar.version == 2
    assert read_again(schedule).version == before + 1
    old, new = calendar.versions.order_by("number")
    assert (old.library, new.library) == ("holidays 0.108", LIBRARY)
    assert last_audit().reason == "refreshed"


def test_refreshing_what_is_as_it_was_writes_nothing() -> None:
    calendar = make_calendar()
    assert refresh_calendar(actor=TESTER, calendar=calendar).version == 1
    assert (calendar.versions.count(), JobAudit.objects.count()) == (1, 1)


# --- The end of its years


def test_a_calendar_that_ends_stops_a_schedule_and_extending_it_loses_no_slot() -> None:
    year = database_now().year
    calendar = make_calendar(first_year=year - 1, last_year=year)
    schedule = every_business_day(calendar)
    last = datetime(year, 12, 31, 7, tzinfo=UTC)
    while last.isoweekday() > 5:
        last -= timedelta(days=1)
    JobSchedule.objects.filter(pk=schedule.pk).update(
        next_fire_at=last, next_run_at=last, catchup_window_seconds=90 * 86_400
    )

    plan(now=last + timedelta(minutes=1))
    stuck = read_again(schedule)
    assert (stuck.next_fire_at, stuck.stuck_at is None) == (None, False)
    assert "extend its years" in str(stuck.stuck_reason)
    (running_out,) = calendars_running_out(last)
    assert (running_out.calendar, running_out.schedules, running_out.stuck) == (calendar, 1, 1)

    change(calendar, last_year=year + 1)
    freed = read_again(schedule)
    assert (freed.stuck_at, freed.stuck_reason) == (None, None)
    plan(now=datetime(year + 1, 1, 12, 8, tzinfo=UTC))
    slots = [
        f"{slot:%m-%d}"
        for slot in schedule.executions.order_by("scheduled_for").values_list(
            "scheduled_for", flat=True
        )
    ]
    days = [datetime(year + 1, 1, n, tzinfo=UTC) for n in range(2, 13)]
    expected = [f"{day:%m-%d}" for day in days if day.isoweekday() < 6]
    holidays = {row["date"][5:] for row in calendar.versions.get(number=2).days}
    assert slots == [f"{last:%m-%d}"] + [day for day in expected if day not in holidays]


@pytest.mark.parametrize(("days_before", "is_told"), [(90, True), (91, False)])
def test_a_calendar_in_use_is_told_of_ninety_days_before_it_ends(
    days_before: int, is_told: bool
) -> None:
    year = database_now().year + 3
    calendar = make_calendar(last_year=year)
    make_calendar(name="Unused", last_year=year)
    every_business_day(calendar)
    now = datetime(year, 12, 31, 12, tzinfo=UTC) - timedelta(days=days_before)
    found = calendars_running_out(now)
    assert [(one.calendar.name, one.stuck) for one in found] == [("England", 0)] * is_told


def test_a_calendar_that_only_a_window_uses_is_in_use() -> None:
    calendar = make_calendar()
    now = datetime(calendar.last_year, 12, 1, tzinfo=UTC)
    create_window(actor=TESTER, fields={"name": "W", "scope": "global", "calendar": calendar})
    assert calendars_running_out(now) == []
    make_schedule()
    assert [one.schedules for one in calendars_running_out(now)] == [1]


# --- Archive


def test_a_calendar_in_use_is_not_archived_and_its_users_are_named() -> None:
    calendar = make_calendar()
    schedule = every_business_day(calendar, job=make_job(name="Alpha"))
    create_window(actor=TESTER, fields={"name": "Holidays", "calendar": calendar})
    with pytest.raises(Conflict) as refused:
        archive_calendar(actor=TESTER, calendar=calendar)
    assert refused.value.code == "calendar_in_use"
    assert f"schedule {schedule.pk} (Alpha), exclusion window Holidays" in refused.value.detail
    assert HolidayCalendar.objects.get().archived_at is None


def test_an_archived_calendar_keeps_its_versions_and_changes_no_more() -> None:
    calendar = make_calendar()
    archive_calendar(actor=TESTER, calendar=calendar)
    archive_calendar(actor=TESTER, calendar=calendar)
    assert JobAudit.objects.filter(action="CalendarArchived").count() == 1
    assert calendar.versions.count() == 1
    with pytest.raises(Conflict, match="is archived and cannot be changed"):
        change(calendar, name="Other")
