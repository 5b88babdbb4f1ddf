"""Valkey, the broker (it speaks the Redis protocol): its data folder and its process."""

import os
import secrets
import signal
from pathlib import Path

import redis

from scheduler_project.embedded.binaries import find_valkey
from scheduler_project.embedded.server import Server

SETTINGS = {
    "bind": "127.0.0.1",
    "protected-mode": "yes",
    "save": '""',
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
    # Its own title would hide the data folder from those who look for a leftover server.
    "set-proc-title": "no",
}


class Valkey(Server):
    """Valkey with a password and an append-only file."""

    title = "Valkey"
    pid_name = "valkey.pid"
    stop_signals = {"fast": signal.SIGTERM, "immediate": signal.SIGKILL}

    @property
    def url(self) -> str:
        """The address for the platform."""
        return f"redis://:{self.state['password']}@127.0.0.1:{self.port}/0"

    def find_program(self) -> Path:
        """Return the program to run."""
        return find_valkey(self.home, self.account)

    def new_passwords(self) -> dict[str, str]:
        """Return the password every client must know."""
        return {"password": secrets.token_hex(24)}

    def create_data(self) -> None:
        """Make the empty folder; Valkey fills it."""
        self.data.mkdir(mode=0o700)
        if self.account:
            os.chown(self.data, self.account.uid, self.account.gid)

    def arguments(self) -> list[str]:
        """Return the data folder; everything else comes by standard input."""
        return ["--dir", str(self.data), "-"]

    def configuration(self) -> bytes:
        """Return all settings, the password among them."""
        settings = {
            **SETTINGS,
            "port": str(self.port),
            "pidfile": f'"{self.data / self.pid_name}"',
            "appendonly": "no" if self.fast else "yes",
            "requirepass": self.state["password"],
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items()).encode()

    def is_ready(self) -> bool:
        """Return whether it answers: not while it still loads its data."""
        with redis.Redis.from_url(self.url, socket_timeout=1, retry=None) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False
