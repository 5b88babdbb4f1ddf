"""The options of a job that is a container."""

import re
import shlex
from typing import Any

from core import secret_references
from core.errors import FieldProblem
from jobs.models import JobDefinition
from jobs.options.reading import FIELD, Check, problems_in

PULL_POLICIES = ("never", "missing", "always")

# As the registries write it: an optional host and port, a path, a tag, a digest.
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
_USER = re.compile(r"[0-9]{1,9}:[0-9]{1,9}", re.ASCII)
_OWN_VARIABLES = ("SCHEDULER_", "PARAM_")
_LEAST_MEMORY = 6  # MiB; the engine refuses less


def problems_of_container(job: JobDefinition) -> list[FieldProblem]:
    """Return what keeps a job from being a container."""
    options = job.execution_options
    problems = problems_in(options, _OPTIONS)
    if isinstance(options.get("environment"), dict):
        problems += _problems_of_environment(options["environment"])
    if isinstance(options.get("registry"), dict):
        problems += problems_in(options["registry"], _REGISTRY, where=f"{FIELD}.registry")
    return [*_problems_of_image(job.container_image), *_problems_of_command(job), *problems]


def _problems_of_image(image: str) -> list[FieldProblem]:
    if not image:
        detail = "A container job needs its image, such as registry.example.com/reports/daily:1.4."
        return [FieldProblem("container_image", "required", detail)]
    if not _IMAGE.fullmatch(image):
        detail = (
            "It names no image. Write [host[:port]/]path[:tag][@sha256:digest], the path in small"
            " letters, such as registry.example.com/reports/daily:1.4."
        )
        return [FieldProblem("container_image", "invalid_image", detail)]
    return []


def _problems_of_command(job: JobDefinition) -> list[FieldProblem]:
    try:
        shlex.split(job.execution_command)
    except ValueError as error:
        detail = (
            f"It cannot be split into arguments: {error}. Close each quote, and double each \\."
        )
        return [FieldProblem("execution_command", "invalid_command", detail)]
    return []


def _problems_of_environment(variables: dict[str, Any]) -> list[FieldProblem]:
    found = ((name, _problem_of_variable(name, value)) for name, value in variables.items())
    return [
        FieldProblem(f"{FIELD}.environment.{name}", "invalid_option", detail)
        for name, detail in found
        if detail is not None
    ]


def _problem_of_variable(name: str, value: Any) -> str | None:
    if not _VARIABLE.fullmatch(name):
        return "A variable's name has letters, digits and _, and begins with no digit."
    if name.startswith(_OWN_VARIABLES):
        return "Names that begin with SCHEDULER_ or PARAM_ are the platform's; choose another."
    return secret_references.check(value)


def _check_object(value: Any) -> str | None:
    return None if isinstance(value, dict) else "Write an object of names and values."


def _check_registry(value: Any) -> str | None:
    if isinstance(value, dict) and {"username", "password"} <= value.keys():
        return None
    return 'Write {"username": "…", "password": {"secret": "env:JOBSECRET_NAME"}}.'


def _check_memory(value: Any) -> str | None:
    is_good = type(value) is int and _LEAST_MEMORY <= value <= 16 * 1024 * 1024
    return None if is_good else f"Give whole MiB, {_LEAST_MEMORY} or more."


def _check_cpus(value: Any) -> str | None:
    is_good = type(value) in (int, float) and 0.01 <= value <= 1024
    return None if is_good else "Give a number of CPUs from 0.01 on, such as 0.5."


def _check_count(value: Any) -> str | None:
    is_good = type(value) is int and 1 <= value <= 4_194_304
    return None if is_good else "Give a whole number from 1 on."


def _check_network(value: Any) -> str | None:
    if not isinstance(value, str) or not _NETWORK.fullmatch(value):
        return "Name a network of the Docker host, such as bridge; none is the default."
    if value in ("host", "container"):
        return "The host's and other containers' network are not given; name another network."
    return None


def _check_user(value: Any) -> str | None:
    is_good = isinstance(value, str) and _USER.fullmatch(value)
    return None if is_good else "Give the numbers of user and group, such as 1000:1000."


def _check_switch(value: Any) -> str | None:
    return None if isinstance(value, bool) else "Write true or false."


def _check_pull(value: Any) -> str | None:
    return None if value in PULL_POLICIES else f"Use one of {', '.join(PULL_POLICIES)}."


def _check_directory(value: Any) -> str | None:
    is_good = isinstance(value, str) and value.startswith("/") and value.isprintable()
    return None if is_good else "Give an absolute path in the image, such as /app."


def _check_name(value: Any) -> str | None:
    is_good = isinstance(value, str) and value
    return None if is_good else "Give the name of the registry's user."


_OPTIONS: dict[str, Check] = {
    "environment": _check_object,
    "workingDirectory": _check_directory,
    "memoryMb": _check_memory,
    "cpus": _check_cpus,
    "pids": _check_count,
    "network": _check_network,
    "user": _check_user,
    "readOnly": _check_switch,
    "tmpMb": _check_count,
    "pull": _check_pull,
    "registry": _check_registry,
}
_REGISTRY: dict[str, Check] = {
    "username": _check_name,
    "password": secret_references.check_reference,
}
