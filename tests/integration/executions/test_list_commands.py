"""``manage.py jobs``, ``schedules``, ``preview``, ``workers`` and ``queues``: what they show."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.clock import database_now
from executions.models import Worker
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus, Queue
from jobs.ownership import change_ownership
from jobs.scheduling import archive_schedule, change_schedule
from tests.factories import TESTER, make_execution, make_job, make_schedule
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

    assert head == ["id", "name", "status", "team", "queue", "next fire (UTC)", "last execution"]
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
    JobSchedule.objects.filter(pk__in=[stopped.pk, gone.pk]).update(next_fire_at=soon)
    JobSchedule.objects.filter(pk=late.pk).update(next_fire_at=soon + timedelta(hours=1))
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


# --- schedules


def test_schedules_tells_rule_zone_state_and_times() -> None:
    job = make_job(name="Nightly")
    schedule = make_schedule(
        job, schedule_type="daily", time_of_day="06:30", timezone="Europe/Berlin"
    )
    make_schedule(make_job(name="Another"))

    head, only = rows("schedules", "Nightly")

    assert head == [
        *("id", "job", "rule", "zone", "state", "next fire (UTC)", "last execution (UTC)")
    ]
    assert only == [
        str(schedule.pk),
        "Nightly",
        "At 06:30 every day, Europe/Berlin time",
        "Europe/Berlin",
        "active",
        f"{schedule.next_fire_at:%Y-%m-%d %H:%M:%S}",
        "-",
    ]


def test_schedules_of_all_jobs_come_by_name_without_the_archived() -> None:
    for name in ("Beta", "Alpha"):
        make_schedule(make_job(name=name))
    archive_schedule(actor=TESTER, schedule=make_schedule(make_job(name="Gone")))

    assert [row[1] for row in rows("schedules")] == ["job", "Alpha", "Beta"]


def test_schedules_as_json_has_the_contracts_names_and_the_rule_in_words() -> None:
    schedule = make_schedule(make_job(name="Nightly"), interval_seconds=3600)

    (only,) = read("schedules", str(schedule.job_id))

    assert only["id"] == str(schedule.pk)
    assert only["jobDefinitionId"] == str(schedule.job_id)
    assert (only["scheduleType"], only["intervalSeconds"]) == ("interval", 3600)
    assert (only["jobName"], only["description"]) == ("Nightly", "Every hour")
    assert only["state"] == "active"
    assert only["nextExecutionUtc"].endswith("Z")


def test_a_schedule_says_why_nothing_comes() -> None:
    job = make_job()
    stopped, ended, other = make_schedule(job), make_schedule(job), make_schedule()
    change_schedule(actor=TESTER, schedule=stopped, fields={"is_active": False})
    JobSchedule.objects.filter(pk=ended.pk).update(next_fire_at=None)
    set_job_status(actor=TESTER, job=other.job, status=JobStatus.DISABLED)

    states = {row["id"]: row["state"] for row in read("schedules")}

    assert states == {
        str(stopped.pk): "disabled",
        str(ended.pk): "ended",
        str(other.pk): "job disabled",
    }


def test_a_rule_that_is_none_any_more_spoils_no_list() -> None:
    schedule = make_schedule()
    JobSchedule.objects.filter(pk=schedule.pk).update(timezone="Mars/Olympus")
    ((_, _, rule, *_),) = rows("schedules")[1:]
    assert rule.startswith("not a rule any more: timezone:")


def test_schedules_of_an_unknown_job_suggest_a_name() -> None:
    make_job(name="Nightly report")
    assert "Did you mean 'Nightly report'?" in str(refuse("schedules", "nightly reprot"))


# --- preview


def test_preview_of_a_cron_line_saves_nothing_and_tells_what_the_clock_does() -> None:
    out, _ = run(
        *("preview", "--cron", "30 2 * * *", "--timezone", "Europe/Berlin"),
        *("--after", "2026-03-28T12:00:00Z", "--count", "2"),
    )

    description, _, first, second = out.splitlines()
    assert description.startswith("At 02:30 every day")
    assert first.startswith("2026-03-29 01:00:00")
    assert "Sun 2026-03-29 03:00:00 +0200" in first
    assert "moved to 03:00" in first
    assert second.startswith("2026-03-30 00:30:00")
    assert not JobSchedule.objects.exists()


def test_preview_as_json_is_what_rest_answers() -> None:
    document = read(
        *("preview", "--cron", "30 2 * * *", "--timezone", "Europe/Berlin"),
        *("--after", "2026-03-28T12:00:00Z", "--count", "1"),
    )

    assert document == {
        "fires": [
            {
                "fireUtc": "2026-03-29T01:00:00Z",
                "local": "2026-03-29T03:00:00+02:00",
                "businessDate": "2026-03-29",
                "notes": document["fires"][0]["notes"],
            }
        ],
        "exhausted": False,
        "description": document["description"],
    }
    assert len(document["fires"][0]["notes"]) == 1


def test_preview_of_a_schedule_and_of_all_of_a_job() -> None:
    job = make_job(name="Nightly")
    daily = make_schedule(job, schedule_type="daily", time_of_day="06:00")
    hourly = make_schedule(job, interval_seconds=3600)

    one = read("preview", str(daily.pk), "--after", "2026-05-04", "--count", "3")
    both = read("preview", "Nightly", "--count", "1")

    assert [fire["fireUtc"] for fire in one["fires"]] == [
        f"2026-05-0{day}T06:00:00Z" for day in (4, 5, 6)
    ]
    assert [preview["scheduleId"] for preview in both] == [str(daily.pk), str(hourly.pk)]
    assert [len(preview["fires"]) for preview in both] == [1, 1]
    out, _ = run("preview", "Nightly")
    assert str(daily.pk) in out
    assert "Every hour" in out


def test_a_rule_that_ends_says_so() -> None:
    schedule = make_schedule(end_at=database_now() + timedelta(seconds=25))

    out, _ = run("preview", str(schedule.pk))

    assert out.splitlines()[-1] == "Nothing comes after these."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Give a schedule or a job, or a rule with --cron."),
        (["Nightly", "--cron", "* * * * *"], "Give a schedule or a job"),
        (["--cron", "61 * * * *"], "cron_expression: "),
        (["--cron", "0 0 30 2 *"], "never"),
        (["--cron", "* * * * *", "--timezone", "Mars/Olympus"], "timezone: "),
        (["Nothing"], "There is no job 'Nothing'"),
        ([str(uuid4())], "There is no job"),
        (["--cron", "* * * * *", "--after", "tomorrow"], "'tomorrow' is no time"),
        (["--cron", "* * * * *", "--count", "101"], "is no number from 1 to 100"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_preview_that_cannot_be_given_says_what_to_write(arguments: list[str], says: str) -> None:
    make_schedule(make_job(name="Nightly"))
    assert says in str(refuse("preview", *arguments))


def test_a_job_without_schedules_has_nothing_to_preview() -> None:
    make_job(name="Adhoc")
    assert str(refuse("preview", "Adhoc")) == "Job Adhoc has no schedule."


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
    Queue.objects.create(name="zzz", is_paused=True)
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
            "isPaused": False,
            "isServed": True,
            "ready": 1,
            "queued": 0,
            "running": 0,
            "oldestDueUtc": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "servedBy": ["w1@h"],
            "slots": 1,
        }
    ]
