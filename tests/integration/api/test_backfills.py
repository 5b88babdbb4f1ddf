"""Backfills by REST: asked for, looked at, called off."""

import pytest
from django.contrib.auth.models import Permission

from audit.models import JobAudit
from executions.backfills import release_backfills
from executions.models import Backfill, JobExecution
from tests.factories import make_execution, make_job
from tests.integration.executions.backfills import executions, hour, make_hourly

pytestmark = pytest.mark.django_db

RANGE = {"fromUtc": "2026-05-04T00:00:00Z", "untilUtc": "2026-05-04T04:00:00Z"}


def start(api, schedule, **fields):
    return api.send("post", f"/api/jobs/{schedule.job_id}/backfills", {**RANGE, **fields})


def problems(answer):
    assert answer.status_code == 400
    return {error["pointer"]: error["detail"] for error in answer.json()["errors"]}


def test_a_backfill_is_started_and_found_where_the_answer_says(api):
    schedule = make_hourly()

    answer = start(
        api, schedule, order="newest_first", limit=2, priority=3, reason="the source was wrong"
    )

    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert answer["Location"] == f"/api/backfills/{body['id']}"
    assert body["jobDefinitionId"] == str(schedule.job_id)
    assert body["jobName"] == schedule.job.name
    assert body["jobScheduleId"] == str(schedule.pk)
    assert (body["fromUtc"], body["untilUtc"]) == (RANGE["fromUtc"], RANGE["untilUtc"])
    assert (body["order"], body["limit"], body["priority"]) == ("newest_first", 2, 3)
    assert (body["reason"], body["createdBy"]) == ("the source was wrong", "alice")
    assert body["state"] == "running"
    counts = {"waiting": 4}
    assert body["progress"] == {"total": 4, "finished": 0, "fraction": 0.0, "counts": counts}
    assert api.get(answer["Location"]).json() == body


def test_a_dry_run_lists_the_slots_with_their_dates_and_opens_nothing(api):
    schedule = make_hourly(timezone="Europe/Berlin", cron_expression="0 * * * *")
    ran = make_execution(
        schedule.job,
        origin="schedule",
        schedule=schedule,
        scheduled_for=hour(1),
        status="succeeded",
    )

    answer = start(api, schedule, dryRun=True)

    assert answer.status_code == 200
    body = answer.json()
    assert (body["opened"], body["leftOut"], body["problem"]) == (3, {"ran": 1}, None)
    assert body["jobScheduleId"] == str(schedule.pk)
    assert body["slots"][0] == {
        "slotUtc": "2026-05-04T00:00:00Z",
        "local": "2026-05-04T02:00:00+02:00",
        "businessDate": "2026-05-04",
        "previousBusinessDate": None,
        "nextBusinessDate": None,
        "leftOut": None,
        "detail": None,
        "executionId": None,
    }
    assert body["slots"][1]["leftOut"] == "ran"
    assert body["slots"][1]["detail"] == "it ran and succeeded"
    assert body["slots"][1]["executionId"] == str(ran.pk)
    assert not Backfill.objects.exists()
    assert not JobExecution.objects.filter(origin="backfill").exists()
    assert not JobAudit.objects.filter(action="BackfillStarted").exists()


def test_what_is_wrong_is_named_as_the_caller_named_it(api):
    schedule = make_hourly()

    answer = start(api, schedule, untilUtc="2026-05-03T00:00:00Z", limit=0, priority=10)
    assert problems(answer) == {
        "#/untilUtc": "It has to be later than fromUtc.",
        "#/limit": "Let from 1 to 1,000 run at once.",
        "#/priority": "Priorities go from 0 to 9; 9 goes first.",
    }


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"fromUtc": "yesterday"}, "#/fromUtc"),
        ({"untilUtc": None}, "#/untilUtc"),
        ({"scheduleId": "nightly"}, "#/scheduleId"),
        ({"scheduleId": "01a20c72-0000-7000-8000-000000000000"}, "#/scheduleId"),
        ({"order": "random"}, "#/order"),
        ({"limit": "many"}, "#/limit"),
        ({"priority": "low"}, "#/priority"),
        ({"include": "all"}, "#/include"),
        ({"parameters": [1]}, "#/parameters"),
        ({"reason": "x" * 2001}, "#/reason"),
        ({"dryRun": "perhaps"}, "#/dryRun"),
        ({"until": "now"}, "#/until"),
        ({"untilUtc": "2190-01-01T00:00:00Z"}, "#/untilUtc"),
    ],
)
def test_a_bad_field_is_refused_by_its_name(api, fields, pointer):
    assert pointer in problems(start(api, make_hourly(), **fields))
    assert not Backfill.objects.exists()


