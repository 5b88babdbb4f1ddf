"""The fires to come, of rules and of schedules."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidInput
from jobs.models import JobSchedule
from jobs.previewing import Fire, preview_fields, preview_rule, preview_schedule
from jobs.schedules import RuleSpec, compile_rule
from tests.factories import make_schedule

pytestmark = pytest.mark.django_db

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def instants(fires: list[Fire]) -> list[str]:
    return [f"{fire.at:%Y-%m-%dT%H:%M:%S}" for fire in fires]


def preview(after: str, count: int = 10, **fields: Any) -> Any:
    spec = RuleSpec(**fields)
    return preview_rule(compile_rule(spec), spec, after=at(after), count=count)


def test_a_fire_tells_its_instant_its_local_time_its_date_and_what_the_clock_did() -> None:
    found = preview("2026-03-28T12:00", 2, kind="daily", time_of_day=time(2, 30), timezone=BERLIN)

    assert found.fires == [
        Fire(
            at=at("2026-03-29T01:00"),
            due_at=at("2026-03-29T01:00"),
            local=datetime(2026, 3, 29, 3, tzinfo=ZoneInfo(BERLIN)),
            business_date=date(2026, 3, 29),
            notes=["02:30 does not exist that day; moved to 03:00"],
        ),
        Fire(
            at=at("2026-03-30T00:30"),
            due_at=at("2026-03-30T00:30"),
            local=datetime(2026, 3, 30, 2, 30, tzinfo=ZoneInfo(BERLIN)),
            business_date=date(2026, 3, 30),
            notes=[],
        ),
    ]
    assert found.description == "At 02:30 every day, Europe/Berlin time"
    assert not found.is_exhausted


def test_the_business_date_is_that_of_the_named_time() -> None:
    found = preview(
        "2024-03-30T12:00", 1, kind="daily", time_of_day=time(23, 30), timezone="America/Nuuk"
    )

    [fire] = found.fires
    assert (fire.local.date(), fire.business_date) == (date(2024, 3, 31), date(2024, 3, 30))


def test_after_is_exclusive() -> None:
    fields = {"kind": "daily", "time_of_day": time(6)}

    assert instants(preview("2026-01-01T06:00", 1, **fields).fires) == ["2026-01-02T06:00:00"]
    assert instants(preview("2026-01-01T05:59:59", 1, **fields).fires) == ["2026-01-01T06:00:00"]


@pytest.mark.parametrize(
    ("count", "shown", "is_exhausted"), [(1, 1, False), (2, 2, False), (3, 3, True), (10, 3, True)]
)
def test_it_is_exhausted_when_nothing_comes_after_what_is_shown(
    count: int, shown: int, is_exhausted: bool
) -> None:
    end = at("2026-01-03T06:00")

    found = preview("2026-01-01", count, kind="daily", time_of_day=time(6), end_at=end)

    assert (len(found.fires), found.is_exhausted) == (shown, is_exhausted)


def test_a_saved_schedule_is_previewed_by_its_own_rule_active_or_not() -> None:
    schedule = make_schedule(interval_seconds=60, is_active=False)
    anchor = schedule.anchor_at.replace(microsecond=0)

    found = preview_schedule(schedule, after=anchor, count=2)

    assert [(fire.at - anchor).total_seconds() for fire in found.fires] == [60, 120]
    assert found.description == "Every minute"


@pytest.mark.parametrize(
    ("fields", "expected", "is_exhausted"),
    [
        (
            {"schedule_type": "interval", "interval_seconds": 3600},
            ["2026-01-01T01:00:00", "2026-01-01T02:00:00"],
            False,
        ),
        ({"schedule_type": "delay", "delay_seconds": 3600}, ["2026-01-01T01:00:00"], True),
        (
            {"schedule_type": "one_time", "one_time_at": at("2026-03-01T06:00")},
            ["2026-03-01T06:00:00"],
            True,
        ),
        ({"schedule_type": "one_time", "one_time_at": at("2025-03-01T06:00")}, [], True),
    ],
    ids=["interval", "delay", "one-time", "over"],
)
def test_what_is_not_saved_counts_from_the_instant_asked_about(
    fields: dict[str, Any], expected: list[str], is_exhausted: bool
) -> None:
    found = preview_fields(fields, after=at("2026-01-01"), count=2)

    assert instants(found.fires) == expected
    assert found.is_exhausted is is_exhausted
    assert not JobSchedule.objects.exists()


def test_a_one_time_on_the_wall_says_what_the_clock_did_to_it() -> None:
    wall = datetime.fromisoformat("2026-03-29T02:30")
    fields = {"schedule_type": "one_time", "one_time_at": wall, "timezone": BERLIN}

    [fire] = preview_fields(fields, after=at("2026-01-01"), count=5).fires

    assert fire.at == at("2026-03-29T01:00")
    assert fire.notes == ["02:30 does not exist that day; moved to 03:00"]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({}, "schedule_type", "blank"),
        ({"schedule_type": "lunar"}, "schedule_type", "invalid_choice"),
        ({"schedule_type": "daily"}, "time_of_day", "required"),
        (
            {"schedule_type": "cron", "cron_expression": "0 0 31 2 *"},
            "cron_expression",
            "never_fires",
        ),
        (
            {"schedule_type": "daily", "time_of_day": time(6), "interval_seconds": 1},
            "interval_seconds",
            "not_of_this_kind",
        ),
        ({"schedule_type": "daily", "time_of_day": time(6), "timezone": ""}, "timezone", "blank"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_could_not_be_saved_cannot_be_previewed(
    fields: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        preview_fields(fields, after=at("2026-01-01"), count=1)

    assert [(p.field, p.code) for p in refusal.value.problems] == [(field, code)]
