"""Where settings come from: the environment, ``X_FILE`` for secrets, the embedded servers.

A variable of the process environment wins over ``var/run/servers.env``, which a running
``manage.py up`` leaves for other shells.
"""

import os
import zoneinfo
from pathlib import Path

import environ

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
