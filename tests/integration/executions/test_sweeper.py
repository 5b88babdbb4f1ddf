"""Lost messages are sent again, with the same fence, and a long backlog does not multiply."""

from datetime import datetime, timedelta

import pytest
import redis

from core.clock import database_now
from executions.broker import count_messages
from executions.models import ExecutionTransition, JobExecution
from executions.sweeper import sweep
from jobs.models import Queue
from tests.factories import make_execution, make_job, pause_queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def lane(broker_queue: str) -> Queue:
    """A queue of the database with the same name as an empty one of the broker."""
    return Queue.objects.create(name=broker_queue)


def make_overdue(lane: Queue, **fields: object) -> JobExecution:
    values = {"queue": lane.name, "publish_again_at": database_now()}
    return make_execution(make_job(queue=lane), status="queued", **{**values, **fields})


@pytest.mark.parametrize(
    ("offset", "swept"),
    [(timedelta(microseconds=1), 0), (timedelta(0), 1), (timedelta(hours=-1), 1)],
    ids=["just-before", "at", "after"],
)
def test_an_unclaimed_execution_is_offered_again_when_its_wait_is_over(
    lane: Queue, offset: timedelta, swept: int
) -> None:
    now = database_now()
    make_overdue(lane, publish_again_at=now + offset)

    assert sweep(now=now) == swept
    assert count_messages(lane.name) == swept


def test_it_is_the_same_hint_again_and_no_move(broker: "redis.Redis", lane: Queue) -> None:
    execution = make_overdue(lane, fence=7)

    sweep()

    execution.refresh_from_db()
    assert (execution.status, execution.fence, execution.publish_count) == ("queued", 7, 1)
    assert f"{execution.id}.7" in broker.lindex(lane.name, 0).decode()
    assert not ExecutionTransition.objects.exists()


@pytest.mark.parametrize(("published", "wait"), [(0, 120), (1, 240), (2, 300), (3, 300), (29, 300)])
def test_the_wait_doubles_up_to_five_minutes(lane: Queue, published: int, wait: int) -> None:
    now = database_now()
    execution = make_overdue(lane, publish_count=published)

    sweep(now=now)

    execution.refresh_from_db()
    assert execution.publish_again_at == now + timedelta(seconds=wait)
    assert execution.publish_count == published + 1


@pytest.mark.parametrize("published", [30, 1_022, 32_767])
def test_no_number_of_lost_messages_is_too_large(lane: Queue, published: int) -> None:
    now = database_now()
    execution = make_overdue(lane, publish_count=published)

    assert sweep(now=now) == 1

    execution.refresh_from_db()
    assert execution.publish_again_at == now + timedelta(seconds=300)


@pytest.mark.parametrize(("held", "swept"), [(None, 3), (0, 3), (2, 3), (3, 0), (50, 0)])
def test_a_queue_that_still_holds_its_messages_is_left_alone(
    lane: Queue, held: int | None, swept: int
) -> None:
    for _ in range(3):
        make_overdue(lane)

    assert sweep(count=lambda _: held) == swept


def test_unclaimed_executions_that_are_not_overdue_count_as_well(lane: Queue) -> None:
    later = database_now() + timedelta(minutes=1)
    make_overdue(lane)
    make_overdue(lane, publish_again_at=later)

    assert sweep(count=lambda _: 1) == 1


def test_each_queue_is_looked_at_by_itself(lane: Queue) -> None:
    Queue.objects.create(name="whole")
    make_overdue(lane)
    make_execution(status="queued", queue="whole", publish_again_at=database_now())
    asked = []

    def count(queue: str) -> int:
        asked.append(queue)
        return 0 if queue == lane.name else 1

    assert sweep(count=count) == 1
    assert sorted(asked) == sorted([lane.name, "whole"])


def test_nothing_overdue_asks_the_broker_nothing() -> None:
    make_execution(status="queued")

    assert sweep(count=lambda queue: pytest.fail(f"asked about {queue}")) == 0


@pytest.mark.parametrize(
    "status", ["scheduled", "running", "retrying", "succeeded", "failed", "cancelled"]
)
def test_only_unclaimed_executions_are_swept(lane: Queue, status: str) -> None:
    long_ago = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    make_execution(status=status, queue=lane.name, publish_again_at=long_ago)

    assert sweep() == 0


def test_a_flushed_broker_gets_everything_back(broker: "redis.Redis", lane: Queue) -> None:
    executions = [make_overdue(lane) for _ in range(5)]
    sweep()
    broker.delete(lane.name)
    JobExecution.objects.update(publish_again_at=database_now())

    assert sweep() == 5
    messages = b"".join(broker.lrange(lane.name, 0, -1)).decode()
    assert all(str(execution.id) in messages for execution in executions)


@pytest.mark.usefixtures("_broker_away")
def test_while_the_broker_is_away_the_next_sweep_tries_again() -> None:
    now = database_now()
    execution = make_execution(status="queued", publish_again_at=now)

    assert sweep() == 1

    execution.refresh_from_db()
    assert execution.publish_again_at == now
    assert execution.status == "queued"


def test_what_was_handed_out_while_its_queue_was_paused_is_taken_back(lane: Queue) -> None:
    execution = make_overdue(lane)
    pause_queue(lane.pk)

    assert sweep(count=lambda queue: pytest.fail(f"asked about {queue}")) == 0

    execution.refresh_from_db()
    assert (execution.status, execution.fence, execution.publish_again_at) == ("scheduled", 2, None)
    transition = ExecutionTransition.objects.get()
    assert (transition.reason, transition.actor) == ("on_hold", None)
