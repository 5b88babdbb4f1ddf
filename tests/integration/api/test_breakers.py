"""The circuit breaker of a job by REST, and the fields of its limits."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission

from audit.models import JobAudit
from core.clock import database_now
from executions.circuits import Circuits, breaker_of
from jobs.models import JobDefinition
from tests.factories import make_execution, make_job

pytestmark = pytest.mark.django_db


def problems(answer):
    assert answer.status_code == 400
    return {error["pointer"]: error["detail"] for error in answer.json()["errors"]}


def test_a_closed_breaker_says_when_it_would_open(api):
    job = make_job(breaker_failures=3, breaker_seconds=90)

    assert api.get(f"/api/jobs/{job.pk}/breaker").json() == {
        "jobDefinitionId": str(job.pk),
        "state": "closed",
        "openedAtUtc": None,
        "openedBy": None,
        "reason": None,
        "halfOpenAtUtc": None,
        "trialExecutionId": None,
        "breakerFailures": 3,
        "breakerSeconds": 90,
    }


def test_one_that_has_opened_says_why_and_until_when(api):
    job = make_job(breaker_failures=1, breaker_seconds=90)
    now = database_now() + timedelta(seconds=5)
    make_execution(job, status="failed", completed_at=now)
    Circuits().tend(now=now)

    answer = api.get(f"/api/jobs/{job.pk}/breaker").json()

    assert (answer["state"], answer["openedBy"]) == ("open", "platform")
    assert answer["reason"] == "Its last execution failed."
    assert answer["openedAtUtc"] < answer["halfOpenAtUtc"]


def test_it_is_opened_and_closed_by_hand_with_an_entry_each(api):
    job = make_job()

    opened = api.send("post", f"/api/jobs/{job.pk}/breaker/open", {"reason": "flood"})
    assert opened.status_code == 200
    assert (opened.json()["state"], opened.json()["openedBy"]) == ("open", "alice")
    assert opened.json() == api.get(f"/api/jobs/{job.pk}/breaker").json()

    closed = api.send("post", f"/api/jobs/{job.pk}/breaker/close", {"reason": "dry again"})
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    entries = JobAudit.objects.filter(object_id=str(job.pk), actor="alice").order_by("pk")
    assert list(entries.values_list("action", "reason")) == [
        ("BreakerOpened", "flood"),
        ("BreakerClosed", "dry again"),
    ]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}])
def test_opening_takes_a_reason(api, body):
    answer = api.send("post", f"/api/jobs/{make_job().pk}/breaker/open", body)

    assert problems(answer) == {"#/reason": "Say why it is opened."}


def test_closing_a_closed_one_is_a_conflict_that_says_so(api):
    answer = api.send("post", f"/api/jobs/{make_job().pk}/breaker/close", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "breaker_closed")


def test_of_a_job_there_is_not_there_is_no_breaker(api):
    assert api.get(f"/api/jobs/{uuid4()}/breaker").status_code == 404


def test_looking_takes_the_permission_to_see_jobs_and_moving_it_that_to_change_them(bob_api, bob):
    job = make_job()
    assert bob_api.get(f"/api/jobs/{job.pk}/breaker").status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="view_jobdefinition"))

    assert bob_api.get(f"/api/jobs/{job.pk}/breaker").status_code == 200
    for act in ("open", "close"):
        answer = bob_api.send("post", f"/api/jobs/{job.pk}/breaker/{act}", {"reason": "flood"})
        assert answer.status_code == 403
    assert breaker_of(job).is_closed


# --- The fields of limits

LIMITS = {
    "concurrencyKey": "customer:{customer_id}",
    "maxConcurrentPerKey": 2,
    "startsPerMinute": 30,
    "breakerFailures": 5,
    "breakerSeconds": 60,
    "priority": 7,
}


def test_the_limits_of_a_job_are_set_and_shown(api):
    body = {"name": "limited", "executionMode": "InProcess", "executionTypeName": "tests.noop"}

    answer = api.send("post", "/api/jobs", body | LIMITS)

    assert answer.status_code == 201, answer.json()
    assert answer.json().items() >= LIMITS.items()
    assert JobDefinition.objects.get().versions.get().snapshot["starts_per_minute"] == 30


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("concurrencyKey", "customer", "names no parameter"),
        ("concurrencyKey", "customer:{customer id}", "customer:{customer_id}"),
        ("concurrencyKey", "{a}" + "x" * 200, "200"),
        ("maxConcurrentPerKey", 0, "1"),
        ("startsPerMinute", 0, "1"),
        ("startsPerMinute", "often", "whole number"),
        ("breakerFailures", 0, "1"),
        ("breakerSeconds", 0, "1"),
        ("priority", 10, "9"),
        ("priority", -1, "0"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_field_with_the_fix(api, field, value, said):
    job = make_job()

    answer = api.send("patch", f"/api/jobs/{job.pk}", {field: value})

    found = problems(answer)
    assert list(found) == [f"#/{field}"]
    assert said in found[f"#/{field}"]
