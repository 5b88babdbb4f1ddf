"""Messages are hints: what they say, and what happens when they cannot be sent."""

import base64
import json
import logging
import time
from datetime import timedelta
from uuid import UUID

import pytest
import redis

from core.clock import database_now
from executions.broker import Hint, count_messages, offer_soon, publish
from executions.models import JobExecution
from tests.factories import make_execution

pytestmark = pytest.mark.django_db


def hint(queue: str, number: int = 1, fence: int = 7) -> Hint:
    return Hint(id=UUID(int=number), fence=fence, queue=queue, job_name="nightly report")


def test_a_message_says_which_execution_and_which_fence_and_nothing_else(
    broker: "redis.Redis", broker_queue: str
) -> None:
    publish([hint(broker_queue)])

    (message,) = broker.lrange(broker_queue, 0, -1)
    envelope = json.loads(message)
    args, kwargs, embed = json.loads(base64.b64decode(envelope["body"]))
    assert (args, kwargs) == ([str(UUID(int=1)), 7], {})
    assert not any(embed.values())
    assert envelope["headers"]["task"] == "executions.execute"
    assert envelope["headers"]["id"] == f"{UUID(int=1)}.7"
    assert envelope["headers"]["shadow"] == "nightly report"
    assert (envelope["headers"]["eta"], envelope["headers"]["expires"]) == (None, None)


def test_messages_keep_the_order_of_their_hints(broker: "redis.Redis", broker_queue: str) -> None:
    publish([hint(broker_queue, number) for number in range(1_200)])

    assert count_messages(broker_queue) == 1_200
    # Workers take from the right.
    ends = [broker.lindex(broker_queue, place) for place in (-1, 0)]
    assert [json.loads(end)["headers"]["id"] for end in ends] == [
        f"{UUID(int=number)}.7" for number in (0, 1_199)
    ]


def test_a_queue_without_messages_holds_none(broker_queue: str) -> None:
    assert count_messages(broker_queue) == 0


@pytest.mark.usefixtures("_broker_away")
def test_nothing_to_send_needs_no_broker() -> None:
    publish([])


@pytest.mark.usefixtures("_broker_away")
def test_a_broker_that_is_away_cannot_tell_what_it_holds() -> None:
    assert count_messages("default") is None


@pytest.mark.usefixtures("_broker_away")
def test_what_cannot_be_sent_is_left_to_the_next_sweep(caplog: pytest.LogCaptureFixture) -> None:
    now = database_now()
    executions = [make_execution(status="queued") for _ in range(3)]
    other = make_execution(status="queued")
    began = time.monotonic()

    with caplog.at_level(logging.WARNING, logger="executions.broker"):
        publish([Hint(e.id, e.fence, "default", "job") for e in executions])

    assert time.monotonic() - began < 3
    overdue = JobExecution.objects.filter(publish_again_at__lte=now)
    assert {execution.id for execution in overdue} == {execution.id for execution in executions}
    assert JobExecution.objects.get(pk=other.pk).publish_again_at == other.publish_again_at
    assert "3 messages not published, the sweeper will" in caplog.text


@pytest.mark.parametrize("status", ["scheduled", "running", "retrying", "succeeded", "cancelled"])
def test_only_what_is_still_unclaimed_is_offered_again(status: str) -> None:
    later = database_now() + timedelta(hours=1)
    execution = make_execution(status=status, publish_again_at=later)

    offer_soon([execution.id])

    execution.refresh_from_db()
    assert (execution.status, execution.publish_again_at) == (status, later)
