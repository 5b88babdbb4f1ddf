"""The simulator of a schedule: two years of days, each marked where something is odd."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from core.clock import database_now
from jobs.admin.simulator import Day, Picture, draw
from jobs.calendars.changing import create_calendar
from jobs.models import HolidayCalendar, JobSchedule
from jobs.pausing import pause_schedule
from jobs.windows import create_window
from tests.factories import TESTER, make_schedule
from tests.integration.pages import sign_in

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 10, tzinfo=UTC)


def picture_of(schedule: JobSchedule, *, first: date = date(2026, 1, 1)) -> Picture:
    return draw(schedule, first=first, now=NOW)


def day_of(picture: Picture, name: str, number: int) -> Day:
    month = next(month for month in picture.months if month.name == name)
    return next(day for week in month.weeks for day in week if day and day.number == number)


def make_daily(at: time, **fields: Any) -> JobSchedule:
    return make_schedule(schedule_type="daily", time_of_day=at, **fields)


def make_england(**fields: Any) -> HolidayCalendar:
    values = {"name": "England", "sources": [{"country": "GB", "subdivision": "ENG"}]}
    years = {"first_year": 2025, "last_year": 2031}
    return create_calendar(actor=TESTER, fields=values | years | fields)


def test_a_picture_has_24_months_of_whole_weeks_from_monday_on() -> None:
    picture = picture_of(make_daily(time(6)))
    assert [picture.months[0].name, picture.months[-1].name] == ["January 2026", "December 2027"]
    assert len(picture.months) == 24
    first_week = picture.months[0].weeks[0]
    assert [day and day.number for day in first_week] == [None, None, None, 1, 2, 3, 4]
    assert (picture.fire_count, picture.odd_count) == (730, 0)


def test_a_time_that_the_clock_leaves_out_is_marked_as_a_gap() -> None:
    picture = picture_of(make_daily(time(2, 30), timezone="Europe/Berlin"))
    day = day_of(picture, "March 2026", 29)
    assert (day.mark, day.count) == ("gap", 1)
    assert "03:00:00: gap" in day.title
    assert day_of(picture, "March 2026", 28).mark == "none"
    assert [fire.word for fire in picture.odd] == ["gap", "repeat", "gap", "repeat"]


def test_a_time_that_comes_twice_is_marked_and_counted_as_often_as_it_runs() -> None:
    once = picture_of(make_daily(time(2, 30), timezone="Europe/Berlin"))
    assert day_of(once, "October 2026", 25).count == 1
    both = picture_of(make_daily(time(2, 30), timezone="Europe/Berlin", dst_repeat="both"))
    day = day_of(both, "October 2026", 25)
    assert (day.mark, day.count) == ("repeat", 2)


def test_a_day_that_a_holiday_moves_is_marked_where_it_falls() -> None:
    schedule = make_schedule(
        **{"schedule_type": "monthly", "time_of_day": time(7), "day_of_month": 25},
        **{"roll": "following", "calendar": make_england(), "timezone": "Europe/London"},
    )
    picture = picture_of(schedule)
    assert day_of(picture, "December 2026", 29).mark == "shifted"
    christmas = day_of(picture, "December 2026", 25)
    assert (christmas.mark, christmas.is_closed) == ("", True)
    assert "Christmas Day" in christmas.title
    moved = next(fire for fire in picture.odd if fire.business_date == date(2026, 12, 25))
    assert "Christmas Day" in moved.note


def test_what_an_exclusion_skips_or_defers_is_marked() -> None:
    night = {"from_time": time(1), "until_time": time(4), "days_of_week": 64}
    window = create_window(actor=TESTER, fields={"name": "Backup", "on_excluded": "defer", **night})
    freeze = {"first_date": date(2026, 12, 28), "last_date": date(2026, 12, 30)}
    create_window(actor=TESTER, fields={"name": "Freeze", "scope": "global", **freeze})
    picture = picture_of(make_daily(time(1, 30), exclusions=[window.pk]))
    saturday, frozen = day_of(picture, "January 2026", 3), day_of(picture, "December 2026", 28)
    assert (saturday.mark, saturday.count) == ("deferred", 1)
    assert "04:00:00: deferred" in saturday.title
    assert (frozen.mark, frozen.count) == ("skipped", 0)
    assert "Freeze" in frozen.title


def test_the_days_of_a_pause_are_marked_until_it_resumes() -> None:
    schedule = make_daily(time(6))
    pause_schedule(actor=TESTER, schedule=schedule, reason="Move", until=_later(days=2))
    schedule.refresh_from_db()
    now = database_now()
    picture = draw(schedule, first=now.date(), now=now)
    marks = [day.mark for month in picture.months for week in month.weeks for day in week if day]
    assert marks.count("paused") == 2
    assert marks[-1] == "none"


def test_many_fires_a_day_are_counted() -> None:
    picture = picture_of(make_schedule(schedule_type="cron", cron_expression="0 * * * *"))
    day = day_of(picture, "January 2026", 5)
    assert (day.count, picture.cut_at) == (24, None)
    assert "and 16 more" in day.title


def test_more_than_a_page_holds_is_cut_and_says_where() -> None:
    picture = picture_of(make_schedule(schedule_type="cron", cron_expression="* * * * *"))
    assert picture.fire_count == 20_000
    assert picture.cut_at is not None
    assert picture.cut_at.date() == date(2026, 1, 14)


def test_a_calendar_that_ends_is_said_and_not_taken_for_no_holidays() -> None:
    schedule = make_schedule(
        **{"schedule_type": "monthly_business_day", "time_of_day": time(7)},
        **{"business_day_of_month": 1, "calendar": make_england(last_year=2026)},
    )
    picture = picture_of(schedule)
    assert "has dates up to 2026" in picture.problem
    assert picture.fire_count == 12


def test_the_page_shows_the_months_and_what_is_odd_below(as_alice: Client) -> None:
    schedule = make_daily(time(2, 30), timezone="Europe/Berlin")
    url = reverse("admin:jobs_jobschedule_simulator", args=[schedule.pk])
    page = as_alice.get(url, {"from": "2026-03"}).text
    assert "March 2026" in page
    assert "February 2028" in page
    assert "Sun 2026-03-29 03:00:00 +02:00" in page
    assert 'href="?from=2028-03"' in page
    for nonsense in ("soon", "9999-01", "2026-13"):
        assert as_alice.get(url, {"from": nonsense}).status_code == 200


def test_what_fires_after_its_own_runs_cannot_be_simulated(as_alice: Client) -> None:
    schedule = make_schedule(schedule_type="after_completion", delay_seconds=60)
    page = as_alice.get(reverse("admin:jobs_jobschedule_simulator", args=[schedule.pk])).text
    assert "cannot be foreseen" in page


def test_only_who_may_see_schedules_simulates_them(client: Client, bob: User) -> None:
    url = reverse("admin:jobs_jobschedule_simulator", args=[make_schedule().pk])
    assert sign_in(client, bob, "view_jobschedule").get(url).status_code == 200
    assert sign_in(client, bob, "view_jobdefinition").get(url).status_code == 403


def _later(*, days: int) -> datetime:
    return database_now() + timedelta(days=days)
