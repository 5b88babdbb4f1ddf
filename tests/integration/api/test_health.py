"""The probes."""

from datetime import timedelta

import pytest
import redis
from django.db import OperationalError

from core.clock import database_now
from executions.models import Worker
from scheduler_project import health
from tests.factories import make_execution, make_job, make_schedule
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db


def report(kind="beat", ago=0.0, **fields):
    now = database_now() - timedelta(seconds=ago)
    values = {"hostname": "here", "pid": 1, "started_at": now, "last_seen_at": now}
    Worker.objects.create(name=f"{kind}{ago}", kind=kind, **{**values, **fields})


def checks_of(answer):
    return {name: check["ok"] for name, check in answer.json()["checks"].items()}


def test_live_asks_nobody(anonymous, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = anonymous.get("/health/live")
    assert answer.json() == {"status": "ok"}


def test_ready_asks_database_and_broker(anonymous):
    answer = anonymous.get("/health/ready")
    assert answer.status_code == 200
    assert checks_of(answer) == {"database": True, "migrations": True, "broker": True}


@pytest.mark.parametrize(
    ("check", "ask", "error"),
    [
        ("database", "_ask_database", OperationalError("host=secret-host")),
        ("broker", "_ask_broker", redis.ConnectionError("redis://:secret@host")),
        ("migrations", "_require_migrations", health.NotMigrated()),
    ],
)
def test_ready_names_what_fails_and_no_more(anonymous, monkeypatch, check, ask, error):
    def fail():
        raise error

    monkeypatch.setattr(health, ask, fail)
    answer = anonymous.get("/health/ready")
    problem = problem_of(answer, 503, "not_ready")
    assert problem["checks"][check] == {"ok": False}
    assert check in problem["detail"]
    assert b"secret" not in answer.content


def test_ready_sees_a_broker_that_is_away(anonymous, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    problem = problem_of(anonymous.get("/health/ready"), 503, "not_ready")
    assert problem["checks"]["broker"] == {"ok": False}


def test_jobs_are_well_when_beat_ticks_and_nothing_waits(anonymous):
    report()
    answer = anonymous.get("/health/jobs")
    assert answer.status_code == 200
    assert set(checks_of(answer)) == {"schedules", "beat", "queues", "failures"}


@pytest.mark.parametrize(
    ("reports", "is_met"),
    [([], False), ([29], True), ([31], False), ([100, 1], True)],
)
def test_beat_may_be_silent_for_three_heartbeats(anonymous, reports, is_met):
    for ago in reports:
        report(ago=ago)
    assert checks_of(anonymous.get("/health/jobs"))["beat"] is is_met


def test_a_beat_that_was_stopped_does_not_count(anonymous):
    report(stopped_at=database_now())
    problem_of(anonymous.get("/health/jobs"), 503, "jobs_unhealthy")


@pytest.mark.parametrize(("ago", "is_met"), [(60, True), (61, False)])
def test_a_slot_is_overdue_after_a_minute(anonymous, ago, is_met):
    make_schedule(next_fire_at=database_now() - timedelta(seconds=ago))
    answer = anonymous.get("/health/jobs")
    assert checks_of(answer)["schedules"] is is_met
    assert answer.json()["checks"]["schedules"]["overdue"] == (0 if is_met else 1)


@pytest.mark.parametrize(
    ("waited", "worker", "is_met"),
    [
        (61, None, False),
        (60, None, True),
        (61, {"queues": ["default"]}, True),
        (61, {"queues": ["other"]}, False),
        (61, {"queues": ["default"], "ago": 31}, False),
    ],
)
def test_a_queue_with_work_needs_a_live_worker(anonymous, waited, worker, is_met):
    make_execution(status="queued", queued_at=database_now() - timedelta(seconds=waited))
    if worker:
        report(kind="worker", **worker)
    assert checks_of(anonymous.get("/health/jobs"))["queues"] is is_met


@pytest.mark.parametrize(("failing", "well", "is_met"), [(1, 4, True), (1, 3, False), (0, 0, True)])
def test_up_to_a_fifth_of_the_jobs_may_fail(anonymous, failing, well, is_met):
    for status, count in (("failed", failing), ("succeeded", well)):
        for _ in range(count):
            make_execution(status=status)
    answer = anonymous.get("/health/jobs")
    assert checks_of(answer)["failures"] is is_met
    assert answer.json()["checks"]["failures"]["failingJobs"] == failing


def test_a_job_that_succeeded_once_within_the_hour_is_not_failing(anonymous):
    job = make_job()
    make_execution(job, status="succeeded")
    make_execution(job, status="failed")
    answer = anonymous.get("/health/jobs")
    assert answer.json()["checks"]["failures"]["failingJobs"] == 0


def test_probes_tell_no_names(anonymous):
    job = make_job(name="top-secret-job")
    make_execution(job, status="failed")
    assert b"top-secret-job" not in anonymous.get("/health/jobs").content
