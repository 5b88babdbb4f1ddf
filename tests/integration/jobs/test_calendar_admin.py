"""Holiday calendars and exclusion windows in the admin: every write is a service's."""

from datetime import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import JobAudit
from core.clock import database_now
from jobs.calendars.changing import create_calendar
from jobs.models import ExclusionWindow, HolidayCalendar, JobSchedule
from jobs.windows import create_window
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.pages import do, page_of, sign_in

pytestmark = pytest.mark.django_db

CALENDARS = reverse("admin:jobs_holidaycalendar_changelist")
ADD_CALENDAR = reverse("admin:jobs_holidaycalendar_add")
WINDOWS = reverse("admin:jobs_exclusionwindow_changelist")
ADD_WINDOW = reverse("admin:jobs_exclusionwindow_add")
ENGLAND = '[{"country": "GB", "subdivision": "ENG"}]'


def calendar_values(**changes: Any) -> dict[str, Any]:
    return {
        **{"name": "England", "sources": ENGLAND, "combine": "union", "half_days": "business"},
        **{"first_year": "2025", "last_year": "2031"},
        **changes,
    }


def window_values(**changes: Any) -> dict[str, Any]:
    return {
        **{"name": "Backup", "scope": "schedule", "on_excluded": "skip", "form": "recurring"},
        **{"from_time": "22:00", "until_time": "02:00"},
        **changes,
    }


def make_england(**fields: Any) -> HolidayCalendar:
    values = {"name": "England", "sources": [{"country": "GB", "subdivision": "ENG"}]}
    years = {"first_year": 2025, "last_year": 2031}
    return create_calendar(actor=TESTER, fields=values | years | fields)


def make_payroll(calendar: HolidayCalendar) -> JobSchedule:
    """On the 3rd business day of each month."""
    return make_schedule(
        make_job(name="Payroll"),
        **{"schedule_type": "monthly_business_day", "time_of_day": time(6)},
        **{"business_day_of_month": 3, "calendar": calendar},
    )


def test_a_calendar_is_made_with_its_first_version(as_alice: Client) -> None:
    days = "2026-12-24 Christmas Eve\n\n2026-12-31  New Year's Eve"
    answer = as_alice.post(ADD_CALENDAR, calendar_values(extra_holidays=days))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    calendar = HolidayCalendar.objects.get()
    assert calendar.extra_holidays == [
        {"date": "2026-12-24", "name": "Christmas Eve"},
        {"date": "2026-12-31", "name": "New Year's Eve"},
    ]
    assert (calendar.version, calendar.weekend) == (1, 65)
    assert JobAudit.objects.get(action="CalendarCreated").actor == "alice"


def test_years_and_weekend_that_are_left_out_are_those_of_the_sources(as_alice: Client) -> None:
    egypt = '[{"country": "EG"}]'
    as_alice.post(ADD_CALENDAR, calendar_values(sources=egypt, first_year="", last_year=""))
    calendar = HolidayCalendar.objects.get()
    assert calendar.weekend == 32 + 64
    assert calendar.first_year < database_now().year < calendar.last_year


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"sources": "{"}, "sources"),
        ({"sources": '{"country": "GB"}'}, "sources"),
        ({"sources": '[{"country": "Atlantis"}]'}, "sources"),
        ({"combine": "most"}, "combine"),
        ({"weekend": ["3"]}, "weekend"),
        ({"extra_holidays": "24.12.2026 Christmas Eve"}, "extra_holidays"),
        ({"extra_holidays": "2026-12-24"}, "extra_holidays"),
        ({"extra_workdays": "2099-12-24 Too late"}, "extra_workdays"),
        ({"half_days": "some"}, "half_days"),
        ({"half_days": "early_close"}, "half_day_closes_at"),
        ({"first_year": "1000"}, "first_year"),
        ({"last_year": "2024"}, "last_year"),
        ({"last_year": "never"}, "last_year"),
    ],
)
def test_what_is_wrong_with_a_calendar_stands_at_its_field(
    as_alice: Client, changes: dict[str, Any], field: str
) -> None:
    answer = as_alice.post(ADD_CALENDAR, calendar_values(**changes))
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not HolidayCalendar.objects.exists()


