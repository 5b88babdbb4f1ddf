"""Business calendars and exclusion windows by REST."""

from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from audit.models import JobAudit
from core.clock import database_now
from jobs.calendars.changing import create_calendar
from jobs.models import ExclusionWindow, HolidayCalendar, JobSchedule
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

ENGLAND = {
    "name": "England",
    "sources": [{"country": "GB", "subdivision": "ENG"}],
    "firstYear": 2026,
    "lastYear": 2031,
}
NIGHT = {"name": "Night", "scope": "global", "fromTime": "22:00", "untilTime": "05:00"}


def make_calendar(**fields: Any) -> HolidayCalendar:
    values = {"name": "England", "sources": ENGLAND["sources"], **fields}
    return create_calendar(actor=TESTER, fields=values)


def every_business_day(calendar: HolidayCalendar) -> JobSchedule:
    return make_schedule(
        make_job(name="Alpha"),
        schedule_type="monthly_business_day",
        on_days="business_days",
        time_of_day=time(7),
        calendar=calendar,
    )


# --- Calendars


def test_a_calendar_is_created_and_can_be_sent_again(api: Any) -> None:
    answer = api.send("post", "/api/calendars", ENGLAND | {"createdBy": "Ada"})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert api.get(answer["Location"]).json() == body
    source = {"country": "GB", "subdivision": "ENG", "market": None, "categories": None}
    assert body["sources"] == [source]
    assert (body["combine"], body["weekend"], body["halfDays"]) == ("union", 65, "business")
    assert (body["firstYear"], body["lastYear"], body["version"]) == (2026, 2031, 1)
    assert body["createdBy"] == "Ada"
    entry = JobAudit.objects.get(action="CalendarCreated")
    assert (entry.actor, entry.claimed_actor) == ("alice", "Ada")
    again = api.send("put", answer["Location"], {k: v for k, v in body.items() if k != "version"})
    assert again.json() == body


def test_enumerations_are_taken_by_number_and_name(api: Any) -> None:
    sent = {
        "combine": 2,
        "halfDays": "EarlyClose",
        "halfDayClosesAt": "13:00",
        "weekend": ["Friday"],
    }
    body = api.send("post", "/api/calendars", ENGLAND | sent).json()
    assert (body["combine"], body["halfDays"], body["halfDayClosesAt"], body["weekend"]) == (
        *("intersection", "early_close", "13:00:00", 32),
    )


@pytest.mark.parametrize("none", [0, []])
def test_a_business_may_know_no_weekend(api: Any, none: Any) -> None:
    assert api.send("post", "/api/calendars", ENGLAND | {"weekend": none}).json()["weekend"] == 0


def test_put_keeps_weekend_and_years_that_it_leaves_out_and_nothing_else(api: Any) -> None:
    holiday = {"date": "2026-12-24", "name": "Christmas Eve"}
    sent = {"weekend": 64, "extraHolidays": [holiday], "description": "x"}
    here = api.send("post", "/api/calendars", ENGLAND | sent)["Location"]
    body = api.send("put", here, {"name": "Bare"}).json()
    assert (body["weekend"], body["firstYear"], body["lastYear"]) == (64, 2026, 2031)
    assert (body["sources"], body["extraHolidays"], body["description"]) == ([], [], "")
    assert body["version"] == 2


def test_the_list_leaves_archived_ones_out_and_finds_by_name(api: Any) -> None:
    england, france = make_calendar(), make_calendar(name="France", sources=[{"country": "FR"}])
    names = [row["name"] for row in api.get("/api/calendars").json()["results"]]
    assert names == ["France", "England"]
    assert len(api.get("/api/calendars?search=ENG").json()["results"]) == 1
    assert api.send("delete", f"/api/calendars/{france.pk}").status_code == 204
    (row,) = api.get("/api/calendars").json()["results"]
    assert row["id"] == str(england.pk)
    problem_of(api.send("patch", f"/api/calendars/{france.pk}", {}), 409, "calendar_archived")


def test_a_calendar_in_use_is_not_archived(api: Any) -> None:
    calendar = make_calendar()
    schedule = every_business_day(calendar)
    answer = api.send("delete", f"/api/calendars/{calendar.pk}")
    assert str(schedule.pk) in problem_of(answer, 409, "calendar_in_use")["detail"]


