"""Where settings come from: the environment, ``X_FILE`` for secrets, the embedded servers.

A variable of the process environment wins over ``var/run/servers.env``, which a running
``manage.py up`` leaves for other shells.
"""

import os
import zoneinfo
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("SCHEDULER_VAR", BASE_DIR / "var"))


# The pinned tzdata package is the only source of zones: operating systems lag and differ.
zoneinfo.reset_tzpath(to=())


def read_environment() -> environ.FileAwareEnv:
    """Return the reader of all settings, with the embedded servers' addresses filled in."""
    servers = VAR_DIR / "run" / "servers.env"
    if os.access(servers, os.R_OK):
        environ.Env.read_env(str(servers))
    return environ.FileAwareEnv()


def read_database(env: environ.FileAwareEnv) -> dict[str, Any]:
    """Return Django's entry for ``DATABASE_URL``; end with one line if that is no address."""
    form = "Use postgresql://user:password@host:5432/name."
    try:
        database: dict[str, Any] = env.db_url(
            "DATABASE_URL", "postgresql://127.0.0.1/not-configured"
        )
    except (ValueError, KeyError, ImproperlyConfigured):
        raise SystemExit(f"DATABASE_URL is not an address. {form}") from None
    if database.get("ENGINE") != "django.db.backends.postgresql":
        raise SystemExit(f"DATABASE_URL does not name a PostgreSQL database. {form}")
    return database
