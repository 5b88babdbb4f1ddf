"""``manage.py calendars``."""

from datetime import time
from typing import Any

import pytest

from audit.models import JobAudit
from core.clock import database_now
from jobs.calendars.changing import create_calendar
from jobs.calendars.library import LIBRARY
from jobs.models import HolidayCalendar, JobSchedule
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.executions.calling import read, refuse, rows, run

pytestmark = pytest.mark.django_db


def make_calendar(**fields: Any) -> HolidayCalendar:
    sources = [{"country": "GB", "subdivision": "ENG"}]
    return create_calendar(actor=TESTER, fields={"name": "England", "sources": sources, **fields})


def every_business_day(calendar: HolidayCalendar) -> JobSchedule:
    return make_schedule(
        make_job(name="Alpha"),
        schedule_type="monthly_business_day",
        on_days="business_days",
        time_of_day=time(7),
        calendar=calendar,
    )


def next_day(schedule: JobSchedule) -> str:
    assert schedule.next_fire_at is not None
    return schedule.next_fire_at.date().isoformat()


def forget(calendar: HolidayCalendar, day: str) -> None:
    """Let the latest version be of a library that did not know a day yet."""
    version = calendar.versions.get(number=calendar.version)
    version.days = [row for row in version.days if row["date"] != day]
    version.save()


# --- list


def test_calendars_are_listed_with_their_years_and_what_uses_them() -> None:
    year = database_now().year
    calendar = make_calendar()
    make_calendar(
        name="Both", sources=[{"country": "US"}, {"market": "XNYS"}], combine="intersection"
    )
    every_business_day(calendar)
    head, both, england = rows("calendars")
    assert head[:3] == ["name", "made of", "weekend"]
    assert both[:2] == ["Both", "US & XNYS"]
    assert england == [
        *("England", "GB-ENG", "Sun Sat", f"{year - 1} to {year + 5}", "1", "ok", "Alpha"),
        str(calendar.pk),
    ]


def test_a_calendar_that_ends_is_told_with_what_to_do() -> None:
    year = database_now().year
    every_business_day(make_calendar(first_year=year - 1, last_year=year))
    why = f"calendar 'England' has dates up to {year}"
    JobSchedule.objects.update(stuck_at=database_now(), stuck_reason=why)
    out, aside = run("calendars")
    assert "stuck" in out
    assert f"England has days up to {year} only: extend it with" in aside
    assert f"calendars extend 'England' --to {year + 5}" in aside


def test_the_list_as_json_names_the_schedules() -> None:
    schedule = every_business_day(make_calendar())
    (document,) = read("calendars")
    assert document["state"] == "ok"
    assert document["schedules"] == [{"id": str(schedule.pk), "jobName": "Alpha"}]


# --- show


def test_show_lists_the_days_of_a_year() -> None:
    make_calendar(first_year=2026, last_year=2027)
    lines = run("calendars", "show", "England", "--year", "2026")[0].splitlines()
    assert lines[0] == f"England, version 1: GB-ENG, 2026 to 2027, from {LIBRARY}"
    assert lines[2].split() == ["2026-01-01", "Thu", "holiday", "New", "Year's", "Day", "GB-ENG"]
    assert len(lines) == 11
    document = read("calendars", "show", "England")
    assert {day["date"][:4] for day in document["days"]} == {"2026", "2027"}


# --- create


def test_create_makes_a_calendar_and_shows_its_days() -> None:
    run("calendars", "create", "England", "--country", "GB", "--subdivision", "ENG")
    calendar = HolidayCalendar.objects.get()
    assert calendar.sources == [{"country": "GB", "subdivision": "ENG"}]
    assert JobAudit.objects.get().actor.endswith(" via manage.py")


def test_create_takes_markets_and_all_the_rest() -> None:
    options = ["--combine", "intersection", "--half-days", "early_close", "--closes-at", "13:00"]
    years = ["--from", "2026", "--to", "2027", "--description", "Both open"]
    document = read(
        *("calendars", "create", "Both", "--market", "XNYS", "--market", "XLON", *options, *years)
    )
    calendar = HolidayCalendar.objects.get()
    assert document["saved"] is True
    assert document["calendar"]["id"] == str(calendar.pk)
    assert calendar.sources == [{"market": "XNYS"}, {"market": "XLON"}]
    assert (calendar.combine, calendar.half_days, calendar.half_day_closes_at) == (
        *("intersection", "early_close", time(13)),
    )
    assert (calendar.first_year, calendar.last_year, calendar.description) == (
        *(2026, 2027, "Both open"),
    )


def test_create_takes_categories() -> None:
    run(
        "calendars",
        "create",
        "X",
        "--country",
        "DE",
        "--category",
        "catholic",
        "--subdivision",
        "BY",
    )
    assert HolidayCalendar.objects.get().sources == [
        {"country": "DE", "subdivision": "BY", "categories": ["catholic"]}
    ]


