"""Locks by REST and by command."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from audit.models import JobAudit
from executions.locking import Locks, store
from executions.models import JobExecution
from tests.factories import make_execution, make_job
from tests.integration.api.test_problems import problem_of
from tests.integration.executions.calling import read, refuse, rows, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder() -> Iterator[JobExecution]:
    """An execution that holds the lock ``ledger``."""
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as server:
        server.flushall()
    execution = make_execution(make_job(name="Close the books"), status="running")
    locks = Locks(
        execution_id=execution.pk,
        fence=1,
        job_name=execution.job.name,
        on_lost=lambda name, why: None,
    )
    with locks.take("ledger", 0):
        yield execution
    locks.close()


def test_locks_are_listed_with_who_holds_them(api, holder):
    body = api.get("/api/locks").json()

    (lock,) = body["results"]
    assert lock["name"] == "ledger"
    assert lock["executionId"] == str(holder.pk)
    assert (lock["jobName"], lock["hostInstance"]) == ("Close the books", "worker1@test")
    assert lock["sinceUtc"] < lock["expiresAtUtc"]
    assert lock["fence"] >= 1
    assert lock["waiters"] == []


def test_a_lock_is_broken_once_and_that_is_kept(api, holder):
    answer = api.send("post", "/api/locks/ledger/break", {"reason": "it hangs"})

    assert answer.status_code == 204
    assert api.get("/api/locks").json()["results"] == []
    assert JobAudit.objects.get(action="LockBroken").reason == "it hangs"
    again = api.send("post", "/api/locks/ledger/break", {"reason": "it hangs"})
    assert problem_of(again, 404, "not_found")


def test_breaking_takes_a_reason(api, holder):
    for body in ({}, {"reason": " "}):
        answer = api.send("post", "/api/locks/ledger/break", body)
        assert problem_of(answer, 400, "validation_error")["errors"][0]["pointer"] == "#/reason"
    assert len(api.get("/api/locks").json()["results"]) == 1


def test_without_redis_the_list_says_so(api, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    store._client.cache_clear()
    store._script.cache_clear()
    try:
        assert problem_of(api.get("/api/locks"), 503, "redis_unavailable")
        assert "Check REDIS_URL" in str(refuse("locks"))
    finally:
        store._client.cache_clear()
        store._script.cache_clear()


def test_who_may_not_change_executions_breaks_nothing(bob_api, holder):
    answer = bob_api.send("post", "/api/locks/ledger/break", {"reason": "it hangs"})
    assert answer.status_code == 403
    assert bob_api.get("/api/locks").status_code == 403


def test_the_command_lists_and_breaks(holder):
    head, row = rows("locks")
    assert head[:4] == ["name", "job", "execution", "worker"]
    assert row[:4] == ["ledger", "Close the books", str(holder.pk), "worker1@test"]
    assert [lock["name"] for lock in read("locks")] == ["ledger"]

    assert "reason: Say why" in str(refuse("locks", "--break", "ledger"))
    assert "--reason goes with --break" in str(refuse("locks", "--reason", "x"))
    _, said = run("locks", "--break", "ledger", "--reason", "it hangs")
    assert "Lock ledger is broken" in said
    assert read("locks") == []
    assert "Nobody holds a lock" in str(
        refuse("locks", "--break", "ledger", "--reason", "it hangs")
    )
