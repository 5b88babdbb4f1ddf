"""Somebody else's Celery: a queue to send to, and the place where results are kept.

Both are apart from the platform's own Celery: an application object of its own, its own
connections, short timeouts, nothing retried and nothing subscribed to.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import kombu
from celery import Celery, states
from celery.backends.redis import RedisBackend
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 5
_REDIS = ("redis", "rediss")
_BROKERS = (*_REDIS, "amqp", "amqps")


class AddressRefused(Exception):
    """The address of a broker or of results is none that can be used; the message says which."""


class ResultUnreadable(Exception):
    """What is kept of the task's result cannot be read; the message says what to change there."""


class Unreachable(Exception):
    """The broker or the results could not be reached in time."""


@dataclass(frozen=True)
class TaskState:
    """What the results say of a task."""

    status: str
    result: Any = None
    traceback: str | None = None

    @property
    def is_over(self) -> bool:
        return self.status in states.READY_STATES

    @property
    def is_success(self) -> bool:
        return bool(self.status == states.SUCCESS)

    @property
    def error_type(self) -> str:
        named = self._of_result("exc_type")
        return str(named) if named else "TaskRevoked" if self.status == states.REVOKED else "Task"

    @property
    def error(self) -> str:
        said = self._of_result("exc_message")
        if isinstance(said, list | tuple):
            said = ", ".join(map(str, said))
        return str(said) if said else f"The task ended as {self.status}."

    def _of_result(self, name: str) -> Any:
        return self.result.get(name) if isinstance(self.result, dict) else None


class TaskQueue:
    """A queue of somebody else's Celery; to be used as a context."""

    def __init__(self, url: str, name: str) -> None:
        scheme = _scheme_of(url, _BROKERS, "broker")
        self._name = name
        self._app = _make_app()
        with _reading_address("broker"):
            self._connection = kombu.Connection(
                url,
                connect_timeout=_CONNECT_SECONDS,
                transport_options=_TRANSPORT_OPTIONS if scheme in _REDIS else {},
            )

    def connect(self) -> None:
        """Reach the broker, or raise :class:`Unreachable`: then nothing has been sent."""
        with _reaching("broker"), _reading_address("broker"):
            self._connection.ensure_connection(max_retries=1, timeout=_CONNECT_SECONDS)
            self._connection.default_channel  # noqa: B018 - Redis is reached only here

    def send(
        self,
        *,
        task: str,
        name: str,
        args: list[Any],
        kwargs: dict[str, Any],
        expires: float | None = None,
        ignores_result: bool = False,
    ) -> None:
        """Send one message; raise :class:`Unreachable` if nobody knows whether it has arrived."""
        amqp = self._app.amqp
        message = amqp.create_task_message(
            task, name, args, kwargs, expires=expires, root_id=task, ignore_result=ignores_result
        )
        with _reaching("broker"), _reading_address("broker"):
            producer = amqp.Producer(self._connection, auto_declare=False)
            amqp.send_task_message(producer, name, message, queue=self._name, retry=False)

    def revoke(self, task: str) -> None:
        """Have the task dropped, or the process that runs it ended by SIGTERM."""
        order = {"task_id": task, "terminate": True, "signal": "SIGTERM"}
        message = {"method": "revoke", "arguments": order, "destination": None}
        exchange = kombu.Exchange(
            "celery.pidbox", type="fanout", durable=False, delivery_mode="transient"
        )
        with _reaching("broker"):
            # Celery's own control would take a connection to what the environment names, and retry.
            producer = kombu.Producer(self._connection, auto_declare=False)
            producer.publish(
                message,
                exchange=exchange.name,
                declare=[exchange],
                headers={"clock": 1, "expires": 0},
                serializer="json",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.release()
        self._app.close()


class Results:
    """Where somebody else's Celery keeps the results of its tasks; to be used as a context."""

    def __init__(self, url: str) -> None:
        _scheme_of(url, _REDIS, "result backend")
        self._app = _make_app()
        self._app.conf.update(
            redis_socket_connect_timeout=_CONNECT_SECONDS, redis_socket_timeout=_ANSWER_SECONDS
        )
        with _reading_address("result backend"):
            self._backend = RedisBackend(app=self._app, url=url)

    def read(self, task: str) -> TaskState | None:
        """Return the state of a task; None if nothing is kept of it (yet)."""
        with _reaching("result backend"), _reading_address("result backend"):
            kept = self._backend.get(self._backend.get_key_for_task(task))
        if kept is None:
            return None
        try:
            meta = json.loads(kept)
            return TaskState(str(meta["status"]), meta.get("result"), meta.get("traceback"))
        except (ValueError, KeyError, TypeError, AttributeError):
            # Above all pickle, which is never read here: it would run what it holds.
            raise ResultUnreadable(
                "The task's result is not kept as JSON; set result_serializer to json there."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._backend.client.close()
        self._app.close()


_TRANSPORT_OPTIONS = {
    "max_retries": 0,
    "socket_connect_timeout": _CONNECT_SECONDS,
    "socket_timeout": _ANSWER_SECONDS,
}


def _make_app() -> Celery:
    return Celery("tasks-of-others", set_as_current=False, fixups=[])


def _scheme_of(url: str, known: tuple[str, ...], what: str) -> str:
    scheme = url.partition("://")[0]
    with _reading_address(what):
        parts = [urlsplit(part) for part in url.split(";")]  # kombu takes several brokers so
        ends = [(part.port, part.path + part.query + part.fragment) for part in parts]
        # Of an unescaped password a part is taken for host and port, what follows for a path.
        if any("@" in end for _, end in ends):
            raise ValueError
    if scheme not in known or not all(part.scheme in known and part.netloc for part in parts):
        raise AddressRefused(
            f"The address of the {what} has to begin with one of"
            f" {', '.join(f'{name}://' for name in known)}, and to name a server."
        )
    return scheme


@contextmanager
def _reading_address(what: str) -> Iterator[None]:
    """Say nothing of what libraries quote of an address that they cannot read."""
    try:
        yield
    except (KombuError, RedisError, OSError):  # also a certificate's, which is a ValueError
        raise
    except (ValueError, TypeError):
        raise AddressRefused(
            f"The address of the {what} is not a usable address; escape # / ? @ ; in the password."
        ) from None


@contextmanager
def _reaching(what: str) -> Iterator[None]:
    try:
        yield
    except (KombuError, RedisError, OSError) as error:
        why = str(error).rstrip(".") or type(error).__name__
        raise Unreachable(f"The {what} did not answer: {why}.") from None
