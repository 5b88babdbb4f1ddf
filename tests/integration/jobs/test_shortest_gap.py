"""How often a schedule may fire on this platform."""

from typing import Any

import pytest

from core.errors import InvalidInput
from tests.factories import make_schedule

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "field", "apart"),
    [
        ({"schedule_type": "interval", "interval_seconds": 59}, "interval_seconds", "59"),
        ({"schedule_type": "cron", "cron_expression": "*/5 * * * * *"}, "cron_expression", "5"),
        ({"schedule_type": "cron", "cron_expression": "0,59 0 3 * * *"}, "cron_expression", "59"),
    ],
)
def test_a_schedule_that_fires_more_often_than_allowed_is_refused(
    fields: dict[str, Any], field: str, apart: str, settings: Any
) -> None:
    settings.SCHEDULER_SHORTEST_GAP_SECONDS = 60

    with pytest.raises(InvalidInput) as refusal:
        make_schedule(**fields)

    [problem] = refusal.value.problems
    assert (problem.field, problem.code) == (field, "too_often")
    assert f"fires {apart} s apart; here at least 60 s" in problem.detail


@pytest.mark.parametrize(
    "fields",
    [
        {"schedule_type": "interval", "interval_seconds": 60},
        {"schedule_type": "cron", "cron_expression": "* * * * *"},
        {"schedule_type": "delay", "delay_seconds": 5},
    ],
)
def test_one_that_does_not_is_taken(fields: dict[str, Any], settings: Any) -> None:
    settings.SCHEDULER_SHORTEST_GAP_SECONDS = 60

    assert make_schedule(**fields).next_fire_at is not None
