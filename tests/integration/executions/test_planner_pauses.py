"""A schedule that was stopped fires nothing of that time, whatever is done to it afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from core.clock import database_now
from executions.planner import plan
from jobs.definitions import set_job_status
from jobs.models import JobSchedule, JobStatus
from jobs.scheduling import archive_schedule, change_schedule
from tests.factories import TESTER, make_schedule

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def change(schedule: JobSchedule, **fields: object) -> None:
    change_schedule(actor=TESTER, schedule=schedule, fields=fields)


def move(schedule: JobSchedule, *instants: datetime) -> None:
    """Let the latest changes have happened at these instants, the last of them last."""
    versions = list(schedule.versions.order_by("-number")[: len(instants)])
    for version, since in zip(versions, reversed(instants), strict=True):
        version.since = since
        version.save()
    JobSchedule.objects.filter(pk=schedule.pk).update(versioned_at=instants[-1])
    schedule.refresh_from_db()


def standing(schedule: JobSchedule) -> str:
    return schedule.versions.get(number=schedule.version).standing


def stopped_while_no_beat_was_there() -> tuple[JobSchedule, datetime]:
    """Every five minutes; a slot was due 30 minutes ago, the schedule was disabled 25 ago."""
    due = database_now().replace(microsecond=0) - 30 * MINUTE
    schedule = make_schedule(interval_seconds=300, next_fire_at=due)
    change(schedule, is_active=False)
    move(schedule, due + 4 * MINUTE)
    return schedule, due


def slots(schedule: JobSchedule) -> list[datetime]:
    return [e.scheduled_for for e in schedule.executions.order_by("scheduled_for")]


@pytest.mark.parametrize(
    "act",
    [
        lambda schedule: None,
        lambda schedule: change(schedule, parameters={"region": "EU"}),
        lambda schedule: change(schedule, is_active=False, timezone="Europe/Berlin"),
        lambda schedule: archive_schedule(actor=TESTER, schedule=schedule),
        lambda schedule: set_job_status(actor=TESTER, job=schedule.job, status=JobStatus.ARCHIVED),
    ],
    ids=["nothing", "edited", "edited while off", "archived", "job archived"],
)
def test_what_was_due_before_the_stop_opens_and_nothing_after_it(
    act: Callable[[JobSchedule], None],
) -> None:
    schedule, due = stopped_while_no_beat_was_there()

    act(schedule)
    plan()
    plan()

    assert slots(schedule) == [due]
    schedule.refresh_from_db()
    assert schedule.next_fire_at is None
    assert standing(schedule) in ("stopped", "archived")


def test_started_again_before_beat_is_back_it_opens_what_was_due_and_goes_on_from_now() -> None:
    schedule, due = stopped_while_no_beat_was_there()

    change(schedule, is_active=True)
    change(schedule, parameters={"region": "EU"})
    plan()

    assert slots(schedule) == [due]
    schedule.refresh_from_db()
    assert schedule.next_fire_at is not None
    assert schedule.next_fire_at > database_now()
    assert (schedule.next_fire_at - due) % (5 * MINUTE) == timedelta(0)
    assert standing(schedule) == "firing"

    plan(now=schedule.next_fire_at)
    assert len(slots(schedule)) == 2


def test_more_slots_than_one_pass_opens_are_all_opened_up_to_the_stop() -> None:
    due = database_now().replace(microsecond=0) - timedelta(hours=1)
    schedule = make_schedule(interval_seconds=1, next_fire_at=due)
    change(schedule, is_active=False)
    move(schedule, due + timedelta(seconds=1200))
    change(schedule, is_active=True)

    for _ in range(4):
        plan()

    assert [(slot - due).total_seconds() for slot in slots(schedule)][-1] == 1200
    assert len(slots(schedule)) == 1201


def test_stopped_twice_before_beat_is_back_only_the_time_between_the_stops_fires() -> None:
    schedule, due = stopped_while_no_beat_was_there()
    change(schedule, is_active=True)
    change(schedule, is_active=False)
    move(schedule, due + 4 * MINUTE, due + 12 * MINUTE, due + 18 * MINUTE)

    plan()
    plan()

    assert [(slot - due) // MINUTE for slot in slots(schedule)] == [0, 15]
    schedule.refresh_from_db()
    assert schedule.next_fire_at is None


def test_an_overdue_schedule_that_was_edited_opens_each_slot_by_the_rule_of_its_time() -> None:
    due = database_now().replace(microsecond=0) - 30 * MINUTE
    schedule = make_schedule(interval_seconds=300, next_fire_at=due)
    change(schedule, interval_seconds=420)
    move(schedule, due + 12 * MINUTE)

    plan()
    plan()

    assert [(slot - due) // MINUTE for slot in slots(schedule)] == [0, 5, 10, 14, 21, 28]


def test_enabled_long_after_beat_had_opened_what_was_due_it_remembers_no_stop() -> None:
    schedule, _ = stopped_while_no_beat_was_there()
    plan()

    change(schedule, is_active=True)

    schedule.refresh_from_db()
    assert standing(schedule) == "firing"
    assert schedule.next_fire_at is not None
    assert schedule.next_fire_at > database_now()


@pytest.mark.parametrize("edited_after", [False, True])
def test_slots_due_after_it_was_started_again_open_and_those_between_do_not(
    edited_after: bool,
) -> None:
    schedule, due = stopped_while_no_beat_was_there()
    change(schedule, is_active=True)
    move(schedule, due + 20 * MINUTE)
    if edited_after:
        change(schedule, parameters={"region": "EU"})

    plan()
    plan()

    assert [(slot - due) // MINUTE for slot in slots(schedule)] == [0, 25, 30]
    schedule.refresh_from_db()
    assert standing(schedule) == "firing"


@pytest.mark.parametrize(("minutes", "opened"), [(5, [0, 5]), (4, [0])])
def test_a_slot_at_the_instant_of_the_stop_was_due_and_one_at_the_start_is_not(
    minutes: int, opened: list[int]
) -> None:
    schedule, due = stopped_while_no_beat_was_there()
    change(schedule, is_active=True)
    move(schedule, due + minutes * MINUTE, due + 25 * MINUTE)

    plan()
    plan()

    assert [(slot - due) // MINUTE for slot in slots(schedule)] == [*opened, 30]
