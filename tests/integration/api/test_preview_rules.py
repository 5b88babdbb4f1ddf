"""The fires to come by REST where calendars, windows and policies have a say."""

from datetime import timedelta
from itertools import pairwise

import pytest

from core.clock import database_now
from jobs.models import JobSchedule
from jobs.ownership import change_ownership
from jobs.pausing import pause_schedule
from jobs.scheduling import archive_schedule
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.api.business import make_calendar, make_window
from tests.integration.api.test_preview import fires, preview
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

DECEMBER = {
    "2026-12-25": "Christmas Day",
    "2026-12-28": "Boxing Day (substitute)",
    "2027-01-01": "New Year's Day",
}
MONTHLY = {"scheduleType": 5, "timeOfDay": "07:00", "timezone": "Europe/London"}
HOURLY = {"scheduleType": 6, "cronExpression": "0 * * * *"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"businessDayOfMonth": 3}, ["2026-12-03T07:00:00Z", "2027-01-06T07:00:00Z"]),
        ({"businessDayOfMonth": "last"}, ["2026-12-31T07:00:00Z", "2027-01-29T07:00:00Z"]),
        ({"dayOfMonth": 25}, ["2026-12-29T07:00:00Z", "2027-01-25T07:00:00Z"]),
        (
            {"dayOfMonth": 25, "adjustToPreviousBusinessDay": True},
            ["2026-12-24T07:00:00Z", "2027-01-25T07:00:00Z"],
        ),
        ({"dayOfMonth": 25, "roll": "skip"}, ["2027-01-25T07:00:00Z", "2027-02-25T07:00:00Z"]),
    ],
    ids=str,
)
def test_business_days_are_those_of_the_named_calendar(api, fields, expected):
    make_calendar("England", holidays=DECEMBER)
    rule = {**MONTHLY, **fields, "calendar": "England"}
    assert fires(preview(api, **rule, afterUtc="2026-12-01", count=2)) == expected


def test_a_day_that_rolls_says_so_and_keeps_its_business_date(api):
    make_calendar("England", holidays=DECEMBER)
    rule = {**MONTHLY, "dayOfMonth": 25, "calendar": "England"}
    body = preview(api, **rule, afterUtc="2026-12-01", count=1).json()
    [fire] = body["fires"]
    assert (fire["businessDate"], fire["local"]) == ("2026-12-25", "2026-12-29T07:00:00+00:00")
    assert "Christmas Day" in fire["notes"][0]
    assert body["description"].endswith("England holidays")


def test_without_a_calendar_weekends_alone_are_no_business_days(api):
    rule = {**MONTHLY, "dayOfMonth": 26}
    body = preview(api, **rule, afterUtc="2026-12-01", count=1).json()
    assert [fire["fireUtc"] for fire in body["fires"]] == ["2026-12-28T07:00:00Z"]
    assert body["description"].endswith("no holidays")


def test_where_the_calendar_ends_the_fires_before_are_still_told(api):
    make_calendar("England", last_year=2026)
    rule = {**MONTHLY, "businessDayOfMonth": 1, "calendar": "England"}
    body = preview(api, **rule, afterUtc="2026-10-15").json()
    assert [fire["businessDate"] for fire in body["fires"]] == ["2026-11-02", "2026-12-01"]
    assert body["problem"].startswith("calendar 'England' has dates up to 2026")
    assert body["exhausted"] is False


def test_the_last_fire_before_the_calendar_ends_is_told_whatever_its_policies(api):
    make_calendar("England", last_year=2026)
    rule = {**MONTHLY, "businessDayOfMonth": -1, "calendar": "England", "spreadSeconds": 60}
    body = preview(api, **rule, afterUtc="2026-12-15").json()
    assert [fire["fireUtc"] for fire in body["fires"]] == ["2026-12-31T07:00:00Z"]
    assert body["fires"][0]["dueUtc"].startswith("2026-12-31T07:00:")
    assert body["problem"] is not None
    make_window("Freeze", from_time="06:00", until_time="08:00", on_excluded="defer")
    rule |= {"exclusions": ["Freeze"]}
    assert fires(preview(api, **rule, afterUtc="2026-12-15")) == ["2026-12-31T08:00:00Z"]


def test_a_window_skips_what_falls_into_it(api):
    make_window("Freeze")
    rule = {**HOURLY, "exclusions": ["Freeze"]}
    found = fires(preview(api, **rule, afterUtc="2026-05-04T09:00Z", count=3))
    assert found == [f"2026-05-04T{hour}:00:00Z" for hour in (10, 14, 15)]


def test_a_window_that_defers_makes_one_run_of_all_at_its_end(api):
    make_window("Freeze", on_excluded="defer")
    rule = {**HOURLY, "exclusions": ["Freeze"]}
    body = preview(api, **rule, afterUtc="2026-05-04T10:00Z", count=2).json()
    assert [fire["fireUtc"] for fire in body["fires"]] == [
        "2026-05-04T13:30:00Z",
        "2026-05-04T14:00:00Z",
    ]
    assert body["fires"][0]["notes"] == [
        "11:00, 12:00 and 13:00 are excluded by Freeze; run once at 13:30"
    ]


