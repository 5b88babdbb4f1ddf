"""The Docker Engine, by its API: what it says of its errors, in words that attempts can use."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any

from django.conf import settings

ANSWER_SECONDS = 60  # creating copies whole file systems with some storage drivers

_REMOVAL_TRIES = 5
_REMOVAL_PAUSE_SECONDS = 0.2


class EngineAway(Exception):
    """The engine does not answer; nobody knows what became of the request."""


class EngineRefused(Exception):
    """The engine answered with an error: ``status`` is HTTP's, the message its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@lru_cache(maxsize=1)
def connect() -> Any:
    """Return this process's client of the engine, opened when it is first needed.

    The SDK is imported here, once, so that processes that never run a container do without it.
    """
    sdk = import_module("docker")
    with translated():
        tls = sdk.utils.kwargs_from_env().get("tls", False)
        host = settings.SCHEDULER_DOCKER_HOST
        return sdk.APIClient(base_url=host, tls=tls, timeout=ANSWER_SECONDS, version="auto")


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the SDK raises within into :class:`EngineAway` and :class:`EngineRefused`."""
    errors, requests = import_module("docker.errors"), import_module("requests.exceptions")
    try:
        yield
    except errors.APIError as error:
        status = error.status_code or 500
        raise EngineRefused(status, str(error.explanation or error)) from None
    # What it raises besides is about the way there: no socket, no TLS, no version to be had.
    except (errors.DockerException, requests.RequestException, OSError) as error:
        raise EngineAway(
            f"The Docker Engine at {settings.SCHEDULER_DOCKER_HOST} does not answer this worker:"
            f" {error}"
        ) from None


def remove(container: str) -> None:
    """Kill and remove a container with its volume; one that is gone is fine.

    While another request removes it the engine refuses, and that one may still fail: this asks
    again, a few times.
    """
    for tries_left in reversed(range(_REMOVAL_TRIES)):
        try:
            with translated():
                connect().remove_container(container, v=True, force=True)
        except EngineRefused as error:
            if error.status == 404:
                return
            if not tries_left or (error.status < 500 and error.status != 409):
                raise
            time.sleep(_REMOVAL_PAUSE_SECONDS)
        else:
            return


def inspect(container: str) -> dict[str, Any] | None:
    """Return what the engine knows of a container, None if there is none."""
    try:
        with translated():
            found: dict[str, Any] = connect().inspect_container(container)
            return found
    except EngineRefused as error:
        if error.status == 404:
            return None
        raise
