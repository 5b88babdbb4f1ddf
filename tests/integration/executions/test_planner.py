"""From due slots to executions: which run, which are recorded as skipped, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from core.clock import database_now
from executions.due import MOST_SLOTS_PER_SCHEDULE
from executions.models import ExecutionTransition, JobExecution
from executions.planner import plan
from jobs.definitions import change_job, set_job_status
from jobs.models import JobSchedule, JobStatus
from tests.factories import TESTER, break_rule, make_execution, make_job, make_schedule

pytestmark = pytest.mark.django_db

RUNS = "scheduled"


def at(clock: str, day: int = 4) -> datetime:
    """A time of Monday, 4 May 2026, UTC."""
    return datetime.fromisoformat(f"2026-05-{day:02}T{clock}").replace(tzinfo=UTC)


def make_cron(expression: str, due: datetime, **fields: object) -> JobSchedule:
    return make_schedule(
        schedule_type="cron", cron_expression=expression, next_fire_at=due, **fields
    )


def fates(schedule: JobSchedule) -> dict[str, str]:
    """What became of each slot: "scheduled", or the reason it was skipped for."""
    return {
        f"{execution.scheduled_for:%H:%M}": execution.reason or execution.status
        for execution in schedule.executions.order_by("scheduled_for")
    }


def next_fire(schedule: JobSchedule) -> datetime | None:
    schedule.refresh_from_db()
    return schedule.next_fire_at


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("00:59:59.999999", {}),
        ("01:00:00", {"01:00": RUNS}),
        ("01:00:00.000001", {"01:00": RUNS}),
        ("02:00:00", {"01:00": "misfire", "02:00": RUNS}),
    ],
)
def test_a_slot_opens_at_its_instant_and_not_before(now: str, expected: dict[str, str]) -> None:
    schedule = make_cron("0 * * * *", at("01:00"))

    plan(now=at(now))

    assert fates(schedule) == expected


@pytest.mark.parametrize(
    ("now", "is_late"), [("01:00:00", False), ("01:00:01", False), ("01:00:01.000001", True)]
)
def test_more_than_a_second_after_its_slot_is_late(now: str, is_late: bool) -> None:
    schedule = make_cron("0 * * * *", at("01:00"))

    plan(now=at(now))

    assert schedule.executions.get().is_late is is_late


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("05:14:59.999999", {"05:00": RUNS, "05:05": RUNS, "05:10": "overlap"}),
        ("05:15:00", {"05:00": RUNS, "05:05": RUNS, "05:10": "overlap", "05:15": "overlap"}),
        ("05:15:00.000001", {"05:00": "misfire", "05:05": RUNS, "05:10": RUNS, "05:15": "overlap"}),
    ],
)
def test_a_slot_found_within_the_misfire_grace_runs(now: str, expected: dict[str, str]) -> None:
    schedule = make_cron("*/5 * * * *", at("05:00"))

    plan(now=at(now))

    assert fates(schedule) == expected


def test_after_an_outage_only_the_latest_slot_runs_and_the_others_are_recorded() -> None:
    schedule = make_cron("0 * * * *", at("02:00"))

    plan(now=at("05:20"))

    assert fates(schedule) == {
        "02:00": "misfire",
        "03:00": "misfire",
        "04:00": "misfire",
        "05:00": RUNS,
    }
    assert all(execution.is_late for execution in schedule.executions.all())
    assert next_fire(schedule) == at("06:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at("06:00", day=5), {"06:00": RUNS}),
        (at("06:00:00.000001", day=5), {"06:00": "misfire"}),
        (at("05:59", day=11), {"06:00": "misfire"}),
    ],
    ids=["at-the-end", "just-after", "six-days-later"],
)
def test_the_latest_missed_slot_runs_only_within_the_catchup_window(
    now: datetime, expected: dict[str, str]
) -> None:
    schedule = make_cron("0 6 * * 1", at("06:00"))

    plan(now=now)

    assert fates(schedule) == expected
    assert next_fire(schedule) == at("06:00", day=11)


def test_grace_and_window_are_settings(settings) -> None:
    settings.SCHEDULER_MISFIRE_GRACE_SECONDS = 0.0
    settings.SCHEDULER_CATCHUP_WINDOW_SECONDS = 60.0
    schedule = make_cron("*/5 * * * *", at("05:00"))

    plan(now=at("05:06:01"))

    assert fates(schedule) == {"05:00": "misfire", "05:05": "misfire"}


def test_one_runs_one_waits_and_further_slots_are_skipped_until_there_is_room() -> None:
    schedule = make_cron("*/10 * * * *", at("00:00"))
    for clock in ("00:00", "00:10", "00:20"):
        plan(now=at(clock))
    assert fates(schedule) == {"00:00": RUNS, "00:10": RUNS, "00:20": "overlap"}

    schedule.executions.filter(scheduled_for=at("00:00")).update(
        status="succeeded", completed_at=at("00:25")
    )
    plan(now=at("00:30"))

    assert fates(schedule) == {
        "00:00": "succeeded",
        "00:10": RUNS,
        "00:20": "overlap",
        "00:30": RUNS,
    }


@pytest.mark.parametrize("status", ["scheduled", "queued", "running", "retrying"])
def test_every_unfinished_execution_of_the_schedule_counts_for_overlap(status: str) -> None:
    schedule = make_cron("*/10 * * * *", at("00:20"))
    for clock in ("00:00", "00:10"):
        make_execution(
            schedule.job,
            **{"origin": "schedule", "status": status},
            **{"schedule": schedule, "scheduled_for": at(clock)},
        )

    plan(now=at("00:20"))

    assert fates(schedule)["00:20"] == "overlap"


def test_other_executions_of_the_job_do_not_count_for_overlap() -> None:
    job = make_job()
    schedule, other = (make_cron("*/10 * * * *", at("00:20"), job=job) for _ in range(2))
    for _ in range(3):
        make_execution(job)
        make_execution(job, schedule=other, scheduled_for=at("00:00"))
    JobSchedule.objects.filter(pk=other.pk).update(next_fire_at=None)

    plan(now=at("00:20"))

    assert fates(schedule) == {"00:20": RUNS}


def test_every_missed_slot_has_a_row_however_many_there_are() -> None:
    schedule = make_cron("* * * * *", at("00:00"))

    passes = []
    while True:
        passes.append(plan(now=at("12:00")))
        if not passes[-1].is_full:
            break

    assert [(p.opened, p.is_full) for p in passes] == [
        (MOST_SLOTS_PER_SCHEDULE, True),
        (721 - MOST_SLOTS_PER_SCHEDULE, False),
    ]
    slots = list(schedule.executions.order_by("scheduled_for").values_list("scheduled_for"))
    assert slots == [(at("00:00") + timedelta(minutes=minute),) for minute in range(721)]
    found = fates(schedule)
    assert [clock for clock, fate in found.items() if fate == RUNS] == ["11:45", "11:46"]
    assert next_fire(schedule) == at("12:01")


def test_a_pass_is_short_enough_for_a_transaction_however_many_schedules_lag() -> None:
    schedules = [make_cron("* * * * *", at("00:00")) for _ in range(12)]

    opened = []
    while (planned := plan(now=at("12:00"))).is_full:
        opened.append(planned.opened)
    opened.append(planned.opened)

    assert max(opened) <= 2_500
    assert sum(opened) == 12 * 721
    assert {schedule.executions.count() for schedule in schedules} == {721}


def test_a_schedule_that_cannot_be_planned_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = make_cron("0 * * * *", at("01:00")), make_cron("0 * * * *", at("02:00"))
    break_rule(bad)

    planned = plan(now=at("02:00"))

    assert (planned.opened, planned.is_full) == (1, False)
    assert fates(good) == {"02:00": RUNS}
    assert next_fire(bad) == at("01:00")
    assert str(bad.pk) in caplog.text


def test_a_pass_takes_the_earliest_schedules_and_says_that_more_may_be_due() -> None:
    late, early = make_cron("0 * * * *", at("02:00")), make_cron("0 * * * *", at("01:00"))

    assert plan(now=at("02:00"), limit=1).is_full
    assert (len(fates(early)), len(fates(late))) == (2, 0)
    plan(now=at("02:00"), limit=1)
    assert plan(now=at("02:00"), limit=1).opened == 0
    assert len(fates(late)) == 1


def test_the_last_slot_before_the_end_leaves_nothing_to_come() -> None:
    schedule = make_cron("0 * * * *", at("04:00"), end_at=at("05:00"), start_at=at("00:00"))

    plan(now=at("04:00"))
    assert next_fire(schedule) == at("05:00")
    plan(now=at("09:00"))

    assert next_fire(schedule) is None
    assert list(fates(schedule)) == ["04:00", "05:00"]


def test_the_next_slot_counts_from_the_slot_and_not_from_the_clock() -> None:
    schedule = make_schedule(interval_seconds=3_600)
    anchor = schedule.created_at.replace(microsecond=0)
    JobSchedule.objects.update(next_fire_at=anchor + timedelta(hours=1))

    plan(now=anchor + timedelta(hours=1, minutes=10))

    assert next_fire(schedule) == anchor + timedelta(hours=2)


def test_a_slot_that_exists_already_is_left_alone() -> None:
    schedule = make_cron("0 * * * *", at("01:00"))
    known = make_execution(
        schedule.job,
        status="succeeded",
        schedule=schedule,
        origin="schedule",
        scheduled_for=at("01:00"),
        output={"rows": 1},
    )
    before = JobExecution.objects.values().get()

    plan(now=at("01:00"))

    assert JobExecution.objects.values().get() == before
    assert not ExecutionTransition.objects.filter(execution=known).exists()
    assert next_fire(schedule) == at("02:00")


def test_a_manual_run_at_the_same_instant_takes_no_slot() -> None:
    schedule = make_cron("0 * * * *", at("01:00"))
    make_execution(schedule.job, scheduled_for=at("01:00"))

    plan(now=at("01:00"))

    assert schedule.executions.count() == 1


def test_an_opened_execution_carries_what_its_job_and_schedule_say_now() -> None:
    job = make_job(priority=3)
    schedule = make_cron("0 * * * *", at("01:00"), job=job, parameters={"region": "EU"})
    change_job(actor=TESTER, job=job, fields={"priority": 8})

    plan(now=at("01:00"))

    execution = JobExecution.objects.get()
    assert execution.job == job
    assert (execution.schedule, execution.origin) == (schedule, "schedule")
    assert (execution.scheduled_for, execution.due_at) == (at("01:00"), at("01:00"))
    assert (execution.priority, execution.version.number) == (8, 2)
    assert execution.input == {"region": "EU"}
    assert (execution.fence, execution.attempt) == (0, 0)
    assert execution.correlation_id == execution.id


def test_every_opened_slot_has_its_first_transition() -> None:
    make_cron("0 * * * *", at("01:00"))

    plan(now=at("02:00"))

    assert list(
        ExecutionTransition.objects.order_by("id").values_list(
            "execution__scheduled_for", "from_status", "to_status", "reason", "attempt", "fence"
        )
    ) == [
        (at("01:00"), None, "skipped", "misfire", 0, 0),
        (at("02:00"), None, "scheduled", None, 0, 0),
    ]


def test_a_skipped_slot_is_over_when_it_is_found() -> None:
    schedule = make_cron("0 * * * *", at("01:00"))

    plan(now=at("02:00"))

    skipped = schedule.executions.get(status="skipped")
    assert skipped.completed_at == at("02:00")


def test_slots_of_a_disabled_job_open_so_that_dispatch_can_say_why_they_do_not_run() -> None:
    schedule = make_cron("0 * * * *", at("01:00"))
    set_job_status(actor=TESTER, job=schedule.job, status=JobStatus.DISABLED)

    plan(now=at("01:00"))

    assert fates(schedule) == {"01:00": RUNS}


def test_without_a_time_given_the_databases_own_decides() -> None:
    now = database_now()
    due = make_schedule(next_fire_at=now)
    later = make_schedule(next_fire_at=now + timedelta(seconds=1))

    plan()

    assert (due.executions.count(), later.executions.count()) == (1, 0)