def test_windows_for_all_hold_and_those_of_a_team_where_a_job_is_named(api):
    make_window("Maintenance", scope="global", from_time="10:00", until_time="11:00")
    make_window("Close", scope="team", team_name="Finance", from_time="09:00", until_time="10:00")
    job = make_job()
    change_ownership(actor=TESTER, job=job, fields={"team_name": "Finance"})
    asked = {**HOURLY, "afterUtc": "2026-05-04T08:00Z", "count": 1}
    assert fires(preview(api, **asked)) == ["2026-05-04T09:00:00Z"]
    assert fires(preview(api, **asked, jobDefinitionId=str(job.pk))) == ["2026-05-04T11:00:00Z"]


def test_a_rule_that_is_excluded_for_ever_is_refused(api):
    make_window("Night", from_time="00:00", until_time="00:00")
    problem = problem_of(preview(api, **HOURLY, exclusions=["Night"]), 400, "validation_error")
    [error] = problem["errors"]
    assert (error["pointer"], error["code"]) == ("#/exclusions", "excluded_for_ever")


def test_a_saved_rule_that_a_later_window_excludes_says_so(api):
    schedule = make_schedule(schedule_type="daily", time_of_day="06:00")
    make_window("Maintenance", scope="global", from_time="05:00", until_time="07:00")
    body = api.get(f"/api/schedules/{schedule.pk}/preview").json()
    assert (body["fires"], body["exhausted"]) == ([], True)
    assert body["problem"] == "all of it is excluded by Maintenance"


def test_a_spread_moves_the_start_and_not_the_fire(api):
    asked = {**HOURLY, "spreadSeconds": 86_400, "afterUtc": "2026-05-04T08:00Z"}
    found = preview(api, **asked).json()["fires"]
    assert [fire["fireUtc"][11:13] for fire in found[:3]] == ["09", "10", "11"]
    assert all(fire["fireUtc"] <= fire["dueUtc"] for fire in found)
    assert all(fire["dueUtc"] < later["fireUtc"] for fire, later in pairwise(found))
    assert len({fire["dueUtc"][14:] for fire in found}) > 1
    assert preview(api, **asked).json()["fires"] == found


def test_no_more_runs_are_told_than_there_may_be(api):
    body = preview(api, **HOURLY, maxRuns=3, count=5).json()
    assert (len(body["fires"]), body["exhausted"]) == (3, True)
    body = preview(api, **HOURLY, maxRuns=3, count=2).json()
    assert (len(body["fires"]), body["exhausted"]) == (2, False)


def test_of_a_saved_schedule_the_runs_that_are_left_are_told(api):
    schedule = make_schedule(max_runs=3)
    path = f"/api/schedules/{schedule.pk}/preview"
    JobSchedule.objects.update(run_count=2)
    assert (len(fires(api.get(path))), api.get(path).json()["exhausted"]) == (1, True)
    JobSchedule.objects.update(run_count=3)
    assert (fires(api.get(path)), api.get(path).json()["exhausted"]) == ([], True)


def test_a_hashed_rule_that_is_not_saved_is_always_the_same(api):
    asked = {"scheduleType": 6, "cronExpression": "H H * * *", "afterUtc": "2026-01-01"}
    assert fires(preview(api, **asked)) == fires(preview(api, **asked))


def test_after_completion_only_the_next_fire_is_known(api):
    asked = {"scheduleType": 10, "delaySeconds": 300, "afterUtc": "2026-05-04T08:00Z"}
    body = preview(api, **asked).json()
    [fire] = body["fires"]
    assert fire["fireUtc"] == "2026-05-04T08:05:00Z"
    assert fire["notes"] == ["then 5 minutes after each run ends"]
    assert (body["exhausted"], body["description"]) == (
        False,
        "5 minutes after the previous run has ended",
    )


def test_after_completion_a_window_whose_calendar_ends_is_no_failure(api):
    calendar = make_calendar("England", last_year=2026)
    make_window("Holidays", from_time=None, until_time=None, calendar=calendar)
    asked = {"scheduleType": 10, "delaySeconds": 300, "exclusions": ["Holidays"]}
    body = preview(api, **asked, afterUtc="2030-05-04T08:00Z").json()
    assert body["fires"] == []
    assert body["problem"].startswith("calendar 'England' has dates up to 2026")