def test_a_dry_run_of_create_saves_nothing() -> None:
    out, _ = run("calendars", "create", "X", "--country", "US", "--to", "2026", "--dry-run")
    assert "X: " in out
    assert "would change. Nothing is saved." in out
    assert not HolidayCalendar.objects.exists()


# --- change


def test_adding_a_holiday_shows_what_it_moved() -> None:
    schedule = every_business_day(make_calendar())
    day = next_day(schedule)

    out, _ = run("calendars", "add-holiday", "England", day, "Strike")

    assert out.startswith("England: 1 day and the fires of 1 schedule within 400 days changed.\n")
    assert "holiday: Strike" in out
    assert f"{day} 07:00:00" in out
    assert next_day(JobSchedule.objects.get(pk=schedule.pk)) > day


def test_a_dry_run_shows_the_same_and_moves_nothing() -> None:
    schedule = every_business_day(make_calendar())
    day = next_day(schedule)
    change = ("calendars", "add-holiday", "England", day, "Strike")
    dry = read(*change, "--dry-run")
    assert next_day(JobSchedule.objects.get(pk=schedule.pk)) == day
    wet = read(*change)
    assert (dry["saved"], wet["saved"]) == (False, True)
    assert dry["days"] == wet["days"]
    assert dry["schedules"] == wet["schedules"]
    assert [one["jobName"] for one in dry["schedules"]] == ["Alpha"]


def test_a_workday_is_added_beside_those_there_are() -> None:
    calendar = make_calendar(first_year=2026, last_year=2027)
    run("calendars", "add-workday", "England", "2026-12-25", "Year end")
    run("calendars", "add-workday", str(calendar.pk), "2026-05-02", "Migration")
    kept = HolidayCalendar.objects.get()
    assert [day["date"] for day in kept.extra_workdays] == ["2026-05-02", "2026-12-25"]


def test_extend_covers_more_years() -> None:
    calendar = make_calendar(first_year=2026, last_year=2027)
    run("calendars", "extend", "England", "--to", "2029")
    calendar.refresh_from_db()
    assert (calendar.last_year, calendar.version) == (2029, 2)


def test_refresh_takes_over_what_the_library_says() -> None:
    calendar = make_calendar(first_year=2026, last_year=2027)
    make_calendar(name="Same", first_year=2026, last_year=2027)
    forget(calendar, "2027-12-27")

    dry = run("calendars", "refresh", "--all", "--dry-run")[0]
    assert "England: 1 day and the fires of 0 schedules within 400 days would change." in dry
    assert "Same: no day would change." in dry
    assert HolidayCalendar.objects.get(name="England").version == 1

    documents = read("calendars", "refresh", "--all")
    assert [one["calendar"]["version"] for one in documents] == [2, 1]
    (only,) = read("calendars", "refresh", "England")
    assert (only["calendar"]["version"], only["days"]) == (2, [])


# --- refusals


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "Wales"], "There is no calendar 'Wales'. There are: England."),
        (["show"], "the following arguments are required: name"),
        (["show", "England", "--year", "2040"], "from 2026 to 2027, not for 2040"),
        (["remove", "England"], "invalid choice: 'remove'"),
        (["create", "X", "--country", "Germny"], "sources: [0]: There is no country 'Germny'"),
        (["create", "England", "--country", "GB"], "name: "),
        (["create", "X", "--subdivision", "ENG"], "--subdivision goes with one --country."),
        (
            ["create", "X", "--country", "US", "--market", "XNYS", "--category", "public"],
            "--category goes with one --country or one --market.",
        ),
        (["create", "X", "--combine", "both"], "invalid choice: 'both'"),
        (["create", "X", "--closes-at", "noon"], "half_day_closes_at: "),
        (["create", "X", "--from", "soon"], "invalid int value: 'soon'"),
        (["add-holiday", "England", "25.12.2026", "X"], "'25.12.2026' is no date; write such as"),
        (["add-holiday", "England", "2040-01-01", "X"], "is not within the calendar's years"),
        (["add-holiday", "England", "2026-12-24", " "], "Say what 2026-12-24 is"),
        (["extend", "England", "--to", "2027"], "has days up to 2027 already; give a later year"),
        (["extend", "England"], "the following arguments are required: --to"),
        (["extend", "England", "--to", "2101"], "2026 to 2101 are 76 years; give at most 60"),
        (["refresh"], "Say which calendar to refresh, or --all."),
        (["refresh", "England", "--all"], "Say which calendar to refresh, or --all."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_refusal_says_what_to_write(arguments: list[str], says: str) -> None:
    make_calendar(first_year=2026, last_year=2027)
    assert says in str(refuse("calendars", *arguments))
    assert HolidayCalendar.objects.get().version == 1


def test_without_any_calendar_there_is_nothing_to_refresh() -> None:
    assert run("calendars", "refresh", "--all")[0] == "There is no calendar.\n"
    assert "There are: none yet." in str(refuse("calendars", "show", "England"))
