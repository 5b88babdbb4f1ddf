"""The fires to come by REST, of what is saved and of what is not."""

from datetime import timedelta

import pytest

from core.clock import database_now
from jobs.models import JobSchedule
from jobs.scheduling import archive_schedule
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

BERLIN = {"scheduleType": 2, "timeOfDay": "02:30", "timezone": "Europe/Berlin"}


def preview(api, **fields):
    return api.send("post", "/api/schedules/preview", fields)


def fires(answer):
    assert answer.status_code == 200, answer.content
    return [fire["fireUtc"] for fire in answer.json()["fires"]]


def test_the_preview_of_the_contract(api):
    answer = preview(api, **BERLIN, afterUtc="2026-03-28T12:00:00Z", count=2)
    assert answer.status_code == 200
    assert answer.json() == {
        "fires": [
            {
                "fireUtc": "2026-03-29T01:00:00Z",
                "dueUtc": "2026-03-29T01:00:00Z",
                "local": "2026-03-29T03:00:00+02:00",
                "businessDate": "2026-03-29",
                "notes": ["02:30 does not exist that day; moved to 03:00"],
            },
            {
                "fireUtc": "2026-03-30T00:30:00Z",
                "dueUtc": "2026-03-30T00:30:00Z",
                "local": "2026-03-30T02:30:00+02:00",
                "businessDate": "2026-03-30",
                "notes": [],
            },
        ],
        "exhausted": False,
        "description": "At 02:30 every day, Europe/Berlin time",
        "problem": None,
    }
    assert not JobSchedule.objects.exists()


def test_a_repeated_hour_says_which_counts(api):
    answer = preview(api, **BERLIN, afterUtc="2026-10-24T12:00:00Z", count=1)
    [fire] = answer.json()["fires"]
    assert (fire["fireUtc"], fire["local"]) == ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00")
    assert fire["notes"] == ["02:30 happens twice that day; the first counts"]


def test_without_more_it_shows_the_next_ten_from_now(api):
    now = database_now()
    found = fires(preview(api, scheduleType="daily", timeOfDay="06:00"))
    assert len(found) == 10
    assert f"{now:%Y-%m-%dT%H:%M:%S}" < found[0] <= f"{now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


def test_after_is_exclusive(api):
    daily = {"scheduleType": 2, "timeOfDay": "06:00", "count": 1}
    assert fires(preview(api, **daily, afterUtc="2026-01-01T06:00:00Z")) == ["2026-01-02T06:00:00Z"]
    assert fires(preview(api, **daily, afterUtc="2026-01-01T05:59:59.9Z")) == [
        "2026-01-01T06:00:00Z"
    ]


@pytest.mark.parametrize(
    ("fields", "expected", "exhausted", "description"),
    [
        (
            {"scheduleType": 3, "timeOfDay": "06:00", "daysOfWeek": ["Monday", "Friday"]},
            ["2026-01-02T06:00:00Z", "2026-01-05T06:00:00Z"],
            False,
            "At 06:00 on Monday and Friday, UTC time",
        ),
        (
            {"scheduleType": 4, "timeOfDay": "06:00", "dayOfMonth": 31},
            ["2026-01-31T06:00:00Z", "2026-02-28T06:00:00Z"],
            False,
            "At 06:00 on day 31 of the month (the last day of shorter months), UTC time",
        ),
        (
            {"scheduleType": 8, "intervalSeconds": 600},
            ["2026-01-01T00:10:00Z", "2026-01-01T00:20:00Z"],
            False,
            "Every 10 minutes",
        ),
        (
            {"scheduleType": 9, "delaySeconds": 600},
            ["2026-01-01T00:10:00Z"],
            True,
            "Once, 10 minutes after 2026-01-01 00:00 UTC",
        ),
        (
            {"scheduleType": 1, "oneTimeExecutionDate": "2026-12-01T06:00:00Z"},
            ["2026-12-01T06:00:00Z"],
            True,
            "Once at 2026-12-01 06:00 UTC",
        ),
        (
            {
                "scheduleType": 6,
                "cronExpression": "0 6 * * *",
                "endDateUtc": "2026-01-02T06:00:00Z",
            },
            ["2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z"],
            True,
            "At 06:00 every day, UTC time",
        ),
    ],
    ids=["weekly", "monthly", "interval", "delay", "one-time", "cron-with-end"],
)
def test_each_kind_can_be_previewed(api, fields, expected, exhausted, description):
    answer = preview(api, **fields, afterUtc="2026-01-01T00:00:00Z", count=2)
    assert fires(answer) == expected
    body = answer.json()
    assert (body["exhausted"], body["description"]) == (exhausted, description)


