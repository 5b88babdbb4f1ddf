"""Images and options of container jobs: what is refused, by which name, and what to do instead."""

from typing import Any

import pytest

from core.errors import FieldProblem, InvalidInput
from tests.factories import make_job

pytestmark = pytest.mark.django_db

SECRET = {"secret": "env:JOBSECRET_REGISTRY"}
IMAGE = "registry.example.com/reports/daily:1.4"


def problems(**fields: Any) -> dict[str, FieldProblem]:
    """Return what is wrong with a container job, by field."""
    values = {"execution_mode": "container", "container_image": IMAGE, **fields}
    with pytest.raises(InvalidInput) as refusal:
        make_job(**values)
    return {problem.field: problem for problem in refusal.value.problems}


def test_a_job_with_every_option_is_taken_as_it_is() -> None:
    options = {
        "environment": {"MODE": "fast", "TOKEN": SECRET},
        "workingDirectory": "/app",
        "memoryMb": 256,
        "cpus": 0.5,
        "pids": 50,
        "network": "bridge",
        "user": "1000:1000",
        "readOnly": False,
        "tmpMb": 128,
        "pull": "always",
        "registry": {"username": "robot", "password": SECRET},
    }

    job = make_job(
        execution_mode="container",
        container_image=IMAGE,
        execution_command="daily 'EU north'",
        execution_options=options,
    )

    assert job.execution_options == options
    assert make_job(execution_mode="container", container_image="python").execution_command == ""


@pytest.mark.parametrize(
    "image",
    [
        "python",
        "python:3.12-slim",
        "localhost:5000/team/python",
        "registry.example.com/a/b_c/d__e:V1",
        "python@sha256:" + "0" * 64,
        "python:3.12@sha256:" + "0" * 64,
    ],
)
def test_names_of_images_are_taken_as_registries_write_them(image: str) -> None:
    assert make_job(execution_mode="container", container_image=image).container_image == image


@pytest.mark.parametrize(
    "image", ["Python", "python:", "py thon", "python:3:4", "-x", "a//b", "python@sha256:1", "../x"]
)
def test_what_is_no_image_is_refused_with_the_form_it_needs(image: str) -> None:
    problem = problems(container_image=image)["container_image"]

    assert problem.code == "invalid_image"
    assert "registry.example.com/reports/daily:1.4" in problem.detail


def test_a_container_needs_an_image_and_a_command_that_can_be_split() -> None:
    found = problems(container_image="", execution_command="echo 'a")

    assert found["container_image"].code == "required"
    assert "Close each quote" in found["execution_command"].detail


@pytest.mark.parametrize(
    ("option", "value", "fix"),
    [
        ("environment", ["A=b"], "object"),
        ("workingDirectory", "app", "absolute path"),
        ("memoryMb", 5, "6 or more"),
        ("memoryMb", True, "6 or more"),
        ("memoryMb", "256m", "whole MiB"),
        ("cpus", 0, "from 0.01 on"),
        ("cpus", "1", "from 0.01 on"),
        ("pids", 0, "from 1 on"),
        ("network", "host", "name another network"),
        ("network", "container:abc", "none is the default"),
        ("network", 1, "none is the default"),
        ("user", "root", "1000:1000"),
        ("user", "1000", "1000:1000"),
        ("readOnly", "no", "true or false"),
        ("tmpMb", 1.5, "from 1 on"),
        ("pull", "sometimes", "never, missing, always"),
        ("registry", {"username": "robot"}, "password"),
        ("registry", "robot:secret", "password"),
        ("privileged", True, "the options are: environment, workingDirectory"),
    ],
)
def test_each_option_has_its_refusal_with_the_fix(option: str, value: Any, fix: str) -> None:
    found = problems(execution_options={option: value})

    assert set(found) == {f"execution_options.{option}"}
    assert fix in found[f"execution_options.{option}"].detail


@pytest.mark.parametrize(
    ("inner", "options", "fix"),
    [
        ("environment.A-B", {"environment": {"A-B": "x"}}, "letters, digits and _"),
        ("environment.SCHEDULER_X", {"environment": {"SCHEDULER_X": "x"}}, "choose another"),
        ("environment.PARAM_X", {"environment": {"PARAM_X": "x"}}, "choose another"),
        ("environment.PORT", {"environment": {"PORT": 1}}, "secret"),
        (
            "registry.password",
            {"registry": {"username": "robot", "password": "plain"}},
            "reference to a secret",
        ),
        ("registry.username", {"registry": {"username": "", "password": SECRET}}, "user"),
        (
            "registry.email",
            {"registry": {"username": "robot", "password": SECRET, "email": "x"}},
            "Leave it out",
        ),
    ],
)
def test_what_is_inside_an_option_is_named_too(
    inner: str, options: dict[str, Any], fix: str
) -> None:
    found = problems(execution_options=options)

    assert set(found) == {f"execution_options.{inner}"}
    assert fix in found[f"execution_options.{inner}"].detail
