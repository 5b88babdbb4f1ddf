"""``manage.py jobs``, ``workers`` and ``queues``: what they show."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.models import Worker
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus, Queue
from jobs.ownership import change_ownership
from tests.factories import TESTER, make_execution, make_job, make_queue, make_schedule
from tests.integration.executions.calling import read, refuse, rows, run

pytestmark = pytest.mark.django_db


def make_job_of(team: str, **fields: Any) -> JobDefinition:
    job = make_job(**fields)
    change_ownership(actor=TESTER, job=job, fields={"team_name": team})
    return job


def make_process(name: str, *, seen_ago: float = 0, **fields: Any) -> Worker:
    seen = database_now() - timedelta(seconds=seen_ago)
    values = {"kind": "worker", "hostname": "h", "pid": 7, "queues": ["default"], "concurrency": 4}
    return Worker.objects.create(
        name=name, **{**values, "started_at": seen, "last_seen_at": seen, **fields}
    )


# --- jobs


def test_jobs_lists_by_name_with_next_fire_and_last_execution() -> None:
    job = make_job_of("Finance", name="Nightly")
    make_job(name="Adhoc")
    next_fire = database_now() + timedelta(hours=1)
    make_schedule(job, next_fire_at=next_fire)
    ran = make_execution(job, status="failed")

    head, adhoc, nightly = rows("jobs")

    assert head == ["id", "name", "status", "team", "queue", "next run (UTC)", "last execution"]
    assert adhoc[1:] == ["Adhoc", "active", "-", "default", "-", "-"]
    assert nightly == [
        str(job.pk),
        "Nightly",
        "active",
        "Finance",
        "default",
        f"{next_fire:%Y-%m-%d %H:%M:%S}",
        f"failed {ran.started_at:%Y-%m-%d %H:%M:%S}",
    ]


def test_jobs_as_json_has_the_contracts_names_and_the_next_fire() -> None:
    job = make_job_of("Finance", name="Nightly", category="Reports")
    next_fire = database_now().replace(microsecond=0) + timedelta(hours=1)
    make_schedule(job, next_fire_at=next_fire)

    (only,) = read("jobs")

    assert (only["id"], only["name"], only["teamName"]) == (str(job.pk), "Nightly", "Finance")
    assert (only["category"], only["status"], only["queue"]) == ("Reports", "active", "default")
    assert only["nextExecutionUtc"] == f"{next_fire:%Y-%m-%dT%H:%M:%SZ}"
    assert only["lastExecutionUtc"] is None


def test_only_what_will_fire_counts_as_next() -> None:
    job = make_job()
    soon = database_now() + timedelta(minutes=1)
    stopped, gone, late = (make_schedule(job) for _ in range(3))
    JobSchedule.objects.filter(pk__in=[stopped.pk, gone.pk]).update(next_run_at=soon)
    JobSchedule.objects.filter(pk=late.pk).update(next_run_at=soon + timedelta(hours=1))
    JobSchedule.objects.filter(pk=stopped.pk).update(is_active=False)
    JobSchedule.objects.filter(pk=gone.pk).update(archived_at=database_now())
    expected = soon + timedelta(hours=1)

    (only,) = read("jobs")
    assert only["nextExecutionUtc"].startswith(f"{expected:%Y-%m-%dT%H:%M:%S}")

    set_job_status(actor=TESTER, job=job, status=JobStatus.DISABLED)
    (only,) = read("jobs")
    assert only["nextExecutionUtc"] is None


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["Alpha", "Beta", "Gamma"]),
        (["--status", "disabled"], ["Beta"]),
        (["--status", "disabled", "--status", "active"], ["Alpha", "Beta", "Gamma"]),
        (["--team", "Finance"], ["Alpha", "Beta"]),
        (["--category", "Reports"], ["Alpha", "Gamma"]),
        (["--team", "Finance", "--category", "Reports"], ["Alpha"]),
        (["--search", "ET"], ["Beta"]),
        (["--search", "a", "--limit", "2"], ["Alpha", "Beta"]),
    ],
    ids=lambda value: " ".join(value) or "all",
)
def test_jobs_are_filtered(options: list[str], names: list[str]) -> None:
    make_job_of("Finance", name="Alpha", category="Reports")
    beta = make_job_of("Finance", name="Beta", category="Feeds")
    make_job_of("Sales", name="Gamma", category="Reports")
    set_job_status(actor=TESTER, job=beta, status=JobStatus.DISABLED)
    archived = make_job_of("Finance", name="Old", category="Reports")
    set_job_status(actor=TESTER, job=archived, status=JobStatus.ARCHIVED)

    assert [job["name"] for job in read("jobs", *options)] == names


def test_a_list_that_is_cut_says_so_on_standard_error() -> None:
    for _ in range(3):
        make_job()

    out, err = run("jobs", "--limit", "2")

    assert len(out.splitlines()) == 3
    assert "The first 2; there are more" in err
    assert run("jobs", "--limit", "3")[1] == ""


def test_a_team_or_category_that_no_job_has_is_a_typing_error() -> None:
    make_job_of("Finance", category="Reports")
    assert str(refuse("jobs", "--team", "Finanz")) == (
        "There is no team 'Finanz'. There are: Finance."
    )
    assert "There are: Reports." in str(refuse("jobs", "--category", ""))


def test_without_any_team_it_says_so() -> None:
    make_job()
    assert "No job has a team yet." in str(refuse("jobs", "--team", "Finance"))


@pytest.mark.parametrize("limit", ["0", "-1", "many", "10001", "1.5"])
def test_a_limit_out_of_bounds_is_refused(limit: str) -> None:
    assert "is no number from 1 to 10000" in str(refuse("jobs", f"--limit={limit}"))


def test_listing_jobs_asks_once(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        make_schedule()
    with django_assert_num_queries(1):
        run("jobs")


# --- workers


def test_workers_tells_who_serves_what_since_when_and_what_runs() -> None:
    now = database_now()
    make_process("w1@h", queues=["default", "reports"], started_at=now - timedelta(days=1))
    make_process("beat@h", kind="beat", queues=[], concurrency=0)
    running = make_execution(make_job(name="Nightly"), status="running", worker="w1@h")

    head, worker, beat = rows("workers")

    assert head == [
        "name",
        "kind",
        "state",
        "queues",
        "busy",
        "since (UTC)",
        "last seen",
        "running",
    ]
    assert worker == [
        *("w1@h", "worker", "alive", "default, reports", "1 of 4"),
        f"{now - timedelta(days=1):%Y-%m-%d %H:%M:%S}",
        "0 s ago",
        f"Nightly for 8 s ({running.pk})",
    ]
    assert beat[:5] == ["beat@h", "beat", "alive", "-", "-"]


def test_workers_as_json() -> None:
    now = database_now().replace(microsecond=0)
    make_process("w1@h", started_at=now, last_seen_at=now)
    running = make_execution(status="running", worker="w1@h", started_at=now)

    (only,) = read("workers")

    at = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    assert only.pop("running") == [
        {
            "id": str(running.pk),
            "jobDefinitionId": str(running.job_id),
            "jobName": running.job.name,
            "attempt": 1,
            "startedAtUtc": at,
        }
    ]
    assert only == {
        "name": "w1@h",
        "kind": "worker",
        "isAlive": True,
        "state": "alive",
        "drainRequestedAtUtc": None,
        "drainRequestedBy": None,
        "drainUntilUtc": None,
        "hostname": "h",
        "pid": 7,
        "queues": ["default"],
        "concurrency": 4,
        "startedAtUtc": at,
        "lastSeenAtUtc": at,
        "stoppedAtUtc": None,
    }


def test_those_gone_show_only_with_all_and_say_how_they_went() -> None:
    make_process("here@h")
    make_process("silent@h", seen_ago=100)
    make_process("stopped@h", seen_ago=200, stopped_at=database_now())

    assert [row[0] for row in rows("workers")[1:]] == ["here@h"]
    assert [(row[0], row[2]) for row in rows("workers", "--all")[1:]] == [
        ("here@h", "alive"),
        ("silent@h", "silent"),
        ("stopped@h", "stopped"),
    ]


def test_without_a_live_worker_it_says_what_to_start() -> None:
    make_process("beat@h", kind="beat")
    assert "No worker is alive. Start" in run("workers")[1]


# --- queues


def test_queues_tells_what_waits_and_who_serves() -> None:
    Queue.objects.create(name="reports", max_concurrent_executions=3)
    make_queue("zzz", is_paused=True)
    make_process("w1@h")
    job = make_job(queue_id="reports")
    due_at = database_now() - timedelta(minutes=2)
    make_execution(job, due_at=due_at)
    make_execution(job, status="queued", queue="reports")
    make_execution(job, status="running", queue="reports")

    head, default, reports, paused = rows("queues")

    assert head == (
        ["name", "state", "limit", "ready", "queued", "running", "waits since", "served by"]
    )
    assert default == ["default", "open", "none", "0", "0", "0", "-", "w1@h (4 places)"]
    assert reports == ["reports", "not served", "3", "1", "1", "1", "2 min", "nobody"]
    assert paused[:2] == ["zzz", "paused"]
    assert "No live worker serves reports. Start one with `-Q reports`." in run("queues")[1]


def test_queues_as_json() -> None:
    now = database_now().replace(microsecond=0)
    make_process("w1@h", concurrency=1)
    make_execution(due_at=now)

    assert read("queues") == [
        {
            "name": "default",
            "maxConcurrentExecutions": None,
            "startsPerMinute": None,
            "isPaused": False,
            "isServed": True,
            "ready": 1,
            "held": 0,
            "queued": 0,
            "running": 0,
            "oldestDueUtc": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "servedBy": ["w1@h"],
            "slots": 1,
        }
    ]
