"""Schedules by REST."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import JobAudit
from core.clock import database_now
from executions.models import JobExecution
from executions.planner import plan
from jobs.definitions import set_job_status
from jobs.models import JobSchedule
from jobs.scheduling import archive_schedule
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

CONTRACT = """
id jobDefinitionId scheduleType cronExpression timeOfDay daysOfWeek dayOfMonth
businessDayOfMonth adjustToPreviousBusinessDay oneTimeExecutionDate conditionalExpression
timezone calendar isActive startDateUtc endDateUtc lastExecutionUtc nextExecutionUtc createdBy
createdAtUtc
"""
CONTRACT_FIELDS = set(CONTRACT.split())
OURS = {
    *("intervalSeconds", "intervalUnit", "align", "delaySeconds", "repeatEvery"),
    *("cronDialect", "dayMatch", "nthWeekday", "shortMonth", "onDays", "roll"),
    *("offsetBusinessDays", "dstGap", "dstRepeat", "exclusions", "description"),
    *("misfirePolicy", "misfireGraceSeconds", "catchupWindowSeconds", "maxCatchup"),
    *("overlap", "overlapLimit", "spreadSeconds", "maxRuns", "runCount", "pauseAfterFailures"),
    *("conditions", "onFalse", "onError", "pollSeconds", "waitSeconds", "parameters"),
    *("pausedAtUtc", "pausedBy", "pauseReason", "resumeAtUtc", "stuckReason", "version"),
    *("updatedBy", "updatedAtUtc", "lastExecutionStatus"),
}
DAILY = {"scheduleType": 2, "timeOfDay": "06:00"}


def create(api, **fields):
    """Post a schedule of a new job, daily unless told otherwise."""
    rule = {} if "scheduleType" in fields else DAILY
    return api.send(
        "post", "/api/schedules", {"jobDefinitionId": str(make_job().id)} | rule | fields
    )


def make_daily(**fields):
    return make_schedule(schedule_type="daily", time_of_day="06:00", **fields)


def address(schedule):
    return f"/api/schedules/{schedule.id}"


def put(api, schedule, **fields):
    return api.send(
        "put", address(schedule), {"jobDefinitionId": str(schedule.job_id)} | DAILY | fields
    )


def patch(api, schedule, **fields):
    return api.send("patch", address(schedule), fields)


def stored(schedule):
    return JobSchedule.objects.filter(pk=schedule.pk).values().get()


def test_a_schedule_has_the_fields_of_the_contract(api):
    body = api.get(address(make_schedule())).json()
    assert set(body) == CONTRACT_FIELDS | OURS


def test_what_a_schedule_answers_can_be_sent_again(api):
    schedule = make_schedule()
    body = api.get(address(schedule)).json()
    assert api.send("post", "/api/schedules", body).status_code == 201
    entries = JobAudit.objects.count()
    for method in ("put", "patch"):
        answer = api.send(method, address(schedule), body)
        assert (answer.status_code, answer.json()) == (200, body)
    assert JobAudit.objects.count() == entries


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (2, {"timeOfDay": "06:00:00"}),
        ("Daily", {"timeOfDay": "23:59:00"}),
        (3, {"timeOfDay": "06:00:00", "daysOfWeek": 34}),
        ("weekly", {"timeOfDay": "06:00:00", "daysOfWeek": 127, "timezone": "Europe/Berlin"}),
        (4, {"timeOfDay": "06:00:00", "dayOfMonth": 31}),
        ("Monthly", {"timeOfDay": "06:00:00", "dayOfMonth": 1}),
        (1, {"oneTimeExecutionDate": "2130-12-01T06:00:00Z"}),
        ("cron", {"cronExpression": "*/5 * * * *"}),
        (6, {"cronExpression": "0 6 * * 1-5", "timezone": "Europe/Berlin"}),
        (8, {"intervalSeconds": 10}),
        ("Interval", {"intervalSeconds": 3600, "parameters": {"region": "EU"}}),
        (9, {"delaySeconds": 600}),
        ("Delay", {"delaySeconds": 1}),
    ],
)
def test_each_kind_is_created_and_knows_its_next_fire(api, kind, fields):
    answer = create(api, scheduleType=kind, **fields)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert {name: body[name] for name in fields} == fields
    assert body["nextExecutionUtc"].endswith("Z")
    assert body["nextExecutionUtc"] > f"{database_now():%Y-%m-%dT%H:%M:%S}"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (34, 34),
        ("127", 127),
        ("Monday", 2),
        (["Monday", "friday"], 34),
        ("Monday, Friday", 34),
        ([2, "FRIDAY"], 34),
    ],
)
def test_days_of_the_week_are_a_sum_or_names(api, sent, kept):
    body = create(api, scheduleType=3, timeOfDay="06:00", daysOfWeek=sent).json()
    assert body["daysOfWeek"] == kept


@pytest.mark.parametrize(
    ("sent", "timezone", "kept"),
    [
        ("2130-07-01T06:00:00Z", "Asia/Tokyo", "2130-07-01T06:00:00Z"),
        ("2130-07-01T06:00:00+02:00", "Asia/Tokyo", "2130-07-01T04:00:00Z"),
        ("2130-07-01T06:00:00", "Asia/Tokyo", "2130-06-30T21:00:00Z"),
        ("2130-07-01T06:00:00.999", "UTC", "2130-07-01T06:00:00Z"),
        ("2030-03-31T02:30:00", "Europe/Berlin", "2030-03-31T01:00:00Z"),
        ("2030-10-27T02:30:00", "Europe/Berlin", "2030-10-27T00:30:00Z"),
    ],
)
def test_a_one_time_date_without_offset_is_on_the_clock_of_the_zone(api, sent, timezone, kept):
    body = create(api, scheduleType=1, oneTimeExecutionDate=sent, timezone=timezone).json()
    assert body["oneTimeExecutionDate"] == body["nextExecutionUtc"] == kept


@pytest.mark.parametrize("sent", ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00", "2020-01-01"])
def test_a_one_time_date_that_is_over_is_refused_with_the_time_now(api, sent):
    problem = problem_of(
        create(api, scheduleType=1, oneTimeExecutionDate=sent), 400, "validation_error"
    )
    [error] = problem["errors"]
    assert (error["pointer"], error["code"]) == ("#/oneTimeExecutionDate", "past")
    assert error["detail"].startswith("2020-01-01T00:00:00Z is over, it is ")
    assert f"{database_now():%Y-%m-%dT%H:}" in error["detail"]


def test_what_is_missing_is_named(api):
    problem = problem_of(api.send("post", "/api/schedules", {}), 400, "validation_error")
    pointers = {error["pointer"] for error in problem["errors"]}
    assert pointers == {"#/jobDefinitionId", "#/scheduleType"}


def test_instants_without_offset_are_utc_and_all_answers_end_in_z(api):
    body = create(
        api, startDateUtc="2030-01-01T00:00:00", endDateUtc="2031-01-01T01:00:00.1234567+01:00"
    ).json()
    assert body["startDateUtc"] == "2030-01-01T00:00:00Z"
    assert body["endDateUtc"] == "2031-01-01T00:00:00.123456Z"
    assert body["nextExecutionUtc"] == "2030-01-01T06:00:00Z"
    assert body["createdAtUtc"].endswith("Z")


def test_an_inactive_schedule_has_no_next_fire(api):
    assert create(api, isActive=False).json()["nextExecutionUtc"] is None


def test_an_archived_job_takes_no_schedule(api):
    job = make_job()
    set_job_status(actor=TESTER, job=job, status="archived")
    problem_of(create(api, jobDefinitionId=str(job.id)), 409, "job_archived")


def test_the_last_execution_is_the_latest_slot_that_started(api):
    schedule = make_schedule()
    _, last, _ = (
        make_execution(
            schedule.job,
            status=status,
            schedule=schedule,
            origin="schedule",
            scheduled_for=schedule.created_at + timedelta(minutes=slot),
        )
        for slot, status in enumerate(["succeeded", "failed", "scheduled"])
    )
    make_execution(schedule.job, status="succeeded")
    body = api.get(f"/api/schedules/{schedule.id}").json()
    assert body["lastExecutionStatus"] == "failed"
    assert body["lastExecutionUtc"] == last.started_at.isoformat().replace("+00:00", "Z")


# --- Lists


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_schedules_are_listed_newest_first_without_those_archived(api):
    first, second, archived = make_schedule(), make_schedule(), make_schedule()
    archive_schedule(actor=TESTER, schedule=archived)
    assert ids(api.get("/api/schedules")) == [str(second.id), str(first.id)]
    page = api.get("/api/schedules?pageSize=1").json()
    assert [row["id"] for row in page["results"]] == [str(second.id)]
    assert ids(api.get(page["next"])) == [str(first.id)]


def test_schedules_can_be_filtered(api):
    wanted = make_daily()
    other, weekly = (
        make_schedule(is_active=False),
        make_schedule(schedule_type="weekly", time_of_day="06:00", days_of_week=1),
    )
    for query, expected in (
        (f"jobDefinitionId={wanted.job_id}", [wanted]),
        ("scheduleType=2", [wanted]),
        ("scheduleType=Daily&scheduleType=3", [weekly, wanted]),
        ("isActive=false", [other]),
        ("isActive=true", [weekly, wanted]),
        (f"jobDefinitionId={wanted.job_id}&isActive=false", []),
        ("jobDefinitionId=00000000-0000-0000-0000-000000000000", []),
    ):
        found = ids(api.get(f"/api/schedules?{query}"))
        assert found == [str(schedule.id) for schedule in expected], query


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("jobDefinitionId=17", "jobDefinitionId"),
        ("jobDefinitionId=", "jobDefinitionId"),
        ("scheduleType=lunar", "scheduleType"),
        ("scheduleType=11", "scheduleType"),
        ("isActive=perhaps", "isActive"),
        ("isActive=true&isActive=false", "isActive"),
        ("search=nightly", "search"),
        ("pageSize=201", "pageSize"),
    ],
)
def test_a_bad_filter_is_refused_by_its_name(api, query, parameter):
    problem = problem_of(api.get(f"/api/schedules?{query}"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == parameter


def test_listing_takes_the_same_queries_however_many_there_are(api):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert api.get("/api/schedules").status_code == 200
        return len(queries)

    make_schedule()
    count()  # the first use of the token is noted
    few = count()
    for _ in range(5):
        make_schedule()
    assert count() == few


def test_a_job_may_have_several_schedules_each_with_its_own_parameters(api):
    job = make_job()
    for region in ("EU", "US"):
        answer = create(api, jobDefinitionId=str(job.id), parameters={"region": region})
        assert answer.status_code == 201
    rows = api.get(f"/api/schedules?jobDefinitionId={job.id}").json()["results"]
    assert [row["parameters"] for row in rows] == [{"region": "US"}, {"region": "EU"}]


# --- Change


def test_put_replaces_the_whole_schedule(api):
    schedule = make_schedule(
        schedule_type="weekly",
        time_of_day="06:00",
        days_of_week=2,
        timezone="Europe/Berlin",
        parameters={"region": "EU"},
        end_at=datetime(2130, 1, 1, tzinfo=UTC),
    )
    answer = put(api, schedule, timeOfDay="07:30", updatedBy="ann@company.com")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["scheduleType"], body["timeOfDay"]) == ("daily", "07:30:00")
    assert (body["daysOfWeek"], body["endDateUtc"]) == (None, None)
    assert (body["timezone"], body["parameters"]) == ("UTC", {})
    assert body["nextExecutionUtc"].endswith("T07:30:00Z")
    assert (body["createdBy"], body["updatedBy"]) == ("tester", "ann@company.com")
    entry = JobAudit.objects.order_by("-id")[0]
    assert (entry.action, entry.actor) == ("ScheduleChanged", "alice")
    assert entry.claimed_actor == "ann@company.com"


def test_put_starts_nothing_that_was_stopped(api):
    schedule = make_daily(is_active=False)
    body = put(api, schedule).json()
    assert (body["isActive"], body["nextExecutionUtc"]) == (False, None)
    assert put(api, schedule, isActive=True).json()["isActive"] is True


@pytest.mark.parametrize("name", ["jobDefinitionId", "scheduleType"])
def test_put_needs_what_has_no_default(api, name):
    schedule = make_daily()
    body = {"jobDefinitionId": str(schedule.job_id)} | DAILY
    body.pop(name)
    problem = problem_of(api.send("put", address(schedule), body), 400, "validation_error")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [(f"#/{name}", "required")]


def test_patch_changes_what_it_names_and_nothing_else(api):
    schedule = make_daily(timezone="Europe/Berlin", parameters={"region": "EU"})
    before = api.get(address(schedule)).json()
    body = patch(api, schedule, timeOfDay="07:00").json()
    changed = {name for name in body if body[name] != before[name]}
    noted = {"version", "updatedBy", "updatedAtUtc"}
    assert changed == {"timeOfDay", "description", "nextExecutionUtc"} | noted
    assert body["updatedBy"] == "alice"


def test_patch_disables_and_enables(api):
    schedule = make_daily()
    assert patch(api, schedule, isActive=False).json()["nextExecutionUtc"] is None
    assert patch(api, schedule, isActive=True).json()["nextExecutionUtc"].endswith("T06:00:00Z")


def test_patch_to_another_kind_drops_what_only_the_old_kind_took(api):
    schedule = make_schedule(schedule_type="monthly", time_of_day="06:00", day_of_month=31)
    body = patch(api, schedule, scheduleType="weekly", daysOfWeek=["Monday"]).json()
    assert (body["scheduleType"], body["daysOfWeek"], body["dayOfMonth"]) == ("weekly", 2, None)
    assert body["timeOfDay"] == "06:00:00"
    body = patch(api, schedule, scheduleType="interval", intervalSeconds=60, timeOfDay=None).json()
    assert (body["timeOfDay"], body["daysOfWeek"], body["intervalSeconds"]) == (None, None, 60)


def test_patch_to_another_kind_needs_what_that_kind_takes(api):
    schedule = make_daily()
    problem = problem_of(patch(api, schedule, scheduleType="cron"), 400, "validation_error")
    assert [error["pointer"] for error in problem["errors"]] == ["#/cronExpression"]


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_schedule_stays_with_its_job(api, method):
    schedule, other = make_daily(), make_job()
    body = {"jobDefinitionId": str(other.id)} | DAILY
    problem = problem_of(api.send(method, address(schedule), body), 400, "validation_error")
    [error] = problem["errors"]
    assert (error["pointer"], error["code"]) == ("#/jobDefinitionId", "job_fixed")
    assert "create another" in error["detail"]


def test_who_created_a_schedule_cannot_be_changed(api):
    schedule = make_daily()
    assert patch(api, schedule, createdBy="somebody else").json()["createdBy"] == "tester"


def test_a_one_time_schedule_that_has_fired_can_still_be_changed(api):
    soon = (database_now() + timedelta(hours=1)).replace(microsecond=0)
    schedule = make_schedule(schedule_type="one_time", one_time_at=soon)
    fired = datetime(2020, 1, 1, tzinfo=UTC)
    JobSchedule.objects.filter(pk=schedule.pk).update(one_time_at=fired, next_fire_at=None)
    body = api.get(address(schedule)).json()
    body |= {"parameters": {"a": 1}, "timezone": "Asia/Tokyo"}
    answer = api.send("put", address(schedule), body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["oneTimeExecutionDate"] == "2020-01-01T00:00:00Z"
    problem = problem_of(
        patch(api, schedule, oneTimeExecutionDate="2020-01-02T00:00:00Z"), 400, "validation_error"
    )
    assert problem["errors"][0]["code"] == "past"
    body = patch(api, schedule, oneTimeExecutionDate="2130-01-02T00:00:00").json()
    assert body["nextExecutionUtc"] == "2130-01-01T15:00:00Z"


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "17"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_body_that_is_no_object_is_refused(api, method, body):
    problem = problem_of(api.send(method, address(make_daily()), body), 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "#"


# --- Archive


def test_delete_archives_and_may_be_said_twice(api):
    schedule = make_daily()
    for _ in range(2):
        answer = api.send("delete", address(schedule))
        assert (answer.status_code, answer.content) == (204, b"")
    schedule.refresh_from_db()
    assert schedule.archived_at is not None
    assert JobAudit.objects.filter(object_id=str(schedule.id)).count() == 2
    body = api.get(address(schedule)).json()
    assert (body["isActive"], body["nextExecutionUtc"]) == (False, None)


def test_an_archived_schedule_cannot_be_changed(api):
    schedule = make_daily()
    archive_schedule(actor=TESTER, schedule=schedule)
    problem_of(put(api, schedule), 409, "schedule_archived")
    problem_of(patch(api, schedule, isActive=True), 409, "schedule_archived")


# --- Permissions


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("view_jobschedule", {"get", "list", "preview"}),
        ("add_jobschedule", {"post"}),
        ("change_jobschedule", {"put", "patch"}),
        ("delete_jobschedule", {"delete"}),
    ],
)
def test_each_permission_opens_its_own_calls(bob, bob_api, permission, allowed):
    schedule = make_daily()
    bob.user_permissions.set(Permission.objects.filter(codename=permission))
    body = {"jobDefinitionId": str(schedule.job_id)} | DAILY
    calls = {
        "get": ("get", address(schedule), None),
        "list": ("get", "/api/schedules", None),
        "preview": ("post", "/api/schedules/preview", DAILY),
        "post": ("post", "/api/schedules", body),
        "put": ("put", address(schedule), body),
        "patch": ("patch", address(schedule), {}),
        "delete": ("delete", address(schedule), None),
    }
    opened = {name for name, call in calls.items() if bob_api.send(*call).status_code < 400}
    assert opened == allowed


@pytest.mark.parametrize("method", ["patch", "put"])
def test_wall_clock_text_sent_again_is_the_same_instant(api, method):
    text = {"oneTimeExecutionDate": "2130-12-01T07:00:00", "timezone": "Europe/Berlin"}
    made = create(api, scheduleType=1, **text).json()
    entries = JobAudit.objects.count()

    body = text if method == "patch" else {"scheduleType": 1, **text}
    body |= {} if method == "patch" else {"jobDefinitionId": made["jobDefinitionId"]}
    answer = api.send(method, f"/api/schedules/{made['id']}", body).json()

    assert answer["oneTimeExecutionDate"] == made["oneTimeExecutionDate"] == "2130-12-01T06:00:00Z"
    assert answer["nextExecutionUtc"] == "2130-12-01T06:00:00Z"
    assert JobAudit.objects.count() == entries


def test_a_wall_clock_time_that_is_sent_again_fires_once(api):
    soon = database_now().astimezone(ZoneInfo("Asia/Tokyo")) + timedelta(hours=1)
    text = {"oneTimeExecutionDate": f"{soon:%Y-%m-%dT%H:%M:%S}", "timezone": "Asia/Tokyo"}
    made = create(api, scheduleType=1, **text).json()
    api.send("patch", f"/api/schedules/{made['id']}", text)

    for hours in (2, 24):  # read as UTC, it would come 9 hours later
        plan(now=soon + timedelta(hours=hours))

    [slot] = JobExecution.objects.values_list("scheduled_for", flat=True)
    assert slot == soon.replace(microsecond=0)
