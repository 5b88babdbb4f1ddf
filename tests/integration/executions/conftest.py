"""What several tests of the engine need: queues of the real broker, and one that is away."""

import socket
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis
from celery import Celery
from django.conf import settings

from executions.claim import disarm_kernel_timer
from scheduler_project.celery import app as platform_app


@pytest.fixture
def broker() -> Iterator["redis.Redis"]:
    """The broker itself, beside Celery."""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    yield client
    client.close()


@pytest.fixture
def broker_queue(broker: "redis.Redis") -> Iterator[str]:
    """The name of a queue that nobody else uses, emptied afterwards."""
    name = f"test-{uuid4().hex[:12]}"
    yield name
    broker.delete(name)
    broker.delete(f"_kombu.binding.{name}")


@pytest.fixture
def _broker_away() -> Iterator[None]:
    """Celery as configured, but for a broker address that refuses connections."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    cut_off = Celery("cut_off", set_as_current=False)
    cut_off.config_from_object("django.conf:settings", namespace="CELERY")
    cut_off.conf.broker_url = f"redis://127.0.0.1:{port}/0"
    cut_off.set_current()
    yield
    platform_app.set_current()
    cut_off.close()


@pytest.fixture
def _no_kernel_timer() -> Iterator[None]:
    """Claims and renewals arm the timer that ends a worker child; here it would end the tests."""
    yield
    disarm_kernel_timer()