def test_a_stand_in_for_a_missing_day_is_noted(api):
    monthly = {"scheduleType": 4, "timeOfDay": "06:00", "dayOfMonth": 31}
    answer = preview(api, **monthly, afterUtc="2026-02-01", count=1)
    [fire] = answer.json()["fires"]
    assert (fire["businessDate"], fire["notes"]) == (
        "2026-02-28",
        ["February 2026 has no day 31; its last day counts"],
    )


def test_it_takes_what_creating_a_schedule_takes(api):
    body = {
        "jobDefinitionId": str(make_job().id),
        "scheduleType": 2,
        "timeOfDay": "06:00:00",
        "parameters": {"a": 1},
        "isActive": False,
        "createdBy": "admin@company.com",
    }
    assert len(fires(preview(api, **body))) == 10
    assert len(fires(preview(api, **body | {"jobDefinitionId": None}))) == 10


@pytest.mark.parametrize(
    ("fields", "field", "detail"),
    [
        ({}, "scheduleType", "required"),
        ({"scheduleType": 6, "cronExpression": "0 0 31 2 *"}, "cronExpression", "never fires"),
        ({"scheduleType": 6, "cronExpression": "61 * * * *"}, "cronExpression", "use 0-59"),
        ({"scheduleType": 2}, "timeOfDay", "for example 06:00:00"),
        ({"scheduleType": 11}, "scheduleType", "is not one of one_time, daily"),
        (
            {**BERLIN, "intervalSeconds": 5},
            "intervalSeconds",
            "Only interval and conditional take it",
        ),
        ({**BERLIN, "count": 0}, "count", "greater than or equal to 1"),
        ({**BERLIN, "count": 101}, "count", "less than or equal to 100"),
        ({**BERLIN, "count": "many"}, "count", "whole number"),
        ({**BERLIN, "count": None}, "count", "null"),
        ({**BERLIN, "afterUtc": "soon"}, "afterUtc", "format"),
        ({**BERLIN, "afterUtc": 17}, "afterUtc", "format"),
        ({**BERLIN, "timezone": "Europe/Berln"}, "timezone", "did you mean Europe/Berlin?"),
        ({**BERLIN, "aftrUtc": "2026-01-01"}, "aftrUtc", "did you mean afterUtc?"),
        ({**BERLIN, "jobDefinitionId": "17"}, "jobDefinitionId", "UUID"),
        (
            {**BERLIN, "startDateUtc": "2030-01-02", "endDateUtc": "2030-01-01"},
            "endDateUtc",
            "before the start",
        ),
        (
            {**BERLIN, "startDateUtc": "2030-01-01T02:00", "endDateUtc": "2030-01-01T03:00"},
            "endDateUtc",
            "never fires between its start and its end",
        ),
    ],
)
def test_what_cannot_be_previewed_is_refused_by_name(api, fields, field, detail):
    problem = problem_of(preview(api, **fields), 400, "validation_error")
    [error] = problem["errors"]
    assert error["pointer"] == f"#/{field}"
    assert detail in error["detail"]


@pytest.mark.parametrize("body", ["[]", "null", '"x"'])
def test_a_body_that_is_no_object_is_refused(api, body):
    answer = api.send("post", "/api/schedules/preview", body)
    assert problem_of(answer, 400, "validation_error")["errors"][0]["pointer"] == "#"


def test_a_saved_schedule_answers_the_same(api):
    schedule = make_schedule(schedule_type="daily", time_of_day="02:30", timezone="Europe/Berlin")
    query = "afterUtc=2026-03-28T12:00:00Z&count=2"
    saved = api.get(f"/api/schedules/{schedule.id}/preview?{query}")
    unsaved = preview(api, **BERLIN, afterUtc="2026-03-28T12:00:00Z", count=2)
    assert saved.json() == unsaved.json()


def test_a_saved_interval_keeps_its_own_grid(api):
    schedule = make_schedule(interval_seconds=3600)
    anchor = schedule.anchor_at.replace(microsecond=0)
    after = f"{anchor + timedelta(minutes=90):%Y-%m-%dT%H:%M:%SZ}"
    found = fires(api.get(f"/api/schedules/{schedule.id}/preview?afterUtc={after}&count=1"))
    assert found == [f"{anchor + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"]


