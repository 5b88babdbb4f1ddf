"""Holds by REST."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils.dateparse import parse_datetime

from audit.models import JobAudit
from core.clock import database_now
from executions.holds import hold
from jobs.holds import EVERYTHING
from jobs.models import Hold
from jobs.ownership import change_ownership
from tests.factories import TESTER, make_execution, make_job
from tests.integration.api.conftest import ApiClient
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db


def grant(user: User, *names: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


def test_a_hold_is_opened_shown_changed_and_ended(api: ApiClient) -> None:
    job = make_job(name="Load")
    queued = make_execution(job, status="queued")
    until = (database_now() + timedelta(hours=1)).isoformat()
    sent = {"scope": 4, "jobId": str(job.pk), "reason": "the source moves", "updatedBy": "Ada"}

    answer = api.send("post", "/api/holds", {**sent, "untilUtc": until})

    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert answer["Location"] == f"/api/holds/{body['id']}"
    assert parse_datetime(body["untilUtc"]) == parse_datetime(until)
    shown = {name: body[name] for name in ("scope", "jobId", "target", "reason", "heldBy")}
    assert shown == {
        "scope": "job",
        "jobId": str(job.pk),
        "target": "job Load",
        "reason": "the source moves",
        "heldBy": "alice",
    }
    assert (body["teamName"], body["queue"], body["endedBy"]) == ("", None, None)
    queued.refresh_from_db()
    assert queued.status == "scheduled"

    path = answer["Location"]
    assert api.get(path).json() == body
    assert api.get("/api/holds").json()["results"] == [body]
    changed = api.send("patch", path, {"reason": "still moving", "untilUtc": None}).json()
    assert (changed["reason"], changed["untilUtc"]) == ("still moving", None)
    ended = api.send("post", f"{path}/end", {"updatedBy": "Ada"}).json()
    assert (ended["endedBy"], ended["endedAtUtc"] is not None) == ("alice", True)
    assert api.get("/api/holds").json()["results"] == []
    assert api.get("/api/holds?ended=true").json()["results"] == [ended]
    actions = JobAudit.objects.filter(object_id=str(job.pk), action__startswith="Hold")
    assert list(actions.order_by("id").values_list("action", "claimed_actor")) == [
        ("HoldOpened", "Ada"),
        ("HoldChanged", None),
        ("HoldEnded", "Ada"),
    ]


@pytest.mark.parametrize(
    ("scope", "fields", "target"),
    [
        ("Everything", {}, "everything"),
        ("team", {"teamName": "Sales"}, "team Sales"),
        (3, {"queue": "default"}, "queue default"),
    ],
)
def test_each_scope_is_held(
    api: ApiClient, scope: Any, fields: dict[str, str], target: str
) -> None:
    change_ownership(actor=TESTER, job=make_job(), fields={"team_name": "Sales"})
    answer = api.send("post", "/api/holds", {"scope": scope, "reason": "x", **fields})
    assert answer.status_code == 201, answer.content
    assert answer.json()["target"] == target
    again = api.send("post", "/api/holds", {"scope": scope, "reason": "y", **fields})
    again = problem_of(again, 409, "already_held")
    assert "by alice since" in again["detail"]


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({}, "#/scope", "required"),
        ({"scope": "team"}, "#/reason", "required"),
        ({"scope": "galaxy", "reason": "x"}, "#/scope", "is not one of everything, team"),
        ({"scope": "team", "reason": "x"}, "#/teamName", "names here what it holds"),
        ({"scope": "queue", "reason": "x"}, "#/queue", "names here what it holds"),
        ({"scope": "job", "reason": "x"}, "#/jobId", "names here what it holds"),
        ({"scope": "job", "reason": "x", "jobId": "y"}, "#/jobId", ""),
        ({"scope": "queue", "reason": "x", "queue": "y"}, "#/queue", "There are: default"),
        ({"scope": "team", "reason": "x", "teamName": "Y"}, "#/teamName", "No job is of team"),
        ({"scope": "everything", "reason": "x", "queue": "default"}, "#/queue", "leave it out"),
        ({"scope": "everything", "reason": " "}, "#/reason", ""),
        (
            {"scope": "everything", "reason": "x", "untilUtc": "2020-01-01T00:00:00Z"},
            *("#/untilUtc", "is over"),
        ),
        ({"scope": "everything", "reason": "x", "untilUtc": "soon"}, "#/untilUtc", ""),
        ({"scope": "everything", "reason": "x", "until": None}, "#/until", "untilUtc"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_held(
    api: ApiClient, body: dict[str, Any], pointer: str, words: str
) -> None:
    problem = problem_of(api.send("post", "/api/holds", body), 400, "validation_error")
    details = {error["pointer"]: error["detail"] for error in problem["errors"]}
    assert words in details[pointer], details
    assert not Hold.objects.exists()


def test_what_is_over_is_not_ended_again(api: ApiClient) -> None:
    held = hold(actor=TESTER, target=EVERYTHING, reason="x")
    assert api.send("post", f"/api/holds/{held.pk}/end").status_code == 200
    problem_of(api.send("post", f"/api/holds/{held.pk}/end"), 409, "hold_ended")


def test_holding_takes_its_own_permissions(bob_api: ApiClient, bob: User) -> None:
    hold(actor=TESTER, target=EVERYTHING, reason="x")
    job = {"scope": "job", "jobId": str(make_job().pk), "reason": "x"}
    assert bob_api.get("/api/holds").status_code == 403
    assert bob_api.send("post", "/api/holds", job).status_code == 403

    grant(bob, "view_hold", "add_hold", "change_hold")

    assert bob_api.get("/api/holds").status_code == 200
    made = bob_api.send("post", "/api/holds", job)
    assert made.status_code == 201
    assert bob_api.send("post", f"{made['Location']}/end").status_code == 200


def test_everything_takes_a_permission_more(bob_api: ApiClient, bob: User) -> None:
    held = hold(actor=TESTER, target=EVERYTHING, reason="x")
    grant(bob, "view_hold", "add_hold", "change_hold")
    refused = [
        bob_api.send("post", "/api/holds", {"scope": "everything", "reason": "x"}),
        bob_api.send("patch", f"/api/holds/{held.pk}", {"reason": "y"}),
        bob_api.send("post", f"/api/holds/{held.pk}/end"),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 403]

    grant(bob, "hold_everything")

    assert bob_api.send("post", f"/api/holds/{held.pk}/end").status_code == 200
