"""What `up` tells its processes by their environment."""

from typing import Any

import pytest

from scheduler_project.demo import COMMAND
from scheduler_project.supervisor.preparation import child_environment
from scheduler_project.supervisor.processes import Choices

CHOICES = Choices(
    host="127.0.0.1", port=8001, flower_port=5556, workers=1, concurrency=2, queues="default"
)


def environment(*, with_demo: bool = True) -> dict[str, str]:
    return child_environment({"REDIS_URL": "redis://given"}, "a key", CHOICES, with_demo=with_demo)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FLOWER_URL", "PUBLIC_BASE_URL", "SCHEDULER_ALLOWED_COMMANDS"):
        monkeypatch.delenv(name, raising=False)


def test_the_processes_know_where_web_and_flower_are() -> None:
    told = environment()

    assert told["PUBLIC_BASE_URL"] == "http://127.0.0.1:8001"
    assert told["FLOWER_URL"] == "http://127.0.0.1:5556"
    assert (told["REDIS_URL"], told["SECRET_KEY"]) == ("redis://given", "a key")


def test_what_somebody_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWER_URL", "https://flower.example.com")

    assert environment()["FLOWER_URL"] == "https://flower.example.com"


@pytest.mark.parametrize(
    ("named", "with_demo", "is_allowed"),
    [("DEV", True, True), ("DEV", False, False), ("HOM", True, False), ("PROD", True, False)],
)
def test_only_the_demo_in_development_may_start_its_script(
    settings: Any, named: str, with_demo: bool, is_allowed: bool
) -> None:
    settings.SCHEDULER_ENVIRONMENT = named

    allowed = environment(with_demo=with_demo).get("SCHEDULER_ALLOWED_COMMANDS")

    assert allowed == (COMMAND if is_allowed else None)


def test_the_demo_adds_to_what_is_allowed_already(settings: Any) -> None:
    settings.SCHEDULER_ALLOWED_COMMANDS = ["/opt/reports/bin/*"]

    assert environment()["SCHEDULER_ALLOWED_COMMANDS"] == f"/opt/reports/bin/*,{COMMAND}"
