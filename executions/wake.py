"""Waking beat early, by a Redis message that may get lost: beat looks by itself once a second."""

import contextlib
import logging
import time
from collections.abc import Callable
from functools import lru_cache

import redis
from django.conf import settings
from django.db import transaction

CHANNEL = "scheduler:wake"
_PATIENCE_SECONDS = 0.25
_SLICE_SECONDS = 0.2

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _publisher() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
        retry=None,
    )


def poke() -> None:
    """Wake every beat: something may be due. Never raises, never takes longer than 0.25 s."""
    with contextlib.suppress(redis.RedisError, OSError):
        _publisher().publish(CHANNEL, b"")


def poke_after_commit() -> None:
    """Wake every beat once the present transaction is committed (at once outside one)."""
    transaction.on_commit(poke, robust=True)


class WakeUp:
    """Beat's side: wait for a poke, a moment, or a stop, whichever comes first."""

    def __init__(self) -> None:
        self._client = redis.Redis.from_url(
            settings.CELERY_BROKER_URL, socket_timeout=1, socket_connect_timeout=1, retry=None
        )
        self._subscription: redis.client.PubSub | None = None

    def wait(self, seconds: float, *, is_stopping: Callable[[], bool]) -> None:
        """Return after ``seconds``, or as soon as a poke arrives or ``is_stopping`` says so.

        Waits in slices, because a signal cannot end a blocking read. Without Redis it just waits.
        """
        deadline = time.monotonic() + seconds
        while not is_stopping() and (left := deadline - time.monotonic()) > 0:
            if self._poked_within(min(left, _SLICE_SECONDS)):
                return

    def _poked_within(self, seconds: float) -> bool:
        began = time.monotonic()
        try:
            if self._subscription is None:
                self._subscription = self._client.pubsub(  # type: ignore[no-untyped-call]
                    ignore_subscribe_messages=True
                )
                self._subscription.subscribe(CHANNEL)
            return self._drain(self._subscription.get_message(timeout=seconds) is not None)
        except (redis.RedisError, OSError):
            self._subscription = None
            time.sleep(max(0.0, seconds - (time.monotonic() - began)))
            return False

    def _drain(self, poked: bool) -> bool:
        """Take all that has arrived: many pokes are one."""
        assert self._subscription is not None  # noqa: S101
        while poked and self._subscription.get_message(timeout=0) is not None:
            pass
        return poked
