"""The Docker Engine as a worker of these tests sees it, and that nothing is left on it."""

from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from pytest_django.fixtures import Settings

from executions.handlers.container import engine as module
from executions.watchdog import Guard
from tests.containers.attempts import ContainerAttempt, script
from tests.docker_engine import DockerEngine, docker_engine
from tests.unit.executions.commands import far_ahead

__all__ = ["docker_engine"]

Start = Callable[..., ContainerAttempt]


@pytest.fixture
def docker(
    db: None, docker_engine: DockerEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A client of the engine; no container, volume or keeper may be left."""
    settings.SCHEDULER_DOCKER_HOST = docker_engine.host
    settings.SCHEDULER_ALLOWED_IMAGES = ["tests/*"]
    monkeypatch.setattr(Guard, "ends_at", far_ahead)
    module.connect.cache_clear()
    client = docker_engine.client
    yield client
    left = client.containers(all=True), client.volumes()["Volumes"], keepers()
    for container in left[0]:
        client.remove_container(container["Id"], force=True, v=True)
    client.close()
    if module.connect.cache_info().currsize:
        module.connect().close()
    module.connect.cache_clear()
    assert not any(left)


@pytest.fixture
def start(docker: Any) -> Start:
    """A function that prepares an attempt of a shell script."""

    def prepare(
        text: str, parameters: dict[str, Any] | None = None, **options: Any
    ) -> ContainerAttempt:
        return ContainerAttempt(script(text), parameters, **options)

    return prepare


def keepers() -> list[psutil.Process]:
    """Return the keepers below this process."""
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE
        and any("keeper.py" in word for word in child.cmdline())
    ]
