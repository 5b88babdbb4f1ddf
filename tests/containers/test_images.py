"""Which images run, and how they are fetched from a registry."""

from typing import Any

import pytest
from docker.auth import AuthConfig
from docker.utils.proxy import ProxyConfig
from pytest_django.fixtures import Settings

from executions.handlers.container import engine
from executions.handlers.container.images import ImageRefused, refuse_unless_allowed
from executions.outcomes import Failed, Outcome, Succeeded
from tests.containers.attempts import ContainerAttempt
from tests.containers.registry import serving

PULLED = "sh -c 'echo pulled'"


def told(outcome: Outcome) -> tuple[str, bool, str]:
    """Return the kind of failure, whether it is for good, and its message."""
    assert isinstance(outcome, Failed)
    return outcome.error_type, outcome.is_permanent, outcome.message


@pytest.mark.parametrize(
    ("image", "pattern"),
    [
        ("python:3.12", "python:3.12"),
        ("python:3.12-slim", "python:3.1?-*"),
        ("registry.example.com/reports/daily:1", "registry.example.com/reports/*"),
        ("localhost:5000/x@sha256:" + "a" * 64, "localhost:5000/x@sha256:*"),
        ("team-a/app:1", "team-*/app:?"),
        ("team-a/app:1@sha256:" + "a" * 64, "team-*/*"),
        ("python:3@sha256:" + "a" * 64, "python:3@sha256:*"),
    ],
)
def test_an_image_that_a_pattern_covers_may_run(image: str, pattern: str) -> None:
    refuse_unless_allowed(image, ["other", pattern])


@pytest.mark.parametrize(
    ("image", "pattern"),
    [
        ("python:3.12", "python"),
        ("evil/python:3.12", "python:3.12"),
        ("registry.example.com/reports/secret/x:1", "registry.example.com/reports/*"),
        ("evil.com/registry.example.com/reports/x", "*/registry.example.com/*"),
        ("Python:3.12", "python:3.12"),
        ("team-x.evil.com/app", "team-*/app"),
        ("team-x:5000/app", "team-*/app"),
        ("localhost/app", "*/app"),
        ("TEAM-X/app", "*/app"),
        ("127.0.0.1:5000/app", "127.0.0.1:*/app"),
        ("python:3.12@sha256:" + "a" * 64, "python:*"),
        ("registry.example.com:5000/x:1@sha256:" + "a" * 64, "registry.example.com:5000/x:1*"),
    ],
)
def test_no_wildcard_crosses_a_slash_and_nothing_else_matches(image: str, pattern: str) -> None:
    with pytest.raises(ImageRefused, match="SCHEDULER_ALLOWED_IMAGES of this worker, which lists"):
        refuse_unless_allowed(image, [pattern])


def test_by_default_no_image_may_run_and_the_engine_is_not_even_asked(settings: Settings) -> None:
    settings.SCHEDULER_ALLOWED_IMAGES = []
    settings.SCHEDULER_DOCKER_HOST = "unix:///nowhere/docker.sock"

    assert told(ContainerAttempt("true").run()) == (
        "ImageRefused",
        True,
        "The image tests/busybox:1 is not in SCHEDULER_ALLOWED_IMAGES of this worker, which lists"
        " nothing. To allow it, add it there and restart the workers.",
    )


def test_an_image_that_is_not_there_and_may_not_be_pulled_fails_for_good(docker: Any) -> None:
    outcome = ContainerAttempt("true", image="tests/none:1", pull="never").run()

    assert told(outcome) == (
        "ImageRefused",
        True,
        "The image tests/none:1 is not on the Docker host, and the option pull is 'never'. Bring it"
        " there, or use 'missing'.",
    )


def test_a_missing_image_is_pulled_once_and_always_pulls_again(
    docker: Any, settings: Settings
) -> None:
    with serving() as registry:
        settings.SCHEDULER_ALLOWED_IMAGES = [f"{registry.address}/*"]
        image = f"{registry.address}/reports:1"
        pulls = []
        for pull in ("missing", "missing", "never", "always"):
            attempt = ContainerAttempt(PULLED, image=image, pull=pull)
            assert attempt.run() == Succeeded(None)
            assert attempt.said() == ["pulled"]
            pulls.append(registry.pulls)
        assert 0 < pulls[0] == pulls[1] == pulls[2] < pulls[3]
        docker.remove_image(image)


def test_a_tag_that_the_registry_does_not_have_fails_for_good(
    docker: Any, settings: Settings
) -> None:
    with serving() as registry:
        settings.SCHEDULER_ALLOWED_IMAGES = [f"{registry.address}/*"]
        kind, is_permanent, message = told(
            ContainerAttempt(PULLED, image=f"{registry.address}/reports").run()
        )

    assert (kind, is_permanent) == ("ImageRefused", True)
    assert "manifest unknown" in message
    assert message.endswith("the option registry if it needs a login.")


def test_a_registry_gets_the_login_that_a_secret_holds_and_nobody_sees_it(
    docker: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBSECRET_REGISTRY", "correct horse")
    login = {"username": "robot", "password": {"secret": "env:JOBSECRET_REGISTRY"}}
    with serving(login=("robot", "correct horse")) as registry:
        settings.SCHEDULER_ALLOWED_IMAGES = [f"{registry.address}/*"]
        image = f"{registry.address}/reports:1"
        without = told(ContainerAttempt(PULLED, image=image).run())
        monkeypatch.setenv("JOBSECRET_REGISTRY", "battery staple")
        wrong = told(ContainerAttempt(PULLED, image=image, registry=login).run())
        monkeypatch.setenv("JOBSECRET_REGISTRY", "correct horse")
        attempt = ContainerAttempt(PULLED, image=image, registry=login)

        assert attempt.run() == Succeeded(None)
        docker.remove_image(image)
    for kind, is_permanent, message in (without, wrong):
        assert (kind, is_permanent) == ("ImageRefused", True)
        assert "could not be pulled" in message
        assert "battery staple" not in message


def test_a_registry_that_does_not_answer_is_asked_again_by_the_next_attempt(
    docker: Any, settings: Settings
) -> None:
    with serving() as registry:
        settings.SCHEDULER_ALLOWED_IMAGES = [f"{registry.address}/*"]
        image = f"{registry.address}/reports:1"
    kind, is_permanent, message = told(ContainerAttempt(PULLED, image=image).run())

    assert (kind, is_permanent) == ("ImagePullFailed", False)
    assert "connection refused" in message


def test_neither_login_nor_proxy_of_the_workers_user_is_given_away(
    docker: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, robot = engine.connect(), {"username": "robot", "password": "correct horse"}
    proxies = ProxyConfig(http="http://user:kept-to-itself@proxy.example.com")
    with serving(login=("robot", "correct horse")) as registry:
        settings.SCHEDULER_ALLOWED_IMAGES = ["tests/*", f"{registry.address}/*"]
        stored = AuthConfig({"auths": {registry.address: robot}})
        monkeypatch.setattr(used, "_auth_configs", stored)
        monkeypatch.setattr(used, "_proxy_configs", proxies)
        refused = told(ContainerAttempt(PULLED, image=f"{registry.address}/reports:1").run())
        attempt = ContainerAttempt("sh -c env")

        assert attempt.run() == Succeeded(None)
    assert refused[:2] == ("ImageRefused", True)
    assert not any("kept-to-itself" in line for line in attempt.said())