def test_its_days_are_listed_by_year(api: Any) -> None:
    here = api.send("post", "/api/calendars", ENGLAND)["Location"]
    body = api.get(f"{here}/days?year=2026").json()
    assert (body["next"], body["previous"]) == (None, None)
    assert body["results"][1] == {
        "date": "2026-04-03",
        "kind": "holiday",
        "name": "Good Friday",
        "source": "GB-ENG",
    }
    assert {row["date"][:4] for row in body["results"]} == {"2026"}
    assert {row["date"][:4] for row in api.get(f"{here}/days").json()["results"]} == {
        *("2026", "2027", "2028", "2029", "2030", "2031"),
    }
    problem = problem_of(api.get(f"{here}/days?year=2032"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == "year"
    assert "from 2026 to 2031" in problem["detail"]
    problem_of(api.get(f"{here}/days?year=soon"), 400, "validation_error")


def test_a_dry_run_of_a_new_one_shows_its_days_and_saves_nothing(api: Any) -> None:
    answer = api.send("post", "/api/calendars?dryRun=true", ENGLAND)
    assert answer.status_code == 200
    body = answer.json()
    assert body["schedules"] == []
    assert body["days"][0] == {
        "date": "2026-01-01",
        "change": "added",
        "before": None,
        "after": {
            **{"date": "2026-01-01", "kind": "holiday"},
            **{"name": "New Year's Day", "source": "GB-ENG"},
        },
    }
    assert not HolidayCalendar.objects.exists()
    assert not JobAudit.objects.exists()


def test_a_dry_run_of_a_change_names_each_schedule_it_moves_and_saves_nothing(api: Any) -> None:
    calendar = make_calendar()
    schedule = every_business_day(calendar)
    assert schedule.next_fire_at is not None
    day = schedule.next_fire_at.date().isoformat()
    change = {"extraHolidays": [{"date": day, "name": "Strike"}]}
    here = f"/api/calendars/{calendar.pk}"

    body = api.send("patch", f"{here}?dryRun=true", change).json()

    assert [one["after"]["name"] for one in body["days"]] == ["Strike"]
    assert body["schedules"] == [
        {
            "scheduleId": str(schedule.pk),
            "jobDefinitionId": str(schedule.job_id),
            "jobName": "Alpha",
            "added": [],
            "removed": [f"{day}T07:00:00Z"],
            "isCut": False,
        }
    ]
    assert api.get(here).json()["extraHolidays"] == []

    assert api.send("patch", here, change).json()["version"] == 2
    moved = JobSchedule.objects.get(pk=schedule.pk)
    assert moved.next_fire_at is not None
    assert moved.next_fire_at > schedule.next_fire_at


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("name", "", "#/name"),
        ("name", None, "#/name"),
        ("name", "x" * 101, "#/name"),
        ("sources", {}, "#/sources"),
        ("sources", ["GB"], "#/sources/0"),
        ("sources", [{"country": "XX"}], "#/sources"),
        ("sources", [{"land": "GB"}], "#/sources/0/land"),
        ("sources", [{"country": {}}], "#/sources/0/country"),
        ("sources", [{"country": "US", "categories": "public"}], "#/sources/0/categories"),
        ("combine", "both", "#/combine"),
        ("weekend", "Someday", "#/weekend"),
        ("weekend", 127, "#/weekend"),
        ("weekend", False, "#/weekend"),
        ("extraHolidays", [{"date": "2026-13-01", "name": "x"}], "#/extraHolidays/0/date"),
        ("extraHolidays", [{"date": "2026-12-24"}], "#/extraHolidays/0/name"),
        ("extraHolidays", [{"date": "2032-01-01", "name": "x"}], "#/extraHolidays"),
        ("extraWorkdays", "2026-12-24", "#/extraWorkdays"),
        ("halfDays", 4, "#/halfDays"),
        ("halfDays", "early_close", "#/halfDayClosesAt"),
        ("halfDayClosesAt", "13:00Z", "#/halfDayClosesAt"),
        ("firstYear", "soon", "#/firstYear"),
        ("firstYear", 1900, "#/firstYear"),
        ("lastYear", 2025, "#/lastYear"),
        ("lastYear", 2090, "#/lastYear"),
        ("holidays", [], "#/holidays"),
    ],
)
@pytest.mark.parametrize("query", ["", "?dryRun=true"])
def test_a_bad_value_is_refused_by_the_name_of_its_field(
    api: Any, field: str, value: Any, pointer: str, query: str
) -> None:
    answer = api.send("post", f"/api/calendars{query}", ENGLAND | {field: value})
    problem = problem_of(answer, 400, "validation_error")
    assert {error["pointer"] for error in problem["errors"]} == {pointer}
    assert not HolidayCalendar.objects.exists()


def test_the_nearest_names_are_told(api: Any) -> None:
    answer = api.send("post", "/api/calendars", ENGLAND | {"sources": [{"country": "Germny"}]})
    detail = problem_of(answer, 400, "validation_error")["detail"]
    assert detail.startswith(
        "sources: [0]: There is no country 'Germny'; did you mean DE (Germany)"
    )


@pytest.mark.parametrize("path", ["", "/days"])
def test_an_unknown_calendar_is_a_404(api: Any, path: str) -> None:
    problem_of(api.get(f"/api/calendars/{uuid4()}{path}"), 404, "not_found")