def test_a_schedule_that_is_stopped_or_archived_can_be_looked_at(api):
    schedule = make_schedule(is_active=False)
    assert len(fires(api.get(f"/api/schedules/{schedule.id}/preview"))) == 10
    archive_schedule(actor=TESTER, schedule=schedule)
    assert len(fires(api.get(f"/api/schedules/{schedule.id}/preview"))) == 10


def test_a_rule_that_does_not_hold_any_more_is_a_conflict_that_says_why(api):
    schedule = make_schedule()
    JobSchedule.objects.update(timezone="Mars/Olympus")
    answer = api.get(f"/api/schedules/{schedule.id}/preview")
    problem = problem_of(answer, 409, "rule_invalid")
    assert "'Mars/Olympus' is not an IANA time zone" in problem["detail"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("count=0", "count"),
        ("count=101", "count"),
        ("count=x", "count"),
        ("count=1&count=2", "count"),
        ("afterUtc=soon", "afterUtc"),
        ("pageSize=5", "pageSize"),
    ],
)
def test_a_bad_question_about_a_saved_schedule_is_refused_by_name(api, query, parameter):
    answer = api.get(f"/api/schedules/{make_schedule().id}/preview?{query}")
    problem = problem_of(answer, 400, "validation_error")
    assert problem["errors"][0]["parameter"] == parameter


FAR = "9999-12-31T23:59:59.9999999"  # how clients of the contract write "no end"
KINDS = [
    {"scheduleType": "daily", "timeOfDay": "06:00"},
    {"scheduleType": "weekly", "timeOfDay": "06:00", "daysOfWeek": 2},
    {"scheduleType": "monthly", "timeOfDay": "06:00", "dayOfMonth": 31},
    {"scheduleType": "cron", "cronExpression": "0 0 29 2 *"},
    {"scheduleType": "interval", "intervalSeconds": 600},
    {"scheduleType": "delay", "delaySeconds": 600},
]


@pytest.mark.parametrize("rule", KINDS, ids=lambda rule: rule["scheduleType"])
def test_the_end_of_all_times_is_no_end_and_no_start(api, rule):
    rule = {**rule, "timezone": "Pacific/Kiritimati"}
    whole = {"jobDefinitionId": str(make_job().id), **rule}
    saved = f"/api/schedules/{api.send('post', '/api/schedules', whole).json()['id']}"
    calls = [
        ("post", "/api/schedules/preview", rule),
        ("post", "/api/schedules", whole),
        ("put", saved, whole),
        ("patch", saved, {}),
    ]

    assert fires(preview(api, **rule, endDateUtc=FAR, count=1))
    for method, path, body in calls:
        answer = api.send(method, path, {**body, "startDateUtc": FAR})
        [error] = problem_of(answer, 400, "validation_error")["errors"]
        assert error["pointer"] == "#/startDateUtc"
        assert "use a year up to 9899" in error["detail"]
        assert api.send(method, path, {**body, "endDateUtc": FAR}).status_code in (200, 201)


@pytest.mark.parametrize("after", [FAR, "9889-01-01T00:00:00Z"])
@pytest.mark.parametrize("rule", KINDS, ids=lambda rule: rule["scheduleType"])
def test_no_fire_is_asked_for_after_the_end_of_all_times(api, rule, after):
    unsaved = preview(api, **rule, afterUtc=after)
    saved = api.get(f"/api/schedules/{make_schedule().id}/preview?afterUtc={after}")

    for answer, place in ((unsaved, {"pointer": "#/afterUtc"}), (saved, {"parameter": "afterUtc"})):
        [error] = problem_of(answer, 400, "validation_error")["errors"]
        assert place.items() <= error.items()
        assert "use a year up to 9888" in error["detail"]


@pytest.mark.parametrize(
    ("after", "seconds"), [("0001-01-01", 1), ("9888-12-31T23:59:59.9999999", 316_224_000)]
)
@pytest.mark.parametrize("rule", KINDS, ids=lambda rule: rule["scheduleType"])
def test_at_the_ends_of_all_times_there_are_still_fires(api, rule, after, seconds):
    rule = rule | {name: seconds for name in rule if name.endswith("Seconds")}
    assert fires(preview(api, **rule, afterUtc=after, count=1))