def test_an_edit_tells_which_days_and_schedules_move_before_it_is_saved(as_alice: Client) -> None:
    calendar = make_england()
    schedule = make_payroll(calendar)
    day = schedule.next_fire_at.date()
    values = calendar_values(weekend=["1", "64"], extra_holidays=f"{day} Founders' day")
    url = reverse("admin:jobs_holidaycalendar_preview_saved", args=[calendar.pk])
    panel = as_alice.post(url, values).json()["panel"]
    assert "1 day changes, and 1 schedule moves" in panel
    assert "Payroll" in panel
    assert f"{day:%a %Y-%m-%d} 06:00:00" in panel
    calendar.refresh_from_db()
    assert (calendar.version, calendar.extra_holidays) == (1, [])
    as_alice.post(page_of(calendar), values)
    schedule.refresh_from_db()
    assert schedule.next_fire_at.date() > day
    assert JobAudit.objects.filter(action="CalendarChanged", actor="alice").exists()


def test_an_unchanged_calendar_keeps_its_version(as_alice: Client) -> None:
    calendar = make_england()
    url = reverse("admin:jobs_holidaycalendar_preview_saved", args=[calendar.pk])
    values = calendar_values(weekend=["1", "64"])
    assert "no day changes" in as_alice.post(url, values).json()["panel"]
    as_alice.post(page_of(calendar), values)
    calendar.refresh_from_db()
    assert calendar.version == 1


def test_the_preview_of_a_new_calendar_lists_its_days(as_alice: Client) -> None:
    url = reverse("admin:jobs_holidaycalendar_preview")
    panel = as_alice.post(url, calendar_values()).json()["panel"]
    assert "2025-12-25" in panel
    assert "holiday: Christmas Day" in panel
    wrong = as_alice.post(url, calendar_values(sources="[7]")).json()
    assert list(wrong["problems"]) == ["sources"]
    assert not HolidayCalendar.objects.exists()


def test_a_page_shows_the_days_of_a_year_and_who_reckons_with_them(as_alice: Client) -> None:
    calendar = make_england(extra_workdays=[{"date": "2027-01-02", "name": "Stocktaking"}])
    make_payroll(calendar)
    page = as_alice.get(page_of(calendar), {"year": "2027"}).text
    assert "Days of 2027" in page
    assert "2027-12-27" in page
    assert "Stocktaking" in page
    assert "Payroll" in page
    for nonsense in ("soon", "1800", "9999", "20260"):
        assert as_alice.get(page_of(calendar), {"year": nonsense}).status_code == 200


def test_the_list_warns_of_a_calendar_that_ends_soon(as_alice: Client) -> None:
    year = database_now().year
    make_england()
    ending = make_england(name="Short", first_year=year - 1, last_year=year - 1)
    make_schedule(
        **{"schedule_type": "monthly_business_day", "time_of_day": time(6)},
        **{"business_day_of_month": 3, "calendar": ending},
    )
    said = "1 schedule reckons with it, 1 of them can go no further. Give it a later last year."
    assert said in as_alice.get(page_of(ending)).text
    page = as_alice.get(CALENDARS).text
    assert "1 stuck" in page
    assert "covered" in page
    assert "GB-ENG" in page


def test_days_are_worked_out_again_after_a_question(as_alice: Client) -> None:
    calendar = make_england()
    assert "England: no day changes." in do(as_alice, "refresh", calendar).text
    version = calendar.versions.get()
    version.days = version.days[1:]
    version.save()
    assert "England: 1 day changes" in do(as_alice, "refresh", calendar).text
    do(as_alice, "refresh", calendar, _confirmed="1")
    calendar.refresh_from_db()
    assert calendar.version == 2


def test_a_calendar_in_use_is_not_archived(as_alice: Client) -> None:
    calendar = make_england()
    schedule = make_payroll(calendar)
    assert "is used by" in do(as_alice, "archive", calendar, _confirmed="1").text
    JobSchedule.objects.filter(pk=schedule.pk).update(calendar=None)
    do(as_alice, "archive", calendar, _confirmed="1")
    assert page_of(calendar) not in as_alice.get(CALENDARS).text
    assert page_of(calendar) in as_alice.get(CALENDARS, {"state": "archived"}).text
    assert 'name="_save"' not in as_alice.get(page_of(calendar)).text


