"""What the fields of a schedule take, and how they refuse the rest."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from jobs.models import JobSchedule
from tests.factories import make_schedule
from tests.integration.api.test_problems import problem_of
from tests.integration.api.test_schedules import DAILY, address, create, make_daily, stored

pytestmark = pytest.mark.django_db

BAD = [
    ("jobDefinitionId", None),
    ("jobDefinitionId", "17"),
    ("jobDefinitionId", 18),
    ("jobDefinitionId", 10**60),
    ("jobDefinitionId", []),
    ("jobDefinitionId", "00000000-0000-0000-0000-000000000000"),
    ("scheduleType", 0),
    ("scheduleType", None),
    ("scheduleType", "sometimes"),
    ("timeOfDay", "25:00"),
    ("timeOfDay", "six"),
    ("timeOfDay", 6),
    ("timeOfDay", None),
    ("timeOfDay", "06:00:00+02:00"),
    ("timeOfDay", "06:00:00Z"),
    ("timeOfDay", "06:00:00.5"),
    ("timezone", "Mars/Olympus"),
    ("timezone", "../../etc/passwd"),
    ("timezone", ""),
    ("timezone", 1),
    ("timezone", None),
    ("timezone", "x" * 65),
    ("startDateUtc", "yesterday"),
    ("startDateUtc", 17),
    ("startDateUtc", "0001-01-01T00:00:00+14:00"),
    ("endDateUtc", "1999-01-01"),
    ("endDateUtc", {}),
    ("isActive", "perhaps"),
    ("isActive", None),
    ("parameters", []),
    ("parameters", None),
    ("parameters", "{}"),
    ("intervalSeconds", "x"),
    ("intervalSeconds", 2**31),
    ("intervalSeconds", 10),
    ("delaySeconds", "x"),
    ("delaySeconds", 0),
    ("delaySeconds", 1.5),
    ("delaySeconds", 10),
    ("misfirePolicy", "sometimes"),
    ("misfirePolicy", None),
    ("misfireGraceSeconds", -1),
    ("misfireGraceSeconds", "x"),
    ("catchupWindowSeconds", -1),
    ("catchupWindowSeconds", []),
    ("maxCatchup", 0),
    ("maxCatchup", 1_001),
    ("maxCatchup", None),
    ("overlap", "sometimes"),
    ("overlap", 7),
    ("overlap", None),
    ("overlapLimit", 0),
    ("overlapLimit", 3),
    ("spreadSeconds", -1),
    ("spreadSeconds", 86_401),
    ("spreadSeconds", None),
    ("maxRuns", 0),
    ("maxRuns", "many"),
    ("pauseAfterFailures", 0),
    ("pauseAfterFailures", 101),
    ("dstGap", "jump"),
    ("dstGap", 3),
    ("dstRepeat", "third"),
    ("dstRepeat", ["first"]),
    ("exclusions", None),
    ("exclusions", "Freeze"),
    ("exclusions", ["Freeze"]),
    ("exclusions", [17]),
    ("exclusions", [str(UUID(int=7))]),
    ("exclusions", ["Freeze"] * 101),
    ("calendar", 17),
    ("calendar", ["England"]),
    ("calendar", str(UUID(int=7))),
    ("conditions", []),
    ("conditions", {"sometimes": True}),
    ("onFalse", "maybe"),
    ("onFalse", None),
    ("onError", "retry"),
    ("pollSeconds", 0),
    ("pollSeconds", 86_401),
    ("waitSeconds", 0),
    ("waitSeconds", 31 * 86_400 + 1),
    ("repeatEvery", -1),
    ("repeatEvery", "x"),
    ("repeatEvery", 10_000_000),
    ("nthWeekday", 1),
    ("nthWeekday", 6),
    ("nthWeekday", "second"),
    ("shortMonth", "clamp"),
    ("shortMonth", "trim"),
    ("businessDayOfMonth", 24),
    ("businessDayOfMonth", "first"),
    ("onDays", "business_days"),
    ("onDays", "holidays"),
    ("roll", "following"),
    ("roll", "sideways"),
    ("offsetBusinessDays", 1),
    ("offsetBusinessDays", 61),
    ("intervalUnit", "day"),
    ("intervalUnit", "fortnight"),
    ("align", "epoch"),
    ("align", "moon"),
    ("cronDialect", "quartz"),
    ("cronDialect", "oracle"),
    ("dayMatch", "and"),
    ("dayMatch", "xor"),
    ("cronExpression", "x" * 257),
    ("cronExpression", ["*"]),
    ("cronExpression", "* * * * *"),
    ("daysOfWeek", 62),
    ("daysOfWeek", 128),
    ("daysOfWeek", -1),
    ("daysOfWeek", []),
    ("daysOfWeek", "someday"),
    ("daysOfWeek", True),
    ("dayOfMonth", 1),
    ("dayOfMonth", 32),
    ("dayOfMonth", -1),
    ("dayOfMonth", "last"),
    ("dayOfMonth", {}),
    ("businessDayOfMonth", 1),
    ("adjustToPreviousBusinessDay", True),
    ("oneTimeExecutionDate", "2030-01-01T00:00:00Z"),
    ("oneTimeExecutionDate", "soon"),
    ("oneTimeExecutionDate", 17),
    ("oneTimeExecutionDate", "0001-01-01T00:00:00+14:00"),
    ("conditionalExpression", "x > 1"),
    ("calendar", "DE"),
    ("createdBy", True),
    ("updatedBy", ["me"]),
    ("updatedBy", "x" * 201),
    ("colour", "red"),
]


READ_ONLY = {
    *("id", "description", "runCount", "pausedAtUtc", "pausedBy", "pauseReason", "resumeAtUtc"),
    *("stuckReason", "nextExecutionUtc", "version", "createdAtUtc", "updatedAtUtc"),
    *("lastExecutionUtc", "lastExecutionStatus"),
}


def test_every_field_that_can_be_sent_has_a_bad_value_here(api):
    fields = set(api.get(address(make_schedule())).json())
    assert {field for field, _ in BAD} - {"colour"} == fields - READ_ONLY


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("jobDefinitionId", str(UUID(int=0)), f"There is no job '{UUID(int=0)}'."),
        ("maxRuns", "many", "Send a whole number."),
        ("repeatEvery", "often", "Send a whole number."),
        ("isActive", "perhaps", "Send true or false."),
    ],
)
def test_a_refusal_says_what_to_send_instead(api, field, value, detail):
    problem = problem_of(create(api, **{field: value}), 400, "validation_error")
    assert [error["detail"] for error in problem["errors"]] == [detail]


@pytest.mark.parametrize(("field", "value"), BAD)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_bad_value_is_refused_by_the_name_of_its_field(api, method, field, value):
    schedule = make_daily(start_at=datetime(2000, 1, 1, tzinfo=UTC))
    before = stored(schedule)
    body = {"jobDefinitionId": str(schedule.job_id), "startDateUtc": "2000-01-01", **DAILY}
    path = "/api/schedules" if method == "post" else address(schedule)
    sent = {field: value} if method == "patch" else body | {field: value}
    problem = problem_of(api.send(method, path, sent), 400, "validation_error")
    assert {error["pointer"].split("/")[1] for error in problem["errors"]} == {field}
    assert all(error["detail"] for error in problem["errors"])
    assert (stored(schedule), JobSchedule.objects.count()) == (before, 1)


@pytest.mark.parametrize(
    ("kind", "fields", "field", "detail"),
    [
        ("cron", {}, "cronExpression", "write five fields"),
        ("cron", {"cronExpression": ""}, "cronExpression", "write five fields"),
        ("cron", {"cronExpression": "75 * * * *"}, "cronExpression", "use 0-59"),
        ("cron", {"cronExpression": "0 0 30 2 *"}, "cronExpression", "never fires"),
        ("interval", {}, "intervalSeconds", "for example 600"),
        ("interval", {"intervalSeconds": 0}, "intervalSeconds", "greater than or equal to 1"),
        ("interval", {"intervalSeconds": 400_000_000}, "intervalSeconds", "from 1 to 316224000"),
        ("delay", {}, "delaySeconds", "for example 600"),
        ("delay", {"delaySeconds": 400_000_000}, "delaySeconds", "from 1 to 316224000"),
        ("daily", {}, "timeOfDay", "for example 06:00:00"),
        ("weekly", {"daysOfWeek": 2}, "timeOfDay", "for example 06:00:00"),
        ("weekly", {"timeOfDay": "06:00"}, "daysOfWeek", "1 Sunday, 2 Monday"),
        ("weekly", {"timeOfDay": "06:00", "daysOfWeek": 0}, "daysOfWeek", "1 Sunday, 2 Monday"),
        ("weekly", {"timeOfDay": "06:00", "daysOfWeek": 128}, "daysOfWeek", "1 sunday, 2 monday"),
        ("monthly", {"dayOfMonth": 2}, "timeOfDay", "for example 06:00:00"),
        ("monthly", {"timeOfDay": "06:00"}, "dayOfMonth", "1 to 31"),
        ("monthly", {"timeOfDay": "06:00", "dayOfMonth": 0}, "dayOfMonth", "1 to 31"),
        ("monthly", {"timeOfDay": "06:00", "dayOfMonth": 32}, "dayOfMonth", "less than or equal"),
        ("one_time", {}, "oneTimeExecutionDate", "for example 2026-12-01T06:00:00Z"),
        (
            "one_time",
            {"oneTimeExecutionDate": "9999-01-01T00:00:00Z"},
            "oneTimeExecutionDate",
            "use a year up to 9899",
        ),
        (
            "one_time",
            {"oneTimeExecutionDate": "2130-01-01T00:00:00Z", "endDateUtc": "2129-01-01"},
            "endDateUtc",
            "never fires",
        ),
        ("one_time", {"oneTimeExecutionDate": "2130-01-01", "daysOfWeek": 1}, "daysOfWeek", "null"),
        (
            "monthly",
            {"timeOfDay": "06:00", "dayOfMonth": 1, "repeatEvery": 121},
            "repeatEvery",
            "121 is not a whole number from 1 to 120",
        ),
        (
            "monthly_business_day",
            {"timeOfDay": "06:00", "onDays": "business_days", "repeatEvery": 3},
            "repeatEvery",
            "has no meaning with onDays",
        ),
        (
            "cron",
            {"cronExpression": "0 6 * * *", "repeatEvery": 3},
            "repeatEvery",
            "Only daily, weekly, monthly, monthly_business_day and interval take it",
        ),
        (
            "daily",
            {"timeOfDay": "06:00", "dayOfMonth": 1},
            "dayOfMonth",
            "Only monthly and monthly_business_day take it; this schedule is daily. Leave it out or"
            " send null.",
        ),
        (
            "cron",
            {"cronExpression": "0 6 * * *", "timeOfDay": "06:00"},
            "timeOfDay",
            "Only daily, weekly, monthly, monthly_business_day and conditional take it",
        ),
        (
            "daily",
            {"timeOfDay": "06:00", "startDateUtc": "2030-01-02", "endDateUtc": "2030-01-01"},
            "endDateUtc",
            "is before the start",
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(api, kind, fields, field, detail):
    problem = problem_of(create(api, scheduleType=kind, **fields), 400, "validation_error")
    [error] = problem["errors"]
    assert error["pointer"] == f"#/{field}"
    assert detail in error["detail"]


@pytest.mark.parametrize("silence", [None, False, 0, ""])
def test_the_contracts_fields_of_other_kinds_may_say_nothing(api, silence):
    names = [
        *("daysOfWeek", "dayOfMonth", "oneTimeExecutionDate"),
        *("businessDayOfMonth", "adjustToPreviousBusinessDay", "conditionalExpression"),
    ]
    answer = create(api, **dict.fromkeys(names, silence), cronExpression=None)
    assert answer.status_code == 201
    body = answer.json()
    assert [body[name] for name in names[:3]] == [None, None, None]
