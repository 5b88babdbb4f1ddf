"""What all commands have in common: examples that work, and exit codes."""

import os
import pkgutil
import shlex
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import load_command_class

from audit.command import PlatformCommand
from executions.management import commands
from scheduler_project.environment import BASE_DIR

NAMES = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


APPS = {
    **dict.fromkeys(NAMES, "executions"),
    "doctor": "scheduler_project",
    "token": "audit",
}


def command_of(name: str) -> PlatformCommand:
    command = load_command_class(APPS[name], name)
    assert isinstance(command, PlatformCommand)
    return command


def test_the_commands_of_every_day_are_there() -> None:
    assert {
        *("jobs", "schedules", "preview", "enable", "disable", "trigger", "rerun", "cancel"),
        *("executions", "logs", "workers", "queues"),
    } <= set(NAMES)


@pytest.mark.parametrize("name", APPS)
def test_help_shows_an_example_as_it_is_typed(name: str) -> None:
    command, out = command_of(name), StringIO()
    command.create_parser("manage.py", name).print_help(out)
    assert command.examples
    for example in command.examples:
        assert f"\n  manage.py {example}\n" in out.getvalue()


@pytest.mark.parametrize("name", APPS)
def test_every_example_is_understood(name: str) -> None:
    command = command_of(name)
    for example in command.examples:
        called, *arguments = shlex.split(example)
        assert called == name
        command.create_parser("manage.py", name).parse_args(arguments)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_can_answer_as_json(name: str) -> None:
    assert command_of(name).has_json


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["jobs", "--limit", "0"], 2, "is no number from 1 to 10000"),
        (["jobs", "--json"], 1, "The database cannot be reached"),
        (["jobs", "--help"], 0, ""),
    ],
    ids=["not-understood", "failed", "done"],
)
def test_exit_codes_tell_not_understood_from_failed(
    tmp_path: Any, arguments: list[str], code: int, says: str
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": "postgres://nobody:secret@127.0.0.1:1/none",
            "SCHEDULER_VAR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert code == 0 or done.stdout == ""
