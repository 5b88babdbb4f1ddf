"""Why a schedule does not fire, and a job does not run."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.models import Worker
from executions.waits import Code
from jobs.definitions import set_job_status
from jobs.models import ExclusionWindow, Hold, JobSchedule, JobStatus, Queue
from jobs.pausing import pause_schedule
from jobs.scheduling import archive_schedule, change_schedule
from jobs.windows import create_window
from tests.factories import TESTER, break_rule, make_execution, make_job, make_schedule
from tests.integration.executions.calling import read, refuse, run
from tests.integration.executions.causes import ask, codes, first, make_beat, make_process
from tests.integration.executions.test_why import open_circuit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_platform_at_work() -> None:
    make_beat()
    make_process()


def later(**span: float) -> Any:
    return database_now() + timedelta(**span)


def test_a_schedule_that_is_well_tells_its_next_slot() -> None:
    schedule = make_schedule(interval_seconds=3600)
    cause = first(schedule, Code.NEXT_SLOT)
    assert cause.until == schedule.next_fire_at
    assert ask(schedule).status == "firing"


def test_a_paused_schedule_says_who_why_and_until_when() -> None:
    schedule, resume_at = make_schedule(), later(hours=1).replace(microsecond=0)
    pause_schedule(actor=TESTER, schedule=schedule, reason="the source is late", until=resume_at)
    cause = first(schedule, Code.NOT_FIRING)
    assert "by tester until" in cause.detail
    assert cause.detail.endswith("the source is late.")
    assert cause.until == resume_at
    assert ask(schedule).status == "paused"


def test_a_disabled_schedule_says_so() -> None:
    schedule = make_schedule()
    change_schedule(actor=TESTER, schedule=schedule, fields={"is_active": False})
    assert "is disabled" in first(schedule, Code.NOT_FIRING).detail


def test_a_completed_schedule_says_how_often_it_ran() -> None:
    schedule = make_schedule(max_runs=3)
    JobSchedule.objects.update(run_count=3, next_fire_at=None)
    assert "has run 3 times" in first(schedule, Code.NOT_FIRING).detail


def test_an_archived_schedule_says_so() -> None:
    schedule = make_schedule()
    archive_schedule(actor=TESTER, schedule=schedule)
    assert "is archived since" in first(schedule, Code.NOT_FIRING).detail


def test_a_stuck_schedule_says_from_when_on_and_why() -> None:
    schedule, at = make_schedule(), database_now()
    JobSchedule.objects.update(
        stuck_at=at, stuck_reason="the calendar ends in 2026", next_fire_at=None
    )
    cause = first(schedule, Code.STUCK)
    assert "the calendar ends in 2026." in cause.detail
    assert ask(schedule).status == "stuck"


def test_a_rule_that_cannot_be_read_any_more_is_told() -> None:
    schedule = make_schedule()
    JobSchedule.objects.update(timezone="Mars/Olympus")
    assert "cannot be worked out" in first(schedule, Code.STUCK).detail


def test_a_schedule_that_has_ended_says_so() -> None:
    schedule = make_schedule(end_at=later(minutes=1))
    JobSchedule.objects.update(next_fire_at=None)
    assert "It ends at" in first(schedule, Code.NO_SLOT).detail


def make_window(**fields: Any) -> ExclusionWindow:
    now = database_now().replace(microsecond=0)
    values = {
        "name": "Freeze",
        "scope": "global",
        "starts_at": now - timedelta(hours=1),
        "ends_at": now + timedelta(days=1),
    }
    return create_window(actor=TESTER, fields=values | fields)


@pytest.mark.parametrize(
    ("on_excluded", "says"),
    [("defer", "it waits until "), ("skip", "it is skipped; the next that runs is at ")],
)
def test_an_excluded_slot_is_skipped_or_deferred(on_excluded: str, says: str) -> None:
    schedule = make_schedule(interval_seconds=3600)
    make_window(on_excluded=on_excluded)
    cause = first(schedule, Code.EXCLUDED)
    assert "falls into Freeze (blackout)" in cause.detail
    assert says in cause.detail


def test_what_holds_back_its_job_comes_before_the_slot() -> None:
    schedule = make_schedule(make_job(allowed_environments=4), interval_seconds=3600)
    open_circuit(schedule.job)
    Hold.objects.create(
        scope="job", job=schedule.job, reason="x", held_by="alice", held_at=database_now()
    )
    set_job_status(actor=TESTER, job=schedule.job, status=JobStatus.DISABLED)
    assert codes(schedule)[:4] == [Code.JOB_STATUS, Code.ENVIRONMENT, Code.HOLD, Code.CIRCUIT]


@pytest.mark.parametrize(
    ("overlap", "count", "says"),
    [
        ("queue_one", 1, "waits for it."),
        ("queue_one", 2, "is skipped."),
        ("skip", 1, "is skipped."),
        ("queue_all", 2, "waits for it."),
        ("cancel_running", 1, "stops it and takes its place."),
        ("terminate_running", 1, "kills it and takes its place."),
    ],
)
def test_an_earlier_run_says_what_becomes_of_the_next(overlap: str, count: int, says: str) -> None:
    schedule, now = make_schedule(overlap=overlap), database_now()
    running, *_ = [
        make_execution(
            schedule.job,
            schedule=schedule,
            origin="schedule",
            status="running" if place == 0 else "scheduled",
            scheduled_for=now - timedelta(seconds=20 - place),
        )
        for place in range(count)
    ]
    cause = first(schedule, Code.OVERLAP)
    assert f"Execution {running.pk} of an earlier slot (running)" in cause.detail
    assert cause.detail.endswith(says)


def test_a_schedule_that_follows_its_runs_waits_for_the_last() -> None:
    schedule = make_schedule(schedule_type="after_completion", delay_seconds=60)
    JobSchedule.objects.update(next_fire_at=None)
    running = make_execution(schedule.job, schedule=schedule, origin="schedule", status="running")
    assert f"after execution {running.pk}" in first(schedule, Code.FOLLOWS).detail


def test_a_slot_that_nobody_opens_is_told_with_the_missing_beat() -> None:
    schedule = make_schedule(next_fire_at=database_now() - timedelta(minutes=1))
    assert "is beat alive?" in first(schedule, Code.NEXT_SLOT).detail
    Worker.objects.filter(kind="beat").update(stopped_at=database_now())
    assert codes(schedule) == [Code.NEXT_SLOT, Code.BEAT]
    moment = make_schedule(next_fire_at=database_now())
    assert "at its next look" in first(moment, Code.NEXT_SLOT).detail


def test_a_queue_without_workers_is_told() -> None:
    queue = Queue.objects.create(name="reports")
    assert Code.NO_WORKER in codes(make_schedule(make_job(queue=queue)))
    Worker.objects.filter(kind="worker").update(drain_requested_at=database_now())
    assert Code.DRAINING in codes(make_schedule())


def test_what_the_last_slot_did_is_told() -> None:
    schedule = make_schedule(interval_seconds=3600)
    last = make_execution(
        schedule.job, schedule=schedule, origin="schedule", status="skipped", reason="misfire"
    )
    cause = ask(schedule).causes[-1]
    assert cause.code == Code.LAST_SLOT
    assert "skipped, its time had passed" in cause.detail
    assert cause.holders[0].execution_id == last.pk


# --- jobs ---


def test_a_job_that_is_well_says_when_it_runs_next() -> None:
    job = make_job(name="Load")
    assert "No schedule is to fire." in first(job, Code.READY).detail
    make_schedule(job)
    assert "Its schedules fire next at" in first(job, Code.READY).detail


def test_a_job_tells_what_holds_it_back_and_its_newest_execution() -> None:
    job = make_job(max_concurrent_executions=1)
    running = make_execution(job, status="running")
    open_circuit(job)
    why = ask(job)
    assert [cause.code for cause in why.causes] == [
        Code.CIRCUIT,
        Code.JOB_LIMIT,
        Code.LAST_SLOT,
    ]
    assert f"{running.pk}, is running" in why.causes[-1].detail


# --- asking ---


def test_the_command_says_what_it_was_asked_about() -> None:
    schedule = make_schedule(make_job(name="Load"), interval_seconds=3600)
    running = make_execution(schedule.job, status="running")
    waiting = make_execution(schedule.job)

    assert run("why", str(running.pk))[0].startswith(f"execution {running.pk} of job Load: running")
    assert run("why", str(schedule.pk))[0].startswith(f"schedule {schedule.pk} of job Load: firing")
    for text in ("Load", str(schedule.job_id)):
        assert run("why", text)[0].startswith("job Load: active\n1. ")
    answer = read("why", str(waiting.pk))
    assert (answer["kind"], answer["status"]) == ("execution", "scheduled")
    assert answer["summary"] == answer["causes"][0]["detail"]


def test_the_command_says_what_there_is_not() -> None:
    missing = "01999999-0000-7000-8000-000000000000"
    assert "There is no execution, schedule or job" in str(refuse("why", missing))
    assert "There is no job 'Lod'" in str(refuse("why", "Lod"))


def test_a_broken_old_version_does_not_keep_it_from_answering() -> None:
    schedule = make_schedule(interval_seconds=3600)
    break_rule(schedule)
    ask(schedule)
