"""Pokes: they end a wait early, and nothing depends on them."""

import threading
import time
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.db import transaction

from executions import wake
from executions.wake import CHANNEL, WakeUp, poke, poke_after_commit


def never() -> bool:
    return False


@pytest.fixture
def listening(broker: "redis.Redis") -> WakeUp:
    """A beat that has subscribed already."""
    waiting = WakeUp()
    waiting.wait(0.05, is_stopping=never)
    assert dict(broker.pubsub_numsub(CHANNEL))[CHANNEL.encode()] >= 1
    return waiting


@pytest.fixture
def _redis_away(settings) -> Iterator[None]:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    wake._publisher.cache_clear()
    yield
    wake._publisher.cache_clear()


def seconds_waited(waiting: WakeUp, seconds: float) -> float:
    began = time.monotonic()
    waiting.wait(seconds, is_stopping=never)
    return time.monotonic() - began


def test_without_a_poke_the_wait_lasts_as_long_as_asked(listening: WakeUp) -> None:
    assert 0.3 <= seconds_waited(listening, 0.3) < 2


def test_a_poke_ends_the_wait(listening: WakeUp) -> None:
    timer = threading.Timer(0.1, poke)
    timer.start()

    assert seconds_waited(listening, 30) < 5
    timer.join()


def test_many_pokes_are_one(listening: WakeUp) -> None:
    for _ in range(50):
        poke()

    assert seconds_waited(listening, 30) < 5
    assert seconds_waited(listening, 0.3) >= 0.3


def test_several_beats_are_poked_at_once(listening: WakeUp) -> None:
    other = WakeUp()
    other.wait(0.05, is_stopping=never)

    poke()

    assert seconds_waited(listening, 30) < 5
    assert seconds_waited(other, 30) < 5


def test_a_stop_ends_the_wait_within_a_slice(listening: WakeUp) -> None:
    answers = iter([False, True])
    began = time.monotonic()

    listening.wait(30, is_stopping=lambda: next(answers))

    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("_redis_away")
def test_without_redis_a_poke_is_lost_quietly_and_soon() -> None:
    began = time.monotonic()

    poke()

    assert time.monotonic() - began < 2


@pytest.mark.usefixtures("_redis_away")
def test_without_redis_beat_just_waits() -> None:
    assert 0.25 <= seconds_waited(WakeUp(), 0.25) < 2


@pytest.mark.django_db(transaction=True)
def test_a_poke_waits_for_the_commit(broker: "redis.Redis") -> None:
    listener = broker.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(CHANNEL)
    listener.get_message(timeout=1)

    with transaction.atomic():
        poke_after_commit()
        assert listener.get_message(timeout=0.05) is None
    assert listener.get_message(timeout=2) is not None
    listener.close()


def test_the_broker_address_is_that_of_the_settings() -> None:
    connection = wake._publisher().connection_pool.connection_kwargs
    assert str(connection["port"]) in settings.CELERY_BROKER_URL
