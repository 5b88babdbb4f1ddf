"""Both servers as one thing: start them, tell other processes where they are, stop them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from scheduler_project.embedded import files, leftovers
from scheduler_project.embedded.errors import EmbeddedServerError
from scheduler_project.embedded.postgres import Postgres
from scheduler_project.embedded.valkey import Valkey


class RunningServers:
    """The servers of one folder; each may be left out when there is a real one.

    ``fast`` servers are for tests: they forget their data in a crash of the machine, and their
    folder is deleted when they stop or when their owner dies.
    """

    def __init__(self, root: Path, *, postgres: bool, valkey: bool, fast: bool) -> None:
        self.root = root
        self.fast = fast
        self._postgres = Postgres(root / "postgres", fast=fast) if postgres else None
        self._valkey = Valkey(root / "valkey", fast=fast) if valkey else None
        self._lock: int | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    @property
    def postgres(self) -> Postgres:
        """The PostgreSQL server."""
        if self._postgres is None:
            raise EmbeddedServerError("PostgreSQL is not one of the embedded servers")
        return self._postgres

    @property
    def valkey(self) -> Valkey:
        """The Valkey server."""
        if self._valkey is None:
            raise EmbeddedServerError("Valkey is not one of the embedded servers")
        return self._valkey

    @property
    def database_url(self) -> str:
        """Where PostgreSQL is."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """Where Valkey is."""
        return self.valkey.url

    def start(self) -> None:
        """Start all, or none."""
        run = self.root / "run"
        try:
            files.make_private_directory(self.root)
            files.make_private_directory(run)
            self._lock = files.lock(run / "servers.lock")
            if self._lock is None:
                raise EmbeddedServerError(f"the servers of {self.root} are in use by another `up`")
            if self.fast:
                self._watch()
            for server in self._servers():
                server.prepare()
                server.start()
            files.write_private(run / "servers.env", self._as_lines())
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise EmbeddedServerError(
                    f"{self.root} cannot be used: {error.strerror or error}"
                ) from error
            raise

    def hasten_stop(self) -> None:
        """Do beforehand what makes ``stop`` slow."""
        if self._postgres:
            self._postgres.flush()

    def stop(self) -> None:
        """Stop all; their data stays unless they are throw-away servers."""
        if self._lock is None:
            return
        (self.root / "run" / "servers.env").unlink(missing_ok=True)
        for server in reversed(self._servers()):
            server.stop("immediate" if self.fast else "fast")
        os.close(self._lock)
        self._lock = None
        if self._watcher:
            shutil.rmtree(self.root, ignore_errors=True)
            self._watcher.terminate()
            self._watcher.wait()

    def find_dead(self) -> str | None:
        """Return the name of a server that ended on its own."""
        return next((server.title for server in self._servers() if server.has_ended()), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _servers(self) -> list[Postgres | Valkey]:
        return [server for server in (self._postgres, self._valkey) if server]

    def _as_lines(self) -> str:
        lines = [f"DATABASE_URL={self.database_url}\n"] if self._postgres else []
        lines += [f"REDIS_URL={self.redis_url}\n"] if self._valkey else []
        return "".join(lines)

    def _watch(self) -> None:
        """Let a small process outlive this one, to end the servers should this one be killed."""
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", leftovers.__file__, str(self.root), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def start(
    root: Path, *, fast: bool = False, postgres: bool = True, valkey: bool = True
) -> RunningServers:
    """Start the servers of ``root`` and return them, ready for use."""
    servers = RunningServers(root.resolve(), postgres=postgres, valkey=valkey, fast=fast)
    servers.start()
    return servers


def read_env(root: Path) -> dict[str, str] | None:
    """Return the addresses of the running servers of ``root``; None when none run."""
    try:
        text = (root / "run" / "servers.env").read_text()
    except FileNotFoundError:
        return None
    return dict(line.split("=", 1) for line in text.splitlines())