# --- Exclusion windows


def test_a_window_is_created_and_can_be_sent_again(api: Any) -> None:
    schedule = make_schedule()
    sent = NIGHT | {"daysOfWeek": ["Monday", "Friday"], "onExcluded": 2, "createdBy": "Ada"}
    answer = api.send("post", "/api/exclusions", sent)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert api.get(answer["Location"]).json() == body
    assert (body["scope"], body["onExcluded"], body["daysOfWeek"]) == ("global", "defer", 34)
    assert (body["fromTime"], body["untilTime"]) == ("22:00:00", "05:00:00")
    assert (body["calendar"], body["startsAtUtc"], body["createdBy"]) == (None, None, "Ada")
    assert JobSchedule.objects.get(pk=schedule.pk).version == 2
    assert api.send("put", answer["Location"], body).json() == body


def test_a_window_takes_each_of_its_forms(api: Any) -> None:
    calendar, now = make_calendar(), database_now().replace(microsecond=0)
    start, end = (f"{now + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}" for n in (1, 2))
    for name, form in {
        "Instants": {"startsAtUtc": start, "endsAtUtc": end},
        "Dates": {"firstDate": "2026-12-24", "lastDate": "2026-12-26", "timezone": "Europe/Berlin"},
        "Calendar": {"calendar": "England"},
        "Calendar by id": {"calendar": str(calendar.pk)},
    }.items():
        answer = api.send("post", "/api/exclusions", {"name": name, **form})
        assert answer.status_code == 201, answer.content
        body = answer.json()
        shown = form | ({"calendar": "England"} if "calendar" in form else {})
        assert {field: body[field] for field in form} == shown


def test_another_form_takes_the_place_of_the_one_it_had(api: Any) -> None:
    here = api.send("post", "/api/exclusions", NIGHT)["Location"]
    change = {"firstDate": "2026-12-24", "lastDate": "2026-12-24"}
    problem = problem_of(api.send("patch", here, change), 400, "validation_error")
    assert "do not go together" in problem["detail"]
    body = api.send("patch", here, change | {"fromTime": None, "untilTime": None}).json()
    assert (body["firstDate"], body["fromTime"]) == ("2026-12-24", None)
    body = api.send("put", here, NIGHT).json()
    assert (body["firstDate"], body["fromTime"]) == (None, "22:00:00")


def test_windows_are_listed_by_scope_and_team_and_archived_ones_are_not(api: Any) -> None:
    made = [
        api.send("post", "/api/exclusions", {**NIGHT, "name": f"Night {n}", **more}).json()["id"]
        for n, more in enumerate(
            [{}, {"scope": "team", "teamName": "Sales"}, {"scope": "schedule"}, {}]
        )
    ]
    assert api.send("delete", f"/api/exclusions/{made[3]}").status_code == 204
    for query, expected in {
        "": [made[2], made[1], made[0]],
        "?scope=global&scope=team": [made[1], made[0]],
        "?teamName=Sales": [made[1]],
    }.items():
        rows = api.get(f"/api/exclusions{query}").json()["results"]
        assert [row["id"] for row in rows] == expected


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("name", "", "#/name"),
        ("scope", "tenant", "#/scope"),
        ("scope", "team", "#/teamName"),
        ("teamName", "Sales", "#/teamName"),
        ("onExcluded", 3, "#/onExcluded"),
        ("timezone", "Mars/Olympus", "#/timezone"),
        ("startsAtUtc", "tomorrow", "#/startsAtUtc"),
        ("firstDate", "2026-02-30", "#/firstDate"),
        ("firstDate", "2026-02-20", "#/untilTime"),
        ("daysOfWeek", 128, "#/daysOfWeek"),
        ("untilTime", None, "#/untilTime"),
        ("untilTime", "05:00+01:00", "#/untilTime"),
        ("calendar", "Englund", "#/calendar"),
        ("weekend", 65, "#/weekend"),
    ],
)
def test_a_bad_value_of_a_window_is_refused_by_its_name(
    api: Any, field: str, value: Any, pointer: str
) -> None:
    make_calendar()
    answer = api.send("post", "/api/exclusions", NIGHT | {field: value})
    problem = problem_of(answer, 400, "validation_error")
    assert {error["pointer"] for error in problem["errors"]} == {pointer}
    assert not ExclusionWindow.objects.exists()


# --- Who may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/calendars"),
        ("post", "/api/calendars"),
        ("post", "/api/calendars?dryRun=true"),
        ("get", "/api/exclusions"),
        ("post", "/api/exclusions"),
    ],
)
def test_who_may_nothing_is_refused(bob_api: Any, method: str, path: str) -> None:
    problem_of(
        bob_api.send(method, path, {} if method == "post" else None), 403, "permission_denied"
    )
