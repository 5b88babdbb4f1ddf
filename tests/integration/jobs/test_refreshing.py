"""Rules that change though nobody edited them."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import database_now
from core.errors import InvalidInput
from jobs.models import ExclusionWindow, JobDefinition, JobSchedule
from jobs.ownership import change_ownership
from jobs.refreshing import refresh_schedules, schedules_of_window
from jobs.scheduling import change_schedule
from tests.factories import TESTER, make_job, make_schedule

pytestmark = pytest.mark.django_db


def make_window(**fields: Any) -> ExclusionWindow:
    """A window from now for a day, global unless told otherwise; not yet reckoned with."""
    now = database_now().replace(microsecond=0)
    values: dict[str, Any] = {"starts_at": now, "ends_at": now + timedelta(days=1)}
    values |= {"name": "Maintenance", "scope": "global", "created_by": "t", "created_at": now}
    return ExclusionWindow.objects.create(**{**values, **fields})


def make_job_of(team: str) -> JobDefinition:
    job = make_job()
    change_ownership(actor=TESTER, job=job, fields={"team_name": team})
    return job


def refresh(window: ExclusionWindow) -> int:
    return refresh_schedules(schedules_of_window(window), actor=TESTER, reason="a new window")


def read_again(schedule: JobSchedule) -> JobSchedule:
    schedule.refresh_from_db()
    return schedule


def test_a_global_window_moves_the_next_run_of_every_schedule_but_no_slot() -> None:
    schedule = make_schedule(interval_seconds=600)
    slot = schedule.next_fire_at

    assert refresh(make_window()) == 1

    read_again(schedule)
    assert schedule.next_fire_at == slot
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > database_now() + timedelta(hours=23)
    version = schedule.versions.get(number=schedule.version)
    assert (version.number, version.reason) == (2, "a new window")


def test_nothing_is_written_where_nothing_has_changed() -> None:
    schedule = make_schedule()
    window = make_window()

    assert (refresh(window), refresh(window)) == (1, 0)
    assert schedule.versions.count() == 2


def test_a_window_of_a_team_holds_for_the_schedules_of_its_jobs_alone() -> None:
    ours = make_schedule(make_job_of("Payments"))
    make_schedule(make_job_of("Search"))
    make_schedule()

    assert schedules_of_window(make_window(scope="team", team_name="Payments")) == [ours.pk]


def test_a_job_that_changes_its_team_changes_its_windows() -> None:
    schedule = make_schedule(make_job_of("Search"), interval_seconds=600)
    make_window(scope="team", team_name="Payments")

    change_ownership(actor=TESTER, job=schedule.job, fields={"team_name": "Payments"})

    read_again(schedule)
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > database_now() + timedelta(hours=23)


def test_a_window_that_excludes_all_slots_of_a_schedule_breaks_nothing() -> None:
    soon = database_now() + timedelta(hours=2)
    once = make_schedule(schedule_type="one_time", one_time_at=soon)

    assert refresh(make_window()) == 1

    read_again(once)
    assert once.next_fire_at is not None
    assert once.next_run_at is None
    change_schedule(actor=TESTER, schedule=make_schedule(), fields={"overlap": "skip"})


def test_who_saves_a_rule_that_is_excluded_for_ever_hears_of_it() -> None:
    make_window()

    with pytest.raises(InvalidInput, match="every fire is excluded by Maintenance"):
        make_schedule(schedule_type="one_time", one_time_at=database_now() + timedelta(hours=2))


def test_a_schedule_made_within_a_window_that_defers_does_not_count_slots_before_it() -> None:
    now = database_now().replace(microsecond=0)
    make_window(
        on_excluded="defer", starts_at=now - timedelta(hours=5), ends_at=now + timedelta(hours=1)
    )

    schedule = make_schedule(interval_seconds=7_200)

    assert schedule.next_run_at == schedule.next_fire_at
