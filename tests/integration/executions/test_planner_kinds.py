"""The slots of each kind of schedule as the planner opens them."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.planner import plan
from jobs.models import JobSchedule
from jobs.scheduling import archive_schedule, change_schedule
from tests.factories import TESTER, make_job, make_schedule

pytestmark = pytest.mark.django_db

RUNS = "scheduled"
INSTANT = timedelta(microseconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_once(kind: str) -> JobSchedule:
    """A schedule that fires once, an hour from now."""
    if kind == "delay":
        return make_schedule(schedule_type="delay", delay_seconds=3600)
    moment = database_now().replace(microsecond=0) + HOUR
    return make_schedule(schedule_type="one_time", one_time_at=moment)


def change(schedule: JobSchedule, **fields: Any) -> JobSchedule:
    return change_schedule(actor=TESTER, schedule=schedule, fields=fields)


def fates(schedule: JobSchedule) -> list[tuple[datetime, str]]:
    """Each slot and what became of it: "scheduled", or the reason it was skipped for."""
    return [
        (execution.scheduled_for, execution.reason or execution.status)
        for execution in schedule.executions.order_by("scheduled_for")
    ]


def next_fire(schedule: JobSchedule) -> datetime | None:
    schedule.refresh_from_db()
    return schedule.next_fire_at


def slot_of(schedule: JobSchedule) -> datetime:
    slot = next_fire(schedule)
    assert slot is not None
    return slot


@pytest.mark.parametrize("kind", ["one_time", "delay"])
def test_what_fires_once_opens_once_and_has_nothing_to_come(kind: str) -> None:
    schedule = make_once(kind)
    slot = slot_of(schedule)
    plan(now=slot - INSTANT)
    assert fates(schedule) == []

    plan(now=slot)

    assert fates(schedule) == [(slot, RUNS)]
    assert next_fire(schedule) is None
    for later in (HOUR, 40 * DAY):
        plan(now=slot + later)
    assert len(fates(schedule)) == 1


@pytest.mark.parametrize("kind", ["one_time", "delay"])
@pytest.mark.parametrize(
    ("late", "fate"),
    [
        (timedelta(minutes=10), RUNS),
        (timedelta(hours=5), RUNS),
        (DAY, RUNS),
        (DAY + INSTANT, "misfire"),
        (30 * DAY, "misfire"),
    ],
    ids=["in-grace", "later", "last-moment", "too-late", "much-too-late"],
)
def test_what_fires_once_and_is_found_late_runs_within_the_catchup_window(
    kind: str, late: timedelta, fate: str
) -> None:
    schedule = make_once(kind)
    slot = slot_of(schedule)

    plan(now=slot + late)

    assert fates(schedule) == [(slot, fate)]
    assert schedule.executions.get().is_late
    assert next_fire(schedule) is None


@pytest.mark.parametrize("kind", ["one_time", "delay"])
def test_what_has_fired_does_not_fire_again_when_it_is_stopped_and_started(kind: str) -> None:
    # Its slot lies in the past of the database's clock, as after any wait.
    schedule = make_once(kind)
    now = database_now().replace(microsecond=0)
    past = {"one_time_at": now - HOUR} if kind == "one_time" else {}
    anchor = now - 2 * HOUR
    JobSchedule.objects.filter(pk=schedule.pk).update(next_fire_at=None, anchor_at=anchor, **past)

    change(schedule, is_active=False)
    change(schedule, is_active=True, parameters={"a": 1})

    assert next_fire(schedule) is None


@pytest.mark.parametrize("kind", ["one_time", "delay"])
def test_what_is_stopped_before_its_instant_never_opens(kind: str) -> None:
    stopped, archived = make_once(kind), make_once(kind)
    slot = slot_of(stopped)
    change(stopped, is_active=False)
    archive_schedule(actor=TESTER, schedule=archived)

    plan(now=slot + HOUR)

    assert fates(stopped) == fates(archived) == []


def test_a_new_date_makes_what_has_fired_fire_once_more() -> None:
    schedule = make_once("one_time")
    first = slot_of(schedule)
    plan(now=first)

    change(schedule, one_time_at=first + DAY)
    plan(now=first + DAY)

    assert fates(schedule) == [(first, RUNS), (first + DAY, RUNS)]
    assert next_fire(schedule) is None


def test_a_new_delay_counts_from_now() -> None:
    now = database_now()
    schedule = make_once("delay")
    JobSchedule.objects.update(anchor_at=now - 30 * DAY, next_fire_at=None)

    change(schedule, delay_seconds=60)

    schedule.refresh_from_db()
    assert schedule.anchor_at >= now
    assert next_fire(schedule) == schedule.anchor_at.replace(microsecond=0) + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"schedule_type": "weekly", "time_of_day": time(6), "days_of_week": 2 | 32},
            ["2030-01-04T06:00", "2030-01-07T06:00", "2030-01-11T06:00"],
        ),
        (
            {"schedule_type": "monthly", "time_of_day": time(6), "day_of_month": 31},
            ["2030-01-31T06:00", "2030-02-28T06:00", "2030-03-31T06:00"],
        ),
        (
            {
                "schedule_type": "daily",
                "time_of_day": time(2, 30),
                "timezone": "Europe/Berlin",
                "start_at": datetime(2030, 3, 30, tzinfo=UTC),
            },
            ["2030-03-30T01:30", "2030-03-31T01:00", "2030-04-01T00:30"],
        ),
    ],
    ids=["weekly", "monthly", "daily-through-a-gap"],
)
def test_calendar_kinds_open_each_of_their_slots(
    fields: dict[str, Any], expected: list[str]
) -> None:
    schedule = make_schedule(**{"start_at": datetime(2030, 1, 1, tzinfo=UTC)} | fields)
    for text in expected:
        slot = datetime.fromisoformat(text).replace(tzinfo=UTC)
        assert next_fire(schedule) == slot
        plan(now=slot - INSTANT)
        plan(now=slot)
        assert fates(schedule)[-1][0] == slot
        done = schedule.executions.filter(scheduled_for=slot)
        done.update(status="succeeded", completed_at=slot)

    assert len(fates(schedule)) == len(expected)


def test_start_and_end_bound_what_is_opened() -> None:
    start = datetime(2030, 1, 31, 6, tzinfo=UTC)
    schedule = make_schedule(
        schedule_type="monthly",
        time_of_day=time(6),
        day_of_month=31,
        start_at=start,
        end_at=datetime(2030, 2, 28, 6, tzinfo=UTC),
    )

    plan(now=start)
    plan(now=datetime(2030, 2, 28, 6, tzinfo=UTC))
    plan(now=datetime(2030, 3, 31, 6, tzinfo=UTC))

    assert [slot.day for slot, _ in fates(schedule)] == [31, 28]
    assert next_fire(schedule) is None


def test_a_change_of_kind_leaves_what_is_due_and_goes_on_by_the_new_rule() -> None:
    now = database_now().replace(microsecond=0)
    schedule = make_schedule(interval_seconds=60, next_fire_at=now)

    change(schedule, schedule_type="one_time", one_time_at=now + DAY)
    plan(now=now)
    plan(now=now + DAY)

    assert fates(schedule) == [(now, RUNS), (now + DAY, RUNS)]
    assert next_fire(schedule) is None


def test_each_schedule_of_a_job_passes_its_own_parameters() -> None:
    job = make_job()
    slot = database_now().replace(microsecond=0) + HOUR
    for region in ("EU", "US"):
        make_schedule(
            job, schedule_type="one_time", one_time_at=slot, parameters={"region": region}
        )

    plan(now=slot)

    inputs = job.executions.order_by("id").values_list("input", flat=True)
    assert sorted(i["region"] for i in inputs) == ["EU", "US"]
