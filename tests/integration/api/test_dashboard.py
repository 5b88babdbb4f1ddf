"""The figures of the dashboard."""

from datetime import timedelta

import pytest

from core.clock import database_now
from executions.stats import dashboard_stats
from jobs.definitions import set_job_status
from tests.factories import TESTER, make_execution, make_job

pytestmark = pytest.mark.django_db

NOTHING = {
    "totalJobs": 0,
    "activeJobs": 0,
    "disabledJobs": 0,
    "runningExecutions": 0,
    "failedToday": 0,
    "succeededToday": 0,
    "delayedOrSkipped": 0,
    "exceedingExpectedDuration": 0,
    "averageExecutionTimeSeconds": 0.0,
    "successRatePercentage": 0.0,
}


def test_an_empty_platform_answers_zeros(api):
    assert api.get("/api/dashboard/stats").json() == NOTHING


def test_jobs_are_counted_by_status_without_those_archived(api):
    for status in ["active", "active", "disabled", "archived", "draft"]:
        job = make_job()
        set_job_status(actor=TESTER, job=job, status=status)
    stats = api.get("/api/dashboard/stats").json()
    assert (stats["totalJobs"], stats["activeJobs"], stats["disabledJobs"]) == (4, 2, 1)


def test_today_begins_at_utc_midnight():
    midnight = database_now().replace(hour=0, minute=0, second=0, microsecond=0)
    before = midnight - timedelta(microseconds=1)
    for status in ["succeeded", "succeeded", "succeeded", "failed", "timed_out", "skipped"]:
        for completed_at in (midnight, before):
            started_at = completed_at - timedelta(seconds=4)
            make_execution(status=status, completed_at=completed_at, started_at=started_at)
    stats = dashboard_stats()
    assert stats["succeededToday"] == 3
    assert stats["failedToday"] == 2
    assert stats["delayedOrSkipped"] == 1
    assert stats["averageExecutionTimeSeconds"] == 4.0
    assert stats["successRatePercentage"] == 60.0


def test_delayed_is_what_waits_for_more_than_a_minute():
    now = database_now()
    for status in ["scheduled", "retrying"]:
        make_execution(status=status, due_at=now - timedelta(seconds=61))
        make_execution(status=status, due_at=now - timedelta(seconds=60))
    assert dashboard_stats()["delayedOrSkipped"] == 2


def test_exceeding_is_what_runs_longer_than_its_job_expects():
    now = database_now()
    for expected in (None, 59, 61):
        job = make_job(expected_duration_seconds=expected)
        make_execution(job, status="running", started_at=now - timedelta(seconds=60))
    stats = dashboard_stats()
    assert (stats["runningExecutions"], stats["exceedingExpectedDuration"]) == (3, 1)


def test_the_figures_take_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        dashboard_stats()