def test_a_job_that_has_several_schedules_is_asked_which(api):
    job = make_job()
    schedule = make_hourly(job)
    make_hourly(job)

    assert "name one" in problems(start(api, schedule))["#/scheduleId"]
    assert start(api, schedule, scheduleId=str(schedule.pk)).status_code == 201


def test_a_range_that_has_run_is_a_conflict(api):
    schedule = make_hourly()
    start(api, schedule)

    answer = start(api, schedule)

    assert answer.status_code == 409
    assert answer.json()["code"] == "nothing_to_backfill"


def test_backfills_are_listed_newest_first_with_their_progress(api):
    one, other = make_hourly(), make_hourly()
    first = start(api, one).json()["id"]
    second = start(api, other).json()["id"]

    body = api.get("/api/backfills").json()

    assert [row["id"] for row in body["results"]] == [second, first]
    assert [row["progress"]["total"] for row in body["results"]] == [4, 4]
    only = api.get(f"/api/backfills?jobDefinitionId={one.job_id}").json()
    assert [row["id"] for row in only["results"]] == [first]
    assert api.get("/api/backfills?job=x").status_code == 400


def test_its_executions_are_listed_and_each_names_its_backfill(api):
    body = start(api, make_hourly()).json()

    rows = api.get(f"/api/backfills/{body['id']}/executions?pageSize=3").json()

    assert [row["scheduledForUtc"][11:13] for row in rows["results"]] == ["03", "02", "01"]
    assert {row["backfillId"] for row in rows["results"]} == {body["id"]}
    assert rows["next"]


def test_a_backfill_is_cancelled(api):
    body = start(api, make_hourly()).json()
    release_backfills()

    answer = api.send("post", f"/api/backfills/{body['id']}/cancel", {"reason": "wrong range"})

    assert answer.status_code == 200
    assert answer.json()["state"] == "cancelled"
    assert answer.json()["progress"]["counts"] == {"cancelled": 4}
    assert answer.json()["cancelledBy"] == "alice"
    assert JobAudit.objects.get(action="BackfillCancelled").reason == "wrong range"
    again = api.send("post", f"/api/backfills/{body['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "backfill_over")


def test_what_runs_is_asked_to_stop_only_if_told(api):
    body = start(api, make_hourly()).json()
    backfill = Backfill.objects.get()
    row = executions(backfill).first()
    JobExecution.objects.filter(pk=row.pk).update(
        status="running", started_at=hour(0), lease_until=hour(0), worker="w"
    )

    address = f"/api/backfills/{body['id']}/cancel"
    assert api.send("post", address).json()["state"] == "cancelling"
    assert api.send("post", address, {"stopRunning": True}).status_code == 200

    row.refresh_from_db()
    assert row.cancel_requested_by == "alice"
    assert api.send("post", address, {"stopRunning": "maybe"}).status_code == 400


def test_a_backfill_that_there_is_not_is_not_found(api):
    nobody = "/api/backfills/01a20c72-0000-7000-8000-000000000000"
    assert api.get(nobody).status_code == 404
    assert api.get(f"{nobody}/executions").status_code == 404
    assert api.send("post", f"{nobody}/cancel").status_code == 404


def test_starting_and_cancelling_take_their_permissions(bob_api, bob, api):
    schedule = make_hourly()
    body = start(api, schedule).json()
    assert start(bob_api, schedule).status_code == 403
    assert bob_api.get("/api/backfills").status_code == 403
    assert bob_api.send("post", f"/api/backfills/{body['id']}/cancel").status_code == 403

    may = Permission.objects.filter(
        codename__in=("add_jobexecution", "change_jobexecution", "view_jobexecution")
    )
    bob.user_permissions.set(may)

    assert bob_api.send("post", f"/api/backfills/{body['id']}/cancel").status_code == 200
    assert start(bob_api, schedule).status_code == 201
    assert bob_api.get("/api/backfills").status_code == 200
