"""Jobs without success for longer than their schedules let expect."""

from datetime import datetime, timedelta

import pytest

from core.clock import database_now
from executions.stats import stale_jobs
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule
from jobs.scheduling import change_schedule
from tests.factories import TESTER, make_execution, make_job
from tests.integration.api.test_dashboard import DAY, NOW, end, plan_at

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def fill_slots(job: JobDefinition, **ages: timedelta) -> JobSchedule:
    """Give the job a schedule that goes on, and a slot of each age in the status it is named by."""
    schedule = plan_at(NOW + HOUR, job)
    for name, age in ages.items():
        status = name.rstrip("_")
        final = (
            {} if status in ("running", "scheduled") else {"completed_at": NOW - age + HOUR / 60}
        )
        make_execution(
            job,
            status=status,
            schedule=schedule,
            origin="schedule",
            scheduled_for=NOW - age,
            started_at=None if status in ("skipped", "scheduled") else NOW - age,
            **final,
        )
    return schedule


STALE = [
    ({"failed": DAY}, "1 slot has fallen due"),
    ({"running": 2 * DAY}, "is running"),
    ({"skipped": DAY, "skipped_": HOUR}, "nothing has started"),
    ({"succeeded": 2 * DAY, "failed": DAY}, "No success since 2026-05-12 12:31:00 UTC"),
    ({"failed": HOUR, "timed_out": HOUR / 2, "failed_": HOUR / 3}, "3 slots or more"),
    ({"succeeded": 2 * HOUR, "failed": HOUR, "skipped": HOUR / 2, "cancelled": HOUR / 3}, "slots"),
]
FRESH = [
    {},
    {"failed": DAY - timedelta(seconds=1)},
    {"failed": 2 * DAY, "succeeded": DAY},
    {"failed": HOUR, "failed_": HOUR / 2},
    {"failed": HOUR * 0.99, "failed_": HOUR / 2, "failed__": HOUR / 3, "failed___": HOUR / 4},
    {"failed": HOUR, "failed_": HOUR / 2, "failed__": HOUR / 3, "succeeded": HOUR / 4},
]


@pytest.mark.parametrize(("slots", "says"), STALE, ids=range(len(STALE)))
def test_a_job_without_success_since_a_day_or_three_slots_is_stale(slots, says):
    job = make_job()
    fill_slots(job, **slots)
    (row,) = stale_jobs(now=NOW)
    assert row["jobDefinitionId"] == job.pk
    assert says in row["reason"]


@pytest.mark.parametrize("slots", FRESH, ids=range(len(FRESH)))
def test_a_job_that_may_yet_succeed_in_time_is_not_stale(slots):
    fill_slots(make_job(), **slots)
    assert stale_jobs(now=NOW) == []


def test_a_slot_that_nobody_opened_makes_a_job_stale_too():
    plan_at(NOW - DAY)
    plan_at(NOW - DAY + timedelta(seconds=1))
    assert len(stale_jobs(now=NOW)) == 1


def test_a_success_by_hand_is_a_success():
    job = make_job()
    fill_slots(job, failed=2 * DAY)
    end(job, "succeeded", NOW - DAY)
    assert stale_jobs(now=NOW) == []


def test_the_longest_stale_comes_first_with_what_is_needed_to_act(api):
    first, second = make_job(name="first", category="ETL"), make_job(name="second")
    first.ownership.owner_name, first.ownership.owner_email = "Ada", "ada@example.com"
    first.ownership.team_name = "Data"
    first.ownership.save()
    now = database_now()
    for job, age in ((second, 2 * DAY), (first, 3 * DAY)):
        end(job, "succeeded", now - 4 * DAY)
        schedule = plan_at(now + HOUR, job)
        slot = {"schedule": schedule, "origin": "schedule", "scheduled_for": now - age}
        make_execution(job, status="failed", started_at=now - age, **slot)
    rows = api.get("/api/dashboard/stale-jobs").json()
    assert [row["jobName"] for row in rows] == ["first", "second"]

    def shown(at: datetime) -> str:
        return at.isoformat().replace("+00:00", "Z")

    assert rows[0] == {
        "jobDefinitionId": str(first.pk),
        "jobName": "first",
        "category": "ETL",
        "ownerName": "Ada",
        "ownerEmail": "ada@example.com",
        "teamName": "Data",
        "lastSuccessUtc": shown(now - 4 * DAY),
        "lastExecutionUtc": shown(now - 3 * DAY),
        "nextExecutionUtc": shown(now + HOUR),
        "reason": rows[0]["reason"],
    }
    assert rows[0]["reason"].endswith("the last execution to start is failed.")
    assert len(api.get("/api/dashboard/stale-jobs?limit=1").json()) == 1


def test_what_need_not_succeed_is_not_stale(settings):
    settings.SCHEDULER_ENVIRONMENT = "PROD"
    long_ago = NOW - 9 * DAY
    set_job_status(actor=TESTER, job=plan_at(long_ago).job, status="disabled")
    plan_at(long_ago, make_job(allowed_environments=3))
    change_schedule(actor=TESTER, schedule=plan_at(long_ago), fields={"is_active": False})
    over = plan_at(long_ago)
    JobSchedule.objects.filter(pk=over.pk).update(next_fire_at=None)
    assert stale_jobs(now=NOW) == []