def test_what_follows_a_run_that_has_not_ended_is_not_known_yet(api):
    schedule = make_schedule(schedule_type="after_completion", delay_seconds=300)
    path = f"/api/schedules/{schedule.pk}/preview"
    assert len(fires(api.get(path))) == 1
    JobSchedule.objects.update(next_fire_at=None, next_run_at=None)
    body = api.get(path).json()
    assert (body["fires"], body["exhausted"]) == ([], False)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cronExpression": "0 6 * * *"}, "2026-05-05T06:00:00Z"),
        ({"timeOfDay": "06:00"}, "2026-05-05T06:00:00Z"),
        ({"timeOfDay": "06:00", "daysOfWeek": ["Friday"]}, "2026-05-08T06:00:00Z"),
        ({"intervalSeconds": 600}, "2026-05-04T08:10:00Z"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_of_a_condition_the_times_are_told_at_which_it_is_looked_at(api, fields, expected):
    rule = {"scheduleType": 7, "conditionalExpression": "prev.exists", **fields}
    answer = preview(api, **rule, afterUtc="2026-05-04T08:00Z", count=1)
    assert fires(answer) == [expected]
    assert answer.json()["description"].endswith(", if its condition holds")


@pytest.mark.parametrize(
    ("fields", "notes"),
    [
        ({"dstGap": "skip"}, []),
        ({"dstGap": "run_after"}, ["02:30 does not exist that day; moved to 03:00"]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_the_clock_leaves_out_is_as_the_schedule_says(api, fields, notes):
    rule = {"scheduleType": 2, "timeOfDay": "02:30", "timezone": "Europe/Berlin"}
    [fire] = preview(api, **rule, **fields, afterUtc="2026-03-28T12:00Z", count=1).json()["fires"]
    assert fire["notes"] == notes
    assert fire["fireUtc"] == ("2026-03-29T01:00:00Z" if notes else "2026-03-30T00:30:00Z")


# --- What a change adds and takes away


def preview_change(api, schedule, **fields):
    return api.send("post", f"/api/schedules/{schedule.pk}/preview", fields)


def daily(**fields):
    return make_schedule(schedule_type="daily", time_of_day="06:00", **fields)


def test_a_change_tells_what_it_adds_and_takes_away_before_it_is_saved(api):
    schedule = daily()
    before = JobSchedule.objects.values().get()

    body = preview_change(api, schedule, scheduleType=3, timeOfDay="06:00", daysOfWeek=62).json()

    removed = [fire["local"] for fire in body["removed"]]
    assert (body["added"], body["isCut"]) == ([], False)
    assert len(removed) in (8, 9, 10)
    assert len(removed) + body["kept"] == 30
    assert body["description"] == {
        "before": "At 06:00 every day, UTC time",
        "after": "At 06:00 on Monday-Friday, UTC time",
    }
    assert JobSchedule.objects.values().get() == before


def test_another_time_moves_every_fire(api):
    body = preview_change(api, daily(), timeOfDay="07:00").json()
    assert (len(body["added"]), len(body["removed"]), body["kept"]) == (30, 30, 0)
    first = body["added"][0]
    assert set(first) == {"fireUtc", "dueUtc", "local", "businessDate", "notes"}
    assert first["fireUtc"].endswith("T07:00:00Z")


def test_what_changes_no_time_changes_no_fire(api):
    body = preview_change(api, daily(), parameters={"a": 1}).json()
    assert (body["added"], body["removed"], body["kept"]) == ([], [], 30)


def test_stopping_takes_all_away_and_a_schedule_that_rests_has_nothing_to_lose(api):
    assert len(preview_change(api, daily(), isActive=False).json()["removed"]) == 30
    resting = daily(is_active=False)
    assert preview_change(api, resting, timeOfDay="07:00").json()["added"] == []
    assert len(preview_change(api, resting, isActive=True).json()["added"]) == 30
    paused = pause_schedule(actor=TESTER, schedule=daily(), reason="x")
    assert preview_change(api, paused, timeOfDay="07:00").json()["added"] == []


def test_of_many_changes_the_first_are_told(api):
    body = preview_change(api, make_schedule(interval_seconds=3600), intervalSeconds=1800).json()
    assert (len(body["added"]), body["isCut"]) == (100, True)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"timeOfDay": "25:00"}, "timeOfDay"),
        ({"scheduleType": "cron"}, "cronExpression"),
        ({"dayOfMonth": 3}, "dayOfMonth"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_change_that_could_not_be_saved_is_refused_by_field(api, fields, field):
    problem = problem_of(preview_change(api, daily(), **fields), 400, "validation_error")
    assert [error["pointer"] for error in problem["errors"]] == [f"#/{field}"]


def test_a_change_of_an_archived_schedule_is_refused(api):
    schedule = daily()
    archive_schedule(actor=TESTER, schedule=schedule)
    problem_of(preview_change(api, schedule), 409, "schedule_archived")


def test_a_new_delay_is_counted_from_now(api):
    schedule = make_schedule(schedule_type="delay", delay_seconds=60)
    now = database_now().replace(microsecond=0)
    JobSchedule.objects.update(anchor_at=now - timedelta(days=3))
    [fire] = preview_change(api, schedule, delaySeconds=120).json()["added"]
    assert fire["fireUtc"] == f"{now + timedelta(seconds=120):%Y-%m-%dT%H:%M:%SZ}"
