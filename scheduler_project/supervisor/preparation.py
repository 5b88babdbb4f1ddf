"""Bring the database up to date before the processes start, by the platform's own commands."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from scheduler_project.demo import COMMAND
from scheduler_project.embedded.files import make_private_directory
from scheduler_project.environment import BASE_DIR
from scheduler_project.supervisor.errors import CannotStart
from scheduler_project.supervisor.processes import Choices


def child_environment(
    urls: dict[str, str], secret_key: str, choices: Choices, *, with_demo: bool
) -> dict[str, str]:
    """Return the environment all processes share."""
    defaults = {
        "SCHEDULER_DRAIN_SECONDS": "2",  # within the time the supervisor waits for all to end
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{choices.port}",
        "FLOWER_URL": f"http://127.0.0.1:{choices.flower_port}",
    }
    return {
        **defaults,
        **os.environ,
        **urls,
        **(_demo_environment() if with_demo else {}),
        "SECRET_KEY": secret_key,
        "PYTHONUNBUFFERED": "1",
        "PYTHONTZPATH": "",  # the pinned tzdata is the only source of time zones
    }


def _demo_environment() -> dict[str, str]:
    """Allow the demo's script beside what is allowed already; only where nobody depends on it."""
    if settings.SCHEDULER_ENVIRONMENT != "DEV":
        return {}
    return {"SCHEDULER_ALLOWED_COMMANDS": ",".join([*settings.SCHEDULER_ALLOWED_COMMANDS, COMMAND])}


def migrate(environment: dict[str, str]) -> None:
    """Bring all tables up to date."""
    _manage(environment, "migrate", "--noinput")


def create_system_jobs(environment: dict[str, str]) -> None:
    """Bring along the platform's own jobs: retention and rollups."""
    _manage(environment, "system_jobs")


def make_static_directory() -> None:
    """WhiteNoise misses the folder when it is not there, even though development needs none."""
    make_private_directory(Path(settings.STATIC_ROOT))


def create_first_account(environment: dict[str, str]) -> str | None:
    """Return the password of the administrator; None when there was one already."""
    printed = _manage(environment, "first_account").split()
    return printed[-1] if printed else None


def create_demo_jobs(environment: dict[str, str]) -> None:
    """Fill an empty installation with something to look at; never in production."""
    if not settings.IS_PRODUCTION:
        _manage(environment, "demo")


def _manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), *arguments],
        env=environment,
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotStart(f"`manage.py {arguments[0]}` failed, for the reason above")
    return done.stdout
