"""What the sweeper does while the broker stays away for long."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.broker import offer_soon
from executions.sweeper import sweep
from tests.factories import make_execution

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every publication fail, as ``publish`` does without a broker."""

    def fail(hints: list[Any]) -> None:
        offer_soon([hint.id for hint in hints])

    monkeypatch.setattr("executions.sweeper.publish", fail)


@pytest.mark.usefixtures("_broker_is_away")
@pytest.mark.parametrize("publish_count", [0, 1_100, 32_767])
def test_an_outage_of_any_length_leaves_the_next_sweep_possible(publish_count: int) -> None:
    overdue = database_now() - timedelta(seconds=1)
    execution = make_execution(
        status="queued", publish_again_at=overdue, publish_count=publish_count
    )

    assert [sweep(count=lambda queue: None) for _ in range(3)] == [1, 1, 1]

    execution.refresh_from_db()
    assert execution.publish_again_at <= database_now()
    assert execution.publish_count <= 1


def test_the_wait_between_publications_grows_to_its_longest_and_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("executions.sweeper.publish", lambda hints: None)
    execution = make_execution(status="queued", publish_again_at=database_now())
    waits = []
    for _ in range(5):
        execution.refresh_from_db()
        now = execution.publish_again_at
        assert sweep(now=now, count=lambda queue: 0) == 1
        execution.refresh_from_db()
        waits.append((execution.publish_again_at - now).total_seconds())

    assert waits == [120, 240, 300, 300, 300]