def test_who_may_only_read_calendars_changes_nothing(client: Client, bob: User) -> None:
    calendar = make_england()
    viewer = sign_in(client, bob, "view_holidaycalendar")
    assert "Christmas Day" in viewer.get(page_of(calendar), {"year": "2026"}).text
    url = reverse("admin:jobs_holidaycalendar_preview_saved", args=[calendar.pk])
    assert viewer.post(url, calendar_values()).status_code == 403
    assert viewer.post(page_of(calendar), calendar_values(name="Mine")).status_code == 403
    assert do(viewer, "archive", calendar, _confirmed="1").status_code == 403
    calendar.refresh_from_db()
    assert (calendar.name, calendar.archived_at) == ("England", None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"days_of_week": ["64", "1"]}, "22:00 to 02:00 on Saturday and Sunday"),
        ({"timezone": "Asia/Tokyo"}, "22:00 to 02:00 on every day, Asia/Tokyo time"),
        (
            {"form": "dates", "first_date": "2026-12-24", "last_date": "2027-01-01"},
            "2026-12-24 to 2027-01-01",
        ),
        (
            {
                **{"form": "instants", "starts_at_0": "2026-12-24", "starts_at_1": "22:00"},
                **{"ends_at_0": "2026-12-25", "ends_at_1": "06:00"},
            },
            "2026-12-24 22:00:00 UTC to 2026-12-25 06:00:00 UTC",
        ),
        ({"scope": "team", "team_name": "Finance"}, "jobs of Finance"),
        ({"scope": "global"}, "all schedules"),
        ({"on_excluded": "defer"}, "waits for its end"),
    ],
)
def test_every_form_of_window_can_be_made(
    as_alice: Client, changes: dict[str, Any], words: str
) -> None:
    answer = as_alice.post(ADD_WINDOW, window_values(**changes))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    window = ExclusionWindow.objects.get()
    assert words in as_alice.get(WINDOWS).text
    assert words in as_alice.get(page_of(window)).text
    form = as_alice.get(page_of(window)).context["adminform"].form
    assert form["form"].value() == changes.get("form", "recurring")
    assert JobAudit.objects.get(action="ExclusionCreated").actor == "alice"


def test_a_window_can_be_the_days_that_a_calendar_closes(as_alice: Client) -> None:
    calendar = make_england()
    as_alice.post(ADD_WINDOW, window_values(form="calendar", calendar=str(calendar.pk)))
    window = ExclusionWindow.objects.get()
    assert (window.calendar, window.from_time) == (calendar, None)
    assert "no business days of England" in as_alice.get(WINDOWS).text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"scope": "galaxy"}, "scope"),
        ({"scope": "team"}, "team_name"),
        ({"on_excluded": "ignore"}, "on_excluded"),
        ({"form": "moon"}, "form"),
        ({"from_time": "25:00"}, "from_time"),
        ({"until_time": ""}, "until_time"),
        ({"days_of_week": ["3"]}, "days_of_week"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        (
            {"form": "dates", "first_date": "2026-12-24", "last_date": "2026-12-01"},
            "last_date",
        ),
        ({"form": "dates", "first_date": "soon", "last_date": "2026-12-01"}, "first_date"),
        ({"form": "instants", "starts_at_0": "2026-12-24", "starts_at_1": "22:00"}, "ends_at"),
        ({"form": "calendar", "calendar": "England"}, "calendar"),
    ],
)
def test_what_is_wrong_with_a_window_stands_at_its_field(
    as_alice: Client, changes: dict[str, Any], field: str
) -> None:
    answer = as_alice.post(ADD_WINDOW, window_values(**changes))
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not ExclusionWindow.objects.exists()


def test_what_was_typed_for_another_form_is_not_kept(as_alice: Client) -> None:
    typed = {"first_date": "soon", "starts_at_0": "never"}
    as_alice.post(ADD_WINDOW, window_values(**typed))
    window = ExclusionWindow.objects.get()
    assert (window.first_date, window.starts_at) == (None, None)


def test_a_changed_window_moves_the_schedules_that_name_it(as_alice: Client) -> None:
    values = {"name": "Backup", "from_time": time(22), "until_time": time(2)}
    window = create_window(actor=TESTER, fields=values)
    schedule = make_schedule(
        schedule_type="cron", cron_expression="0 1,12 * * *", exclusions=[window.pk]
    )
    assert schedule.next_run_at.hour == 12
    assert str(schedule.job) in as_alice.get(page_of(window)).text
    as_alice.post(page_of(window), window_values(from_time="11:00", until_time="13:00"))
    schedule.refresh_from_db()
    assert schedule.next_run_at.hour == 1


def test_a_window_in_use_is_not_archived(as_alice: Client) -> None:
    values = {"name": "Backup", "from_time": time(22), "until_time": time(2)}
    window = create_window(actor=TESTER, fields=values)
    schedule = make_schedule(exclusions=[window.pk])
    assert "take it off them first" in do(as_alice, "archive", window, _confirmed="1").text
    JobSchedule.objects.filter(pk=schedule.pk).update(exclusions=[])
    do(as_alice, "archive", window, _confirmed="1")
    assert page_of(window) not in as_alice.get(WINDOWS).text
    assert page_of(window) in as_alice.get(WINDOWS, {"state": "archived"}).text
    assert list(as_alice.get(WINDOWS, {"scope": "team"}).context["cl"].result_list) == []
