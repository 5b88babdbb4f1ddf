"""PostgreSQL: its data folder, its role and database, its process."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql

from scheduler_project.embedded.binaries import find_postgres
from scheduler_project.embedded.errors import EmbeddedServerError
from scheduler_project.embedded.server import POLL_SECONDS, STOP_SECONDS, Server

ROLE = DATABASE = "scheduler"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
# A crash of the machine would lose the data; a crash of the server does not.
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """PostgreSQL 18 with one ordinary role that owns one database."""

    title = "PostgreSQL"
    pid_name = "postmaster.pid"
    stop_signals = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "smart": signal.SIGTERM}

    @property
    def url(self) -> str:
        """The address for the platform: an ordinary role, not the superuser."""
        return f"postgresql://{ROLE}:{self.state['password']}@127.0.0.1:{self.port}/{DATABASE}"

    def find_program(self) -> Path:
        """Return the program to run."""
        return find_postgres(self.home, self.account) / "postgres"

    def new_passwords(self) -> dict[str, str]:
        """Return one password for the superuser and one for the platform's role."""
        return {"superuser_password": secrets.token_hex(24), "password": secrets.token_hex(24)}

    def create_data(self) -> None:
        """Run initdb beside the data folder's place and move the result there when complete."""
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self.home) as password:
            password.write(self.state["superuser_password"])
            password.flush()
            self._run_initdb(unfinished, password.name)
        unfinished.rename(self.data)

    def arguments(self) -> list[str]:
        """Return the data folder and all settings: each start has exactly these."""
        settings = {**SETTINGS, **(FAST_SETTINGS if self.fast else {}), "port": str(self.port)}
        return ["-D", str(self.data), *(f"-c{name}={value}" for name, value in settings.items())]

    def is_ready(self) -> bool:
        """Return whether the file PostgreSQL keeps about itself says so, for this process."""
        try:
            lines = (self.data / self.pid_name).read_text().splitlines()
        except FileNotFoundError:
            return False
        # The file is empty for a moment while PostgreSQL writes it.
        return bool(lines) and lines[0] == str(self.pid) and lines[-1].strip() == "ready"

    def start(self) -> None:
        """Start, and make sure that role and database exist.

        After a kill -9 the old server's children need a moment to see that it is gone; until then
        PostgreSQL refuses to start beside them.
        """
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            try:
                super().start()
                break
            except EmbeddedServerError as error:
                if "shared memory" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)
        self._ensure_role_and_database()

    def flush(self) -> None:
        """Write to the disk what a stop would have to write; do nothing if it stops already."""
        with contextlib.suppress(psycopg.Error), self._connect() as connection:
            connection.execute("CHECKPOINT")

    def _run_initdb(self, data: Path, password_file: str) -> None:
        initdb = find_postgres(self.home, self.account) / "initdb"
        command = [str(initdb), f"--pgdata={data}", "--username=postgres", "--auth=scram-sha-256"]
        command += [f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        command += ["--no-sync"] if self.fast else []
        account = self.account
        if account:
            os.chown(data, account.uid, account.gid)
            os.chown(password_file, account.uid, account.gid)
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            check=False,
            **(account.as_popen_arguments() if account else {}),
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            raise EmbeddedServerError(f"PostgreSQL's data folder cannot be made: {said[-1]}")

    def _ensure_role_and_database(self) -> None:
        with self._connect() as connection:
            found = "SELECT 1 FROM pg_roles WHERE rolname = %s"
            if connection.execute(found, [ROLE]).fetchone() is None:
                # Hashed here: the password itself reaches neither the server nor its log.
                verifier = connection.pgconn.encrypt_password(
                    self.state["password"].encode(), ROLE.encode(), b"scram-sha-256"
                )
                create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
                connection.execute(create.format(sql.Identifier(ROLE), verifier.decode()))
            found = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(found, [DATABASE]).fetchone() is None:
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(create.format(sql.Identifier(DATABASE), sql.Identifier(ROLE)))

    def _connect(self) -> psycopg.Connection:
        """Connect as the superuser."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.state["superuser_password"],
            dbname="postgres",
            autocommit=True,
        )
