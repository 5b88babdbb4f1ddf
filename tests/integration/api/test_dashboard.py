"""The figures of the dashboard."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from core.clock import database_now
from executions.rollups import roll_up
from executions.stats import (
    dashboard_stats,
    execution_trends,
    stale_jobs,
    top_failing_jobs,
    upcoming_jobs,
)
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule
from jobs.pausing import pause_schedule
from jobs.scheduling import archive_schedule, change_schedule
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.integration.api.business import make_window
from tests.integration.api.test_problems import problem_of

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
NOW = datetime(2026, 5, 14, 12, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def end(job: JobDefinition, status: str, at: datetime, seconds: float = 4) -> None:
    """Let an execution of ``job`` end at this instant after so many seconds."""
    started_at = at - timedelta(seconds=seconds)
    make_execution(job, status=status, completed_at=at, started_at=started_at)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What goes to the server, by Django's cursors or by psycopg's own."""
    connection.ensure_connection()
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def count(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(str(query))
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", count)
    yield statements
    monkeypatch.undo()


@pytest.mark.parametrize(
    "figures", [dashboard_stats, execution_trends, top_failing_jobs, upcoming_jobs, stale_jobs]
)
def test_each_part_takes_one_round_trip(sent: list[str], figures: Any) -> None:
    figures()
    assert len(sent) == 1


# --- the figures of today ---


def test_an_empty_platform_answers_zeros(api):
    assert api.get("/api/dashboard/stats").json() == NOTHING


def test_jobs_are_counted_by_status_without_those_archived(api):
    for status in ["active", "active", "disabled", "archived", "draft"]:
        job = make_job()
        set_job_status(actor=TESTER, job=job, status=status)
    stats = api.get("/api/dashboard/stats").json()
    assert (stats["totalJobs"], stats["activeJobs"], stats["disabledJobs"]) == (4, 2, 1)


def test_today_begins_at_utc_midnight():
    today = midnight(database_now())
    before = today - timedelta(microseconds=1)
    for status in ["succeeded", "succeeded", "succeeded", "failed", "timed_out", "skipped"]:
        for completed_at in (today, before):
            end(make_job(), status, completed_at)
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


# --- trends ---


def test_a_trend_has_a_row_for_every_day_with_today_last(api):
    rows = api.get("/api/dashboard/execution-trends").json()
    today = database_now().date()
    dates = [str(today - DAY * back) for back in range(6, -1, -1)]
    assert [row["executionDate"] for row in rows] == dates
    empty = {
        "totalExecutions": 0,
        "successCount": 0,
        "failureCount": 0,
        "timeoutCount": 0,
        "avgDurationSeconds": 0,
    }
    assert rows[0] == {"executionDate": dates[0]} | empty
    assert len(api.get("/api/dashboard/execution-trends?days=90").json()) == 90


def fill_days() -> JobDefinition:
    """Fill three days of two jobs, each day's first and last instant included."""
    job, other = make_job(), make_job()
    for back in range(3):
        day = midnight(NOW) - DAY * back
        end(job, "succeeded", day, seconds=2)
        end(job, "failed", day + timedelta(hours=1), seconds=10)
        end(other, "timed_out", day + timedelta(hours=2), seconds=6)
        end(other, "cancelled", day + timedelta(hours=3), seconds=50)
        end(other, "skipped", day + timedelta(hours=4), seconds=50)
        for _ in range(back):
            end(other, "failed", day + DAY - timedelta(microseconds=1), seconds=6)
    return job


def test_a_day_counts_what_ended_between_its_midnights():
    fill_days()
    rows = execution_trends(days=4, now=NOW)
    assert [str(row["executionDate"]) for row in rows] == [f"2026-05-{d}" for d in (11, 12, 13, 14)]
    counts = [
        tuple(
            row[f"{name}"]
            for name in ("totalExecutions", "successCount", "failureCount", "timeoutCount")
        )
        for row in rows
    ]
    assert counts == [(0, 0, 0, 0), (6, 1, 3, 1), (5, 1, 2, 1), (4, 1, 1, 1)]
    assert [row["avgDurationSeconds"] for row in rows] == [0, 6.0, 6.0, 6.0]


@pytest.mark.parametrize("days", [1, 2, 4, 7])
def test_a_day_says_the_same_whether_it_is_rolled_up_or_not(days):
    fill_days()

    def ask() -> tuple[Any, Any]:
        return execution_trends(days=days, now=NOW), top_failing_jobs(days=days, now=NOW)

    counted_now = ask()
    assert roll_up(now=NOW, most_days=1) == [(NOW - 2 * DAY).date()]
    assert ask() == counted_now
    assert roll_up(now=NOW) == [(NOW - DAY).date()]
    assert ask() == counted_now


def test_a_rolled_up_day_is_not_counted_from_its_executions_again():
    job = fill_days()
    roll_up(now=NOW)
    before = execution_trends(days=4, now=NOW)
    end(job, "succeeded", NOW - DAY)
    assert execution_trends(days=4, now=NOW) == before


# --- top failing jobs ---


def test_jobs_are_named_by_their_failures_most_first(api):
    now = database_now()
    seldom, often, never = make_job(name="seldom"), make_job(name="often"), make_job()
    often.ownership.owner_name, often.ownership.owner_email = "Ada", "ada@example.com"
    often.ownership.save()
    JobDefinition.objects.filter(pk=often.pk).update(category="ETL")
    end(seldom, "failed", now)
    for status in ("failed", "timed_out", "succeeded", "cancelled"):
        end(often, status, now)
    end(never, "succeeded", now)
    rows = api.get("/api/dashboard/top-failing-jobs").json()
    assert [(row["jobName"], row["failureCount"]) for row in rows] == [("often", 2), ("seldom", 1)]
    assert rows[0] == {
        "jobDefinitionId": str(often.pk),
        "jobName": "often",
        "category": "ETL",
        "failureCount": 2,
        "lastFailureUtc": now.isoformat().replace("+00:00", "Z"),
        "ownerName": "Ada",
        "ownerEmail": "ada@example.com",
    }
    assert len(api.get("/api/dashboard/top-failing-jobs?limit=1").json()) == 1


def test_failures_count_from_the_first_midnight_on():
    job = make_job()
    end(job, "failed", midnight(NOW) - DAY)
    end(job, "failed", midnight(NOW) - DAY - timedelta(microseconds=1))
    assert [row["failureCount"] for row in top_failing_jobs(days=2, now=NOW)] == [1]
    assert top_failing_jobs(days=1, now=NOW) == []


def test_an_archived_job_is_not_named_as_failing():
    job = make_job()
    end(job, "failed", database_now())
    set_job_status(actor=TESTER, job=job, status="archived")
    assert top_failing_jobs() == []


# --- upcoming jobs ---


def plan_at(at: datetime, job: JobDefinition | None = None) -> JobSchedule:
    return make_schedule(job or make_job(), next_fire_at=at)


def test_schedules_are_named_in_the_order_of_their_next_slots(api):
    now = database_now()
    job = make_job(name="next", category="ETL", expected_duration_seconds=30)
    job.ownership.owner_name, job.ownership.team_name = "Ada", "Data"
    job.ownership.save()
    plan_at(now + timedelta(hours=2))
    at = now + timedelta(minutes=10, seconds=59)
    schedule = plan_at(at, job)
    rows = api.get("/api/dashboard/upcoming-jobs").json()
    assert len(rows) == 2
    assert rows[0] == {
        "scheduleId": str(schedule.pk),
        "jobDefinitionId": str(job.pk),
        "jobName": "next",
        "category": "ETL",
        "scheduleType": "interval",
        "nextExecutionUtc": at.isoformat().replace("+00:00", "Z"),
        "minutesUntilExecution": 10,
        "expectedDurationSeconds": 30,
        "timeoutSeconds": 300,
        "ownerName": "Ada",
        "teamName": "Data",
    }
    assert len(api.get("/api/dashboard/upcoming-jobs?limit=1").json()) == 1
    assert len(api.get("/api/dashboard/upcoming-jobs?hours=1").json()) == 1


def test_upcoming_ends_after_the_hours_asked_for():
    plan_at(NOW + timedelta(hours=1))
    plan_at(NOW + timedelta(hours=1, microseconds=1))
    assert len(upcoming_jobs(hours=1, now=NOW)) == 1


def test_upcoming_is_what_really_runs_and_when():
    window = make_window("Morning", from_time="05:00", until_time="07:00", on_excluded="defer")
    daily = {"schedule_type": "daily", "time_of_day": "06:00"}
    deferred = make_schedule(**daily, exclusions=[window.pk])
    pause_schedule(actor=TESTER, schedule=make_schedule(**daily), reason="month end")
    [row] = upcoming_jobs(hours=25)
    assert row["scheduleId"] == deferred.pk
    assert f"{row['nextExecutionUtc']:%H:%M}" == "07:00"


def test_a_slot_that_is_due_is_upcoming_in_no_time():
    plan_at(NOW - timedelta(minutes=5))
    assert [row["minutesUntilExecution"] for row in upcoming_jobs(now=NOW)] == [0]


def test_what_would_not_run_is_not_upcoming(settings):
    settings.SCHEDULER_ENVIRONMENT = "PROD"
    at = database_now() + timedelta(minutes=1)
    for status in ("disabled", "draft", "archived"):
        set_job_status(actor=TESTER, job=plan_at(at).job, status=status)
    plan_at(at, make_job(allowed_environments=3))
    archive_schedule(actor=TESTER, schedule=plan_at(at))
    change_schedule(actor=TESTER, schedule=plan_at(at), fields={"is_active": False})
    runs = plan_at(at, make_job(allowed_environments=4))
    assert [row["scheduleId"] for row in upcoming_jobs()] == [runs.pk]


# --- parameters ---


@pytest.mark.parametrize(
    ("path", "query", "parameter"),
    [
        ("stats", "days=7", "days"),
        ("execution-trends", "days=0", "days"),
        ("execution-trends", "days=91", "days"),
        ("execution-trends", "days=x", "days"),
        ("execution-trends", "days=", "days"),
        ("execution-trends", "days=1&days=2", "days"),
        ("execution-trends", "limit=5", "limit"),
        ("top-failing-jobs", "days=91", "days"),
        ("top-failing-jobs", "limit=0", "limit"),
        ("top-failing-jobs", "limit=101", "limit"),
        ("upcoming-jobs", "hours=0", "hours"),
        ("upcoming-jobs", "hours=745", "hours"),
        ("upcoming-jobs", "limit=1.5", "limit"),
        ("upcoming-jobs", "pageSize=5", "pageSize"),
        ("stale-jobs", "limit=-1", "limit"),
        ("stale-jobs", "days=7", "days"),
    ],
)
def test_a_bad_parameter_is_refused_by_its_name(api, path, query, parameter):
    problem = problem_of(api.get(f"/api/dashboard/{path}?{query}"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == parameter
