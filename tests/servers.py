"""Throw-away PostgreSQL and Valkey for one test session.

Loaded as an early plugin (``-p tests.servers``): the settings are read once, when pytest-django
loads them, so the addresses must be in the environment before that. ``TEST_DATABASE_URL`` and
``TEST_REDIS_URL`` name servers of your own instead.
"""

import atexit
import os
import tempfile
from pathlib import Path

import pytest

from scheduler_project.embedded import servers
from scheduler_project.embedded.servers import RunningServers

SERVERS: RunningServers | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Start what is not given, and say where it is."""
    global SERVERS
    given = {
        name: os.environ[f"TEST_{name}"]
        for name in ("DATABASE_URL", "REDIS_URL")
        if os.environ.get(f"TEST_{name}")
    }
    if len(given) < 2:
        root = Path(tempfile.mkdtemp(prefix="scheduler-tests-"))
        SERVERS = servers.start(
            root, fast=True, postgres="DATABASE_URL" not in given, valkey="REDIS_URL" not in given
        )
        atexit.register(SERVERS.stop)
        os.environ.update(servers.read_env(root) or {})
    os.environ.update(given)
    os.environ["SECRET_KEY"] = "a key for tests, of no use to anybody"
    os.environ["SCHEDULER_ENVIRONMENT"] = "DEV"


def pytest_unconfigure() -> None:
    """Stop and delete what was started."""
    if SERVERS:
        SERVERS.stop()
