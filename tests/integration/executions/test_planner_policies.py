"""What becomes of due slots by the policies of their schedule."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.breaker import Breaker
from executions.completions import follow_completions
from executions.models import ExecutionTransition, JobExecution
from executions.planner import plan
from jobs.models import ExclusionWindow, JobSchedule
from jobs.pausing import pause_schedule, resume_due, resume_schedule
from jobs.scheduling import change_schedule
from jobs.versions import keep_version
from jobs.windows import create_window
from tests.factories import TESTER, make_execution, make_schedule

pytestmark = pytest.mark.django_db

RUNS = "scheduled"


def at(clock: str, day: int = 4) -> datetime:
    """A time of Monday, 4 May 2026, UTC."""
    return datetime.fromisoformat(f"2026-05-{day:02}T{clock}").replace(tzinfo=UTC)


def make_hourly(due: datetime, **fields: Any) -> JobSchedule:
    return make_schedule(
        schedule_type="cron", cron_expression="0 * * * *", next_fire_at=due, **fields
    )


def make_window(name: str = "Lunch", **fields: Any) -> ExclusionWindow:
    values: dict[str, Any] = {"scope": "global", "created_by": "t", "created_at": at("00:00")}
    return ExclusionWindow.objects.create(name=name, **{**values, **fields})


def fates(schedule: JobSchedule) -> dict[str, str]:
    """What became of each slot: "scheduled", or the reason it was skipped for."""
    return {
        f"{execution.scheduled_for:%H:%M}": execution.reason or execution.status
        for execution in schedule.executions.order_by("scheduled_for")
    }


def change(schedule: JobSchedule, **fields: Any) -> None:
    change_schedule(actor=TESTER, schedule=schedule, fields=fields)


def read_again(schedule: JobSchedule) -> JobSchedule:
    schedule.refresh_from_db()
    return schedule


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            {},
            {"02:00": "misfire", "03:00": "misfire", "04:00": "misfire", "05:00": RUNS},
        ),
        (
            {"misfire_policy": "run_all"},
            {"02:00": RUNS, "03:00": RUNS, "04:00": RUNS, "05:00": RUNS},
        ),
        (
            {"misfire_policy": "skip"},
            {"02:00": "misfire", "03:00": "misfire", "04:00": "misfire", "05:00": "misfire"},
        ),
        (
            {"misfire_policy": "skip", "misfire_grace_seconds": 1200},
            {"02:00": "misfire", "03:00": "misfire", "04:00": "misfire", "05:00": RUNS},
        ),
        (
            {"misfire_policy": "run_all", "catchup_window_seconds": 8400},
            {"02:00": "misfire", "03:00": RUNS, "04:00": RUNS, "05:00": RUNS},
        ),
        (
            {"misfire_policy": "run_all", "max_catchup": 2},
            {"02:00": RUNS, "03:00": RUNS, "04:00": "catchup", "05:00": "catchup"},
        ),
        (
            {"catchup_window_seconds": 600},
            {"02:00": "misfire", "03:00": "misfire", "04:00": "misfire", "05:00": "misfire"},
        ),
    ],
    ids=lambda value: ",".join(f"{k}={v}" for k, v in value.items())[:60],
)
def test_after_an_outage_the_misfire_policy_says_which_slots_run(
    policy: dict[str, Any], expected: dict[str, str]
) -> None:
    schedule = make_hourly(at("02:00"), **policy)

    plan(now=at("05:20"))

    assert fates(schedule) == expected


def test_what_is_caught_up_is_marked_late() -> None:
    schedule = make_hourly(at("02:00"), misfire_policy="run_all")

    plan(now=at("03:20"))

    assert set(schedule.executions.values_list("is_late", flat=True)) == {True}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"overlap": "skip"}, {"01:00": "overlap"}),
        ({"overlap": "queue_one"}, {"01:00": RUNS}),
        ({"overlap": "queue_all"}, {"01:00": RUNS}),
        ({"overlap": "allow"}, {"01:00": RUNS}),
    ],
)
def test_while_one_is_running_the_next_slot_does_what_its_overlap_says(
    fields: dict[str, Any], expected: dict[str, str]
) -> None:
    schedule = make_hourly(at("01:00"), **fields)
    make_execution(
        schedule.job, schedule=schedule, status="running", origin="schedule", now=at("00:00")
    )

    plan(now=at("01:00"))

    found = fates(schedule)
    found.pop("23:59")
    assert found == expected


def test_queue_all_keeps_every_slot_waiting() -> None:
    schedule = make_hourly(at("01:00"), overlap="queue_all")

    for hour in (1, 2, 3, 4):
        plan(now=at(f"0{hour}:00"))

    assert set(fates(schedule).values()) == {RUNS}


@pytest.mark.parametrize("overlap", ["cancel_running", "terminate_running"])
def test_a_slot_that_replaces_the_running_one_asks_it_to_stop_and_ends_what_waits(
    overlap: str,
) -> None:
    schedule = make_hourly(at("02:00"), overlap=overlap)
    running = make_execution(
        schedule.job, schedule=schedule, status="running", origin="schedule", now=at("00:30")
    )
    waiting = make_execution(
        schedule.job, schedule=schedule, origin="schedule", scheduled_for=at("01:00")
    )

    plan(now=at("02:00"))

    running.refresh_from_db()
    waiting.refresh_from_db()
    assert running.cancel_requested_at == at("02:00")
    assert running.cancel_at_once is (overlap == "terminate_running")
    assert (waiting.status, waiting.reason) == ("cancelled", "replaced")
    move = ExecutionTransition.objects.get(execution=waiting, to_status="cancelled")
    assert (move.from_status, move.reason, move.actor) == ("scheduled", "replaced", "schedule")
    assert schedule.executions.get(scheduled_for=at("02:00")).status == RUNS


def test_a_schedule_is_completed_once_it_has_run_as_often_as_it_may() -> None:
    schedule = make_hourly(at("01:00"), max_runs=2, misfire_policy="run_all")

    plan(now=at("04:05"))
    plan(now=at("06:05"))

    assert fates(schedule) == {
        "01:00": RUNS,
        "02:00": RUNS,
        "03:00": "max_runs",
        "04:00": "max_runs",
    }
    read_again(schedule)
    assert (schedule.next_fire_at, schedule.run_count) == (None, 2)
    latest = schedule.versions.get(number=schedule.version)
    assert (latest.standing, latest.since) == ("completed", at("04:00"))


def test_skipped_slots_do_not_count_as_runs() -> None:
    schedule = make_hourly(at("01:00"), max_runs=2)

    plan(now=at("04:05"))
    plan(now=at("05:00"))

    assert fates(schedule) == {
        "01:00": "misfire",
        "02:00": "misfire",
        "03:00": "misfire",
        "04:00": RUNS,
        "05:00": RUNS,
    }


def test_allowed_more_runs_a_completed_schedule_goes_on_from_now() -> None:
    schedule = make_hourly(at("01:00"), max_runs=1)
    plan(now=at("01:00"))

    change_schedule(actor=TESTER, schedule=schedule, fields={"max_runs": 3})

    read_again(schedule)
    assert schedule.next_fire_at is not None
    assert schedule.next_fire_at > database_now()


def test_spread_starts_a_run_later_but_the_slot_stays_its_identity() -> None:
    schedule = make_hourly(at("01:00"), spread_seconds=600)

    plan(now=at("01:00"))
    plan(now=at("02:00"))

    for execution in schedule.executions.all():
        assert (execution.scheduled_for.minute, execution.scheduled_for.second) == (0, 0)
        delay = execution.due_at - execution.scheduled_for
        assert timedelta(0) <= delay < timedelta(seconds=600)
    delays = {e.due_at - e.scheduled_for for e in schedule.executions.all()}
    assert len(delays) == 2  # another for each slot


def test_slots_in_an_exclusion_window_are_recorded_as_skipped_with_its_name() -> None:
    make_window(starts_at=at("01:30"), ends_at=at("03:00"), name="Maintenance")
    schedule = make_hourly(at("01:00"), overlap="queue_all")
    assert read_again(schedule).next_fire_at == at("01:00")

    for hour in (1, 2, 3):
        plan(now=at(f"0{hour}:00"))

    assert fates(schedule) == {"01:00": RUNS, "02:00": "blackout", "03:00": RUNS}
    assert "Maintenance" in schedule.executions.get(reason="blackout").error_message


def test_the_next_run_is_told_past_the_excluded_slots() -> None:
    make_window(starts_at=at("01:30"), ends_at=at("03:30"))
    schedule = make_hourly(at("01:00"))

    plan(now=at("01:00"))

    read_again(schedule)
    assert (schedule.next_fire_at, schedule.next_run_at) == (at("02:00"), at("04:00"))


def test_deferred_slots_run_once_at_the_end_of_the_window() -> None:
    make_window(starts_at=at("11:00"), ends_at=at("13:30"), on_excluded="defer")
    schedule = make_hourly(at("10:00"), overlap="queue_all")

    for hour in (10, 11, 12, 13, 14):
        plan(now=at(f"{hour}:00"))

    assert fates(schedule) == {
        "10:00": RUNS,
        "11:00": RUNS,
        "12:00": "blackout",
        "13:00": "blackout",
        "14:00": RUNS,
    }
    deferred = schedule.executions.get(scheduled_for=at("11:00"))
    assert (deferred.due_at, deferred.error_message) == (at("13:30"), "Deferred by Lunch.")
    note = schedule.executions.get(scheduled_for=at("12:00")).error_message
    assert note == (
        "The slot of 2026-05-04T11:00:00Z was deferred to 2026-05-04T13:30:00Z, and runs for it."
    )


def test_the_latest_missed_slot_that_nothing_excludes_runs() -> None:
    make_window(starts_at=at("04:30"), ends_at=at("05:10"))
    schedule = make_hourly(at("03:00"))

    plan(now=at("05:20"))

    assert fates(schedule) == {"03:00": "misfire", "04:00": RUNS, "05:00": "blackout"}


def test_executions_carry_the_business_date_of_their_slot() -> None:
    schedule = make_schedule(
        schedule_type="daily",
        time_of_day=time(0, 30),
        timezone="Europe/Berlin",
        next_fire_at=at("22:30"),
    )

    plan(now=at("22:30"))

    assert str(schedule.executions.get().business_date) == "2026-05-05"


def end_runs(schedule: JobSchedule, *statuses: str, at: datetime | None = None) -> None:
    """Let runs of the schedule have ended like this, one after another, ``at`` or just now."""
    now = at or database_now()
    for number, status in enumerate(statuses):
        make_execution(
            schedule.job,
            schedule=schedule,
            status=status,
            origin="schedule",
            scheduled_for=now - timedelta(hours=10 - number),
            now=now + timedelta(seconds=2),
        )


@pytest.mark.parametrize(
    ("statuses", "is_paused"),
    [
        (["failed", "failed", "failed"], True),
        (["timed_out", "failed", "timed_out"], True),
        (["failed", "failed"], False),
        (["failed", "succeeded", "failed", "failed"], False),
        (["succeeded", "failed", "failed", "failed"], True),
        (["failed", "skipped", "failed", "cancelled", "failed"], True),
    ],
)
def test_a_schedule_is_paused_after_as_many_failures_in_a_row_as_it_says(
    statuses: list[str], is_paused: bool
) -> None:
    schedule = make_schedule(pause_after_failures=3, interval_seconds=3600)
    end_runs(schedule, *statuses)

    paused = Breaker().pause_failing()

    read_again(schedule)
    assert paused == is_paused
    assert (schedule.paused_at is not None) is is_paused
    if is_paused:
        assert schedule.pause_reason == "It has failed 3 times in a row."
        assert schedule.next_fire_at is None


def test_a_slot_that_is_due_before_the_pause_is_skipped_by_the_breaker() -> None:
    now = database_now()
    schedule = make_schedule(pause_after_failures=2, next_fire_at=now.replace(microsecond=0))
    end_runs(schedule, "failed", "failed")

    plan(now=now + timedelta(seconds=1))

    assert schedule.executions.get(scheduled_for=schedule.next_fire_at).reason == "breaker"


def test_failures_before_it_was_resumed_do_not_pause_it_again() -> None:
    schedule = make_schedule(pause_after_failures=2, interval_seconds=3600)
    now = database_now()
    for hours in (3, 2):
        make_execution(
            schedule.job,
            schedule=schedule,
            status="failed",
            origin="schedule",
            scheduled_for=now - timedelta(hours=hours),
            now=now - timedelta(hours=1),
        )
    pause_schedule(actor=TESTER, schedule=schedule, reason="Look into it.")
    resume_schedule(actor=TESTER, schedule=schedule)

    assert Breaker().pause_failing() == 0


def test_failures_before_its_windows_changed_count_on() -> None:
    now = database_now().replace(microsecond=0)
    schedule = make_schedule(pause_after_failures=2, next_fire_at=now)
    an_hour_ago = now - timedelta(hours=1)
    JobSchedule.objects.update(created_at=an_hour_ago, updated_at=an_hour_ago)
    end_runs(schedule, "failed", "failed", at=now - timedelta(minutes=30))
    lunch = {"scope": "global", "from_time": time(12), "until_time": time(13)}
    create_window(actor=TESTER, fields={"name": "Lunch", **lunch})
    assert read_again(schedule).version == 2

    plan(now=now)
    assert schedule.executions.get(scheduled_for=now).reason == "breaker"
    assert Breaker().pause_failing() == 1
    assert read_again(schedule).paused_at is not None


def test_a_slot_at_the_very_end_of_a_pause_runs() -> None:
    now = database_now().replace(microsecond=0)
    schedule = make_schedule(interval_seconds=60, next_fire_at=now + timedelta(seconds=60))
    until = now + timedelta(seconds=120)
    pause_schedule(actor=TESTER, schedule=schedule, reason="Migration.", until=until)

    assert resume_due(now=until) == 1
    plan(now=until)

    assert [e.scheduled_for for e in schedule.executions.all()] == [until]
    assert read_again(schedule).next_fire_at == until + timedelta(seconds=60)


def test_pauses_end_though_that_of_one_whose_rule_does_not_hold_any_more_cannot() -> None:
    until = database_now() + timedelta(seconds=60)
    broken, fine, also_broken = (make_schedule() for _ in range(3))
    for schedule in (broken, fine, also_broken):
        pause_schedule(actor=TESTER, schedule=schedule, reason="Migration.", until=until)
    unfit = JobSchedule.objects.filter(pk__in=[broken.pk, also_broken.pk])
    unfit.update(timezone="Mars/Olympus")

    assert resume_due(now=until) == 1

    assert read_again(fine).paused_at is None
    assert fine.next_fire_at is not None
    assert unfit.filter(paused_at__isnull=False, resume_at=until).count() == 2


def test_the_time_of_a_pause_is_skipped_and_it_goes_on_by_itself_when_it_is_over() -> None:
    now = database_now().replace(microsecond=0)
    schedule = make_schedule(interval_seconds=60, next_fire_at=now + timedelta(seconds=60))
    until = now + timedelta(seconds=200)
    pause_schedule(actor=TESTER, schedule=schedule, reason="Migration.", until=until)
    assert plan(now=now + timedelta(seconds=190)).opened == 0

    assert resume_due(now=now + timedelta(seconds=199)) == 0
    assert resume_due(now=now + timedelta(seconds=305)) == 1
    plan(now=now + timedelta(seconds=305))

    slots = [e.scheduled_for - now for e in schedule.executions.order_by("scheduled_for")]
    assert [slot.total_seconds() for slot in slots] == [240, 300]
    assert read_again(schedule).paused_at is None


@pytest.mark.parametrize(
    "act",
    [
        lambda s: change_schedule(
            actor=TESTER, schedule=s, fields={"cron_expression": "5 * * * *"}
        ),
        lambda s: change_schedule(actor=TESTER, schedule=s, fields={"timezone": "Asia/Kolkata"}),
        lambda s: change_schedule(actor=TESTER, schedule=s, fields={"overlap": "skip"}),
        lambda s: pause_schedule(actor=TESTER, schedule=s, reason="r"),
    ],
    ids=["rule", "zone", "policy", "pause"],
)
def test_no_change_fires_anything_at_once(act: Callable[[JobSchedule], Any]) -> None:
    schedule = make_schedule(schedule_type="cron", cron_expression="0 0 1 1 *")

    act(schedule)
    plan()

    assert not schedule.executions.exists()


def test_after_completion_the_next_slot_follows_the_end_of_the_last_run() -> None:
    schedule = make_schedule(schedule_type="after_completion", delay_seconds=300)
    first = schedule.next_fire_at
    assert first is not None
    assert first - schedule.anchor_at.replace(microsecond=0) == timedelta(seconds=300)
    plan(now=first)
    assert read_again(schedule).next_fire_at is None
    assert follow_completions() == 0  # it has not ended

    ended = first + timedelta(seconds=77)
    JobExecution.objects.filter(schedule=schedule).update(status="succeeded", completed_at=ended)
    assert follow_completions() == 1

    assert read_again(schedule).next_fire_at == ended + timedelta(seconds=300)
    plan(now=schedule.next_fire_at)
    assert schedule.executions.count() == 2


def test_after_completion_does_not_fire_at_once_when_it_is_enabled_again() -> None:
    schedule = make_schedule(schedule_type="after_completion", delay_seconds=300)
    plan(now=schedule.next_fire_at)
    long_ago = database_now() - timedelta(days=1)
    JobExecution.objects.filter(schedule=schedule).update(status="succeeded", completed_at=long_ago)
    change_schedule(actor=TESTER, schedule=schedule, fields={"is_active": False})
    change_schedule(actor=TESTER, schedule=schedule, fields={"is_active": True})

    follow_completions()

    read_again(schedule)
    assert schedule.next_fire_at is not None
    assert schedule.next_fire_at > database_now() + timedelta(seconds=290)


def make_follower(*, ended: datetime, **fields: Any) -> JobSchedule:
    """One that follows its runs since yesterday; its last run ended at ``ended``."""
    schedule = make_schedule(schedule_type="after_completion", **fields)
    plan(now=schedule.next_fire_at)
    schedule.executions.update(status="succeeded", completed_at=ended)
    yesterday = database_now() - timedelta(days=1)
    schedule.versions.update(since=yesterday)
    JobSchedule.objects.filter(pk=schedule.pk).update(versioned_at=yesterday)
    return read_again(schedule)


def follow(schedule: JobSchedule) -> datetime:
    """The next slot, once its last run has been looked at."""
    follow_completions()
    slot = read_again(schedule).next_fire_at
    assert slot is not None
    return slot


def test_after_completion_only_a_new_delay_counts_from_its_change() -> None:
    now = database_now().replace(microsecond=0)
    schedule = make_follower(ended=now - timedelta(minutes=10), delay_seconds=3_600)
    expected = now + timedelta(minutes=50)
    assert follow(schedule) == expected

    change(schedule, timezone="Asia/Kolkata")
    lunch = {"from_time": time(12), "until_time": time(13)}
    create_window(actor=TESTER, fields={"name": "Lunch", "scope": "global", **lunch})
    assert schedule.versions.count() == 3
    assert follow(schedule) == expected

    change(schedule, delay_seconds=1_800)
    changed_at = schedule.versions.latest("number").since.replace(microsecond=0)
    assert changed_at >= now
    assert follow(schedule) == changed_at + timedelta(minutes=30)

    change(schedule, timezone="UTC", start_at=now + timedelta(days=1))
    assert follow(schedule) == now + timedelta(days=1)


@pytest.mark.parametrize(
    ("minutes", "expected"), [(4, 5), (5, 5), (6, 11)], ids=["later", "at its end", "during it"]
)
def test_after_completion_a_slot_that_fell_due_in_a_pause_counts_from_its_end(
    minutes: int, expected: int
) -> None:
    now = database_now().replace(microsecond=0)
    schedule = make_follower(ended=now, delay_seconds=300)
    until = now + timedelta(minutes=minutes)
    pause_schedule(actor=TESTER, schedule=schedule, reason="Migration.", until=until)

    assert resume_due(now=until) == 1

    assert follow(schedule) == now + timedelta(minutes=expected)
    change(schedule, timezone="Asia/Kolkata")
    assert follow(schedule) == now + timedelta(minutes=expected)


def test_the_same_rule_is_kept_only_once() -> None:
    schedule = make_schedule()

    assert not keep_version(schedule, since=database_now(), by="tester")
    change_schedule(actor=TESTER, schedule=schedule, fields={"parameters": {"a": 1}})

    assert schedule.versions.count() == 1
