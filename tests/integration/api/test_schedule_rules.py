"""Every kind of rule and every policy by REST: what is sent is kept, and comes back."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import database_now
from jobs.models import JobSchedule
from tests.factories import make_job, make_schedule
from tests.integration.api.business import make_calendar, make_window
from tests.integration.api.test_problems import problem_of
from tests.integration.api.test_schedules import address, create, make_daily, patch, put

pytestmark = pytest.mark.django_db

SIX = {"timeOfDay": "06:00:00"}
BUSINESS = {"scheduleType": 5, **SIX}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (2, {**SIX, "repeatEvery": 3}),
        (3, {**SIX, "daysOfWeek": 2, "repeatEvery": 2}),
        (3, {**SIX, "daysOfWeek": 34, "roll": "preceding", "offsetBusinessDays": 1}),
        (4, {**SIX, "dayOfMonth": -1}),
        (4, {**SIX, "dayOfMonth": 30, "shortMonth": "skip"}),
        (4, {**SIX, "nthWeekday": -1, "daysOfWeek": 32}),
        (4, {**SIX, "dayOfMonth": 25, "roll": "modified_following"}),
        (4, {**SIX, "dayOfMonth": 25, "roll": "following", "repeatEvery": 120}),
        (5, {**SIX, "businessDayOfMonth": 3}),
        (5, {**SIX, "businessDayOfMonth": -1, "repeatEvery": 3}),
        (5, {**SIX, "nthWeekday": 1, "daysOfWeek": 2, "repeatEvery": 12}),
        (5, {**SIX, "businessDayOfMonth": -1, "adjustToPreviousBusinessDay": False}),
        (5, {**SIX, "dayOfMonth": 25, "adjustToPreviousBusinessDay": True}),
        (5, {**SIX, "dayOfMonth": 25, "roll": "following", "offsetBusinessDays": -2}),
        (5, {**SIX, "daysOfWeek": 32, "roll": "preceding"}),
        (5, {**SIX, "onDays": "non_business_days"}),
        (6, {"cronExpression": "0 0 6 ? * 2", "cronDialect": "quartz"}),
        (6, {"cronExpression": "0 0 13 * FRI", "dayMatch": "and"}),
        (6, {"cronExpression": "0 0 LW * *"}),
        (6, {"cronExpression": "H H * * *"}),
        (8, {"intervalUnit": "month", "repeatEvery": 2}),
        (8, {"intervalSeconds": 900, "align": "epoch"}),
        (10, {"delaySeconds": 300}),
        ("AfterCompletion", {"delaySeconds": 1}),
    ],
)
def test_each_kind_keeps_what_it_is_told_and_knows_its_next_fire(api, kind, fields):
    answer = create(api, scheduleType=kind, **fields)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert {name: body[name] for name in fields} == fields
    assert body["nextExecutionUtc"] > f"{database_now():%Y-%m-%dT%H:%M:%S}"
    again = api.send("put", answer["Location"], body).json()
    assert again == body


@pytest.mark.parametrize(
    "when", [SIX, {"cronExpression": "*/15 * * * *"}, {"intervalSeconds": 600}]
)
@pytest.mark.parametrize("kind", [7, "Conditional"])
def test_a_conditional_schedule_looks_at_any_sort_of_time(api, when, kind):
    expression = 'prev.status == "SUCCESS" && prev.rows > 1000'
    body = create(api, scheduleType=kind, conditionalExpression=expression, **when).json()
    assert (body["scheduleType"], body["conditionalExpression"]) == ("conditional", expression)
    assert body["nextExecutionUtc"].endswith("Z")
    assert body["description"].endswith(", if its condition holds")


@pytest.mark.parametrize(
    "fields",
    [
        {"misfirePolicy": "run_all", "misfireGraceSeconds": 60, "maxCatchup": 7},
        {"misfirePolicy": "skip", "catchupWindowSeconds": 3_600},
        {"overlap": "allow", "overlapLimit": 3},
        {"overlap": "terminate_running"},
        {"spreadSeconds": 600, "maxRuns": 10, "pauseAfterFailures": 3},
        {"dstGap": "skip", "dstRepeat": "both"},
        {"conditions": {"previous": {"outcome": ["succeeded"]}}, "onFalse": "wait"},
        {"onError": "run", "pollSeconds": 30, "waitSeconds": 600},
    ],
    ids=lambda fields: next(iter(fields.items())),
)
def test_each_policy_is_kept(api, fields):
    schedule = make_daily()
    defaults = api.get(address(schedule)).json()
    body = patch(api, schedule, **fields).json()
    assert {name: body[name] for name in fields} == fields
    body = put(api, schedule).json()
    assert {name: body[name] for name in fields} == {name: defaults[name] for name in fields}


def test_what_is_left_out_has_its_default(api):
    body = api.get(address(make_daily())).json()
    assert {name: body[name] for name in ("misfirePolicy", "overlap", "onFalse", "onError")} == {
        "misfirePolicy": "run_latest",
        "overlap": "queue_one",
        "onFalse": "skip",
        "onError": "fail",
    }
    assert (body["maxCatchup"], body["spreadSeconds"], body["runCount"]) == (100, 0, 0)
    assert (body["adjustToPreviousBusinessDay"], body["exclusions"]) == (False, [])
    assert (body["version"], body["description"]) == (1, "At 06:00 every day, UTC time")


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("misfirePolicy", 2, "run_all"),
        ("misfirePolicy", "RunLatest", "run_latest"),
        ("overlap", "5", "terminate_running"),
        ("overlap", "QueueAll", "queue_all"),
        ("dstGap", 2, "skip"),
        ("dstRepeat", "Second", "second"),
        ("onFalse", 2, "wait"),
        ("onError", "Run", "run"),
    ],
)
def test_choices_are_numbers_or_names(api, field, sent, kept):
    assert patch(api, make_daily(), **{field: sent}).json()[field] == kept


@pytest.mark.parametrize(
    ("field", "others"),
    [("dayOfMonth", {}), ("nthWeekday", {"daysOfWeek": 2}), ("businessDayOfMonth", {})],
)
@pytest.mark.parametrize("last", ["last", "Last", -1, "-1"], ids=repr)
def test_the_last_may_be_called_so(api, field, others, last):
    kind = 5 if field == "businessDayOfMonth" else 4
    body = create(api, scheduleType=kind, **SIX, **others, **{field: last}).json()
    assert body[field] == -1


def test_a_rule_without_calendar_says_that_it_knows_no_holidays(api):
    body = create(api, **BUSINESS, businessDayOfMonth=3).json()
    assert body["calendar"] is None
    assert body["description"].endswith("no holidays")


# --- Calendars and exclusions


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_calendar_goes_by_its_name_or_its_id_and_comes_by_its_name(api, by):
    calendar = make_calendar("England")
    body = create(api, **BUSINESS, businessDayOfMonth=1, calendar=str(getattr(calendar, by))).json()
    assert body["calendar"] == "England"
    assert "England" in body["description"]
    assert JobSchedule.objects.get(pk=body["id"]).calendar == calendar


def test_a_calendar_can_be_taken_away_again(api):
    make_calendar("England")
    body = create(api, **BUSINESS, businessDayOfMonth=1, calendar="England").json()
    again = api.send("patch", f"/api/schedules/{body['id']}", {"calendar": None}).json()
    assert again["calendar"] is None


def test_an_unknown_calendar_is_refused_with_what_may_be_meant(api):
    make_calendar("England")
    [error] = problem_of(create(api, calendar="Englnd"), 400, "validation_error")["errors"]
    assert (error["pointer"], error["code"]) == ("#/calendar", "unknown_calendar")
    assert error["detail"] == "There is no calendar 'Englnd'. Did you mean England?"


def test_exclusions_go_by_name_or_id_and_come_by_name(api):
    freeze, close = make_window("Freeze"), make_window("Year end")
    sent = ["Year end", str(freeze.pk), "Year end"]
    body = create(api, exclusions=sent).json()
    assert body["exclusions"] == ["Year end", "Freeze"]
    assert JobSchedule.objects.get(pk=body["id"]).exclusions == [close.pk, freeze.pk]
    assert patch(api, JobSchedule(pk=body["id"]), exclusions=[]).json()["exclusions"] == []


def test_a_window_that_holds_by_itself_cannot_be_named(api):
    make_window("Maintenance", scope="global")
    answer = create(api, exclusions=["Maintenance"])
    [error] = problem_of(answer, 400, "validation_error")["errors"]
    assert (error["pointer"], error["code"]) == ("#/exclusions", "unknown_exclusion")
    assert "those of other scopes hold by themselves" in error["detail"]


def test_what_runs_next_is_what_no_window_excludes(api):
    make_window("Morning", from_time="05:00", until_time="07:00", on_excluded="defer")
    body = create(api, exclusions=["Morning"]).json()
    assert body["nextExecutionUtc"].endswith("T07:00:00Z")


def test_a_rule_that_is_excluded_for_ever_is_refused(api):
    make_window("Morning", from_time="05:00", until_time="07:00")
    [error] = problem_of(create(api, exclusions=["Morning"]), 400, "validation_error")["errors"]
    assert (error["pointer"], error["code"]) == ("#/exclusions", "excluded_for_ever")


def test_a_calendar_that_ends_leaves_the_schedule_stuck_and_says_why(api):
    make_calendar("England", last_year=2025)
    body = create(api, **BUSINESS, businessDayOfMonth=1, calendar="England").json()
    assert body["nextExecutionUtc"] is None
    assert "'England' has dates up to 2025" in body["stuckReason"]


def test_calendars_and_windows_of_a_page_are_read_at_once(api):
    make_calendar("England")
    make_window("Freeze")

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert api.get("/api/schedules").status_code == 200
        return len(queries)

    fields = {"businessDayOfMonth": 1, "calendar": "England", "exclusions": ["Freeze"]}
    create(api, **BUSINESS, **fields)
    few = count()
    for _ in range(4):
        create(api, **BUSINESS, **fields)
    assert count() == few
    assert {tuple(row["exclusions"]) for row in api.get("/api/schedules").json()["results"]} == {
        ("Freeze",)
    }


# --- Changes


@pytest.mark.parametrize(
    ("before", "change", "gone"),
    [
        ({"scheduleType": 3, "daysOfWeek": 2}, {"scheduleType": 4, "dayOfMonth": 31}, "daysOfWeek"),
        ({"scheduleType": 4, "dayOfMonth": 5}, {"nthWeekday": 1, "daysOfWeek": 2}, "dayOfMonth"),
        (
            {"scheduleType": 5, "dayOfMonth": 5, "roll": "preceding"},
            {"businessDayOfMonth": 1},
            "roll",
        ),
        ({"scheduleType": 5, "businessDayOfMonth": 5}, {"dayOfMonth": 1}, "businessDayOfMonth"),
        (
            {"scheduleType": 5, "businessDayOfMonth": 5, "repeatEvery": 3},
            {"onDays": "business_days"},
            "repeatEvery",
        ),
        (
            {"scheduleType": 2, "repeatEvery": 3},
            {"scheduleType": 3, "daysOfWeek": 2},
            "repeatEvery",
        ),
        (
            {"scheduleType": 7, "conditionalExpression": "prev.exists"},
            {"cronExpression": "0 6 * * *"},
            "timeOfDay",
        ),
        (
            {"scheduleType": 8, "intervalSeconds": 60, "timeOfDay": None},
            {"intervalUnit": "day"},
            "intervalSeconds",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value)[:60],
)
def test_a_day_or_time_in_one_way_takes_the_place_of_another(api, before, change, gone):
    made = create(api, **{**SIX, **before})
    assert made.status_code == 201, made.content
    answer = api.send("patch", made["Location"], change)
    assert answer.status_code == 200, answer.content
    assert made.json()[gone] is not None
    assert answer.json()[gone] is None


def test_both_ways_at_once_are_refused_by_the_names_of_the_contract(api):
    answer = create(api, scheduleType=4, **SIX, dayOfMonth=1, nthWeekday=1, daysOfWeek=2)
    [error] = problem_of(answer, 400, "validation_error")["errors"]
    assert error["pointer"] == "#/nthWeekday"
    assert error["detail"].startswith("nthWeekday and dayOfMonth name different days")


def test_a_new_rule_never_fires_at_once_and_skips_no_slot_that_is_due(api):
    now = database_now()
    due = make_schedule(next_fire_at=now - timedelta(seconds=5))
    other = make_schedule(next_fire_at=now + timedelta(days=1))

    for schedule in (due, other):
        assert patch(api, schedule, intervalSeconds=60).status_code == 200
        schedule.refresh_from_db()

    assert due.next_fire_at == now - timedelta(seconds=5)
    assert other.next_fire_at > now


def test_enabling_again_fires_nothing_of_the_time_between(api):
    schedule = make_schedule(interval_seconds=60)
    patch(api, schedule, isActive=False)
    long_ago = database_now() - timedelta(days=1)
    JobSchedule.objects.filter(pk=schedule.pk).update(anchor_at=long_ago)

    body = patch(api, schedule, isActive=True).json()

    following = datetime.fromisoformat(body["nextExecutionUtc"])
    assert timedelta(0) < following - database_now() <= timedelta(minutes=1)


def test_a_change_counts_up_the_version_of_the_rule_only(api):
    schedule = make_daily()
    assert patch(api, schedule, parameters={"a": 1}).json()["version"] == 1
    assert patch(api, schedule, timeOfDay="07:00").json()["version"] == 2


def test_of_a_job_and_of_its_page_the_schedules_are_the_same(api):
    make_calendar("England")
    job = make_job()
    create(api, jobDefinitionId=str(job.pk), **BUSINESS, businessDayOfMonth=1, calendar="England")
    page = api.get(f"/api/jobs/{job.pk}/schedules").json()["results"]
    assert page == api.get(f"/api/schedules?jobDefinitionId={job.pk}").json()["results"]
    assert page[0]["calendar"] == "England"


# --- Pausing


def pause(api, schedule, **body):
    return api.send("post", f"{address(schedule)}/pause", body)


def resume(api, schedule):
    return api.send("post", f"{address(schedule)}/resume")


def test_a_pause_has_a_reason_and_an_end_and_opens_nothing(api):
    schedule = make_daily()
    answer = pause(api, schedule, reason="month end", untilUtc="2130-01-01T06:00:00Z")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["pausedBy"], body["pauseReason"]) == ("alice", "month end")
    assert body["resumeAtUtc"] == "2130-01-01T06:00:00Z"
    assert body["pausedAtUtc"].endswith("Z")
    assert (body["isActive"], body["nextExecutionUtc"]) == (True, None)
    assert api.get(address(schedule)).json() == body


def test_resuming_goes_on_from_now(api):
    schedule = make_daily()
    before = api.get(address(schedule)).json()
    pause(api, schedule, reason="month end", untilUtc=None)
    answer = resume(api, schedule)
    assert answer.status_code == 200
    after = answer.json()
    assert after["nextExecutionUtc"] == before["nextExecutionUtc"]
    assert after["pausedAtUtc"] is after["pausedBy"] is after["pauseReason"] is None


def test_a_paused_schedule_can_be_edited_and_stays_paused(api):
    schedule = make_daily()
    pause(api, schedule, reason="month end")
    body = put(api, schedule, timeOfDay="07:00").json()
    assert (body["timeOfDay"], body["pauseReason"]) == ("07:00:00", "month end")
    assert body["nextExecutionUtc"] is None


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({}, "reason", "required"),
        ({"reason": ""}, "reason", "blank"),
        ({"reason": " "}, "reason", "blank"),
        ({"reason": None}, "reason", "null"),
        ({"reason": 17.5, "untilUtc": "x"}, "untilUtc", "format"),
        ({"reason": ["x"]}, "reason", "Send a text"),
        ({"reason": "x" * 2_001}, "reason", "2000"),
        ({"reason": "x", "untilUtc": "2020-01-01"}, "untilUtc", "is over; give a later instant"),
        ({"reason": "x", "until": "2130-01-01"}, "until", "did you mean untilUtc?"),
    ],
)
def test_a_bad_pause_is_refused_by_field(api, body, field, detail):
    schedule = make_daily()
    problem = problem_of(pause(api, schedule, **body), 400, "validation_error")
    [error] = problem["errors"]
    assert error["pointer"] == f"#/{field}"
    assert detail in error["detail"]
    schedule.refresh_from_db()
    assert schedule.paused_at is None


def test_what_is_not_paused_cannot_be_resumed(api):
    problem_of(resume(api, make_daily()), 409, "schedule_not_paused")


def test_an_archived_schedule_cannot_be_paused_or_resumed(api):
    schedule = make_daily()
    api.send("delete", address(schedule))
    problem_of(pause(api, schedule, reason="x"), 409, "schedule_archived")
    problem_of(resume(api, schedule), 409, "schedule_archived")


def test_pausing_what_is_not_there_is_not_found(api):
    schedule = JobSchedule(pk=uuid4())
    assert pause(api, schedule, reason="x").status_code == 404
    assert resume(api, schedule).status_code == 404
