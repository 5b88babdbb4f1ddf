"""What both servers have in common: start, wait until ready, stop, and start after a crash."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from scheduler_project.embedded import files, leftovers, ports
from scheduler_project.embedded.accounts import Account, find_account, open_way
from scheduler_project.embedded.errors import EmbeddedServerError

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.01


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether ``condition`` became true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


class Server:
    """One server process with its own folder.

    ``home`` belongs to whoever starts it and holds the log, the port and the passwords; ``data``
    inside belongs to the account the server runs as. The process leads a session of its own:
    a Ctrl-C in the terminal does not reach it, so that it can be stopped last.
    """

    title: ClassVar[str]
    pid_name: ClassVar[str]
    stop_signals: ClassVar[dict[str, signal.Signals]]

    def __init__(self, home: Path, *, fast: bool = False) -> None:
        self.home = home
        self.data = home / "data"
        self.log = home / "server.log"
        self.fast = fast
        self.account: Account | None = None
        self.state: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    # What each server says for itself.

    def find_program(self) -> Path:
        """Return the program to run."""
        raise NotImplementedError

    def new_passwords(self) -> dict[str, str]:
        """Return the passwords of a server that has none yet."""
        raise NotImplementedError

    def create_data(self) -> None:
        """Fill a data folder that does not exist yet."""
        raise NotImplementedError

    def arguments(self) -> list[str]:
        """Return the command line after the program: no secrets, everybody can read it."""
        raise NotImplementedError

    def configuration(self) -> bytes:
        """Return what the server reads from its standard input."""
        return b""

    def is_ready(self) -> bool:
        """Return whether the process of this object answers."""
        raise NotImplementedError

    # What is the same for both.

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 it listens on, the same at every start unless somebody took it."""
        return int(self.state["port"])

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._process is None:
            raise EmbeddedServerError(f"{self.title} is not running")
        return self._process.pid

    def prepare(self) -> None:
        """Make folder, port, passwords and data ready; end a server left by a killed owner."""
        files.make_private_directory(self.home)
        self.account = find_account(self.data)
        if self.account:
            open_way(self.data, self.account)
        self._end_leftover()
        self.state = files.read_state(self.home / "state.json")
        if self.data.exists() and not self.state:
            raise EmbeddedServerError(
                f"{self.home / 'state.json'} is gone, and with it the passwords of the data beside "
                f"it: restore that file, or delete {self.home} to start empty"
            )
        state = self.state or self.new_passwords()
        if "port" not in state or not ports.is_free(int(state["port"])):
            state = {**state, "port": ports.choose()}
        if state != self.state:
            files.write_state(self.home / "state.json", state)
        self.state = state
        if not self.data.exists():
            self.create_data()
        os.close(files.open_log(self.log, fresh=True))

    def start(self) -> None:
        """Start the server and return when it answers."""
        if not ports.is_free(self.port):
            raise EmbeddedServerError(
                f"{self.title} cannot start: port {self.port} is in use by another program"
            )
        self._launch()
        if not wait_until(lambda: self.has_ended() or self.is_ready(), READY_SECONDS):
            self.kill9()
        if self.has_ended():
            raise EmbeddedServerError(f"{self.title} did not start: {self.last_log_line()}")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server and return when it is gone: ``fast`` is clean, ``immediate`` is not."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signals[mode])
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill9()

    def restart(self) -> None:
        """Stop and start on the same port and data."""
        self.stop()
        self.start()

    def kill9(self) -> None:
        """End the server without any warning, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def has_ended(self) -> bool:
        """Return whether the process is gone."""
        return self._process is None or self._process.poll() is not None

    def last_log_line(self) -> str:
        """Return the last thing the server said, preferring a reason to a farewell."""
        lines = self.log.read_text(errors="replace").splitlines()
        reasons = [line for line in lines if "FATAL" in line or "ERROR" in line]
        return (reasons or lines or ["it said nothing"])[-1]

    def _launch(self) -> None:
        log = files.open_log(self.log, fresh=False)
        try:
            with tempfile.TemporaryFile() as configuration:
                configuration.write(self.configuration())
                configuration.seek(0)
                self._process = subprocess.Popen(
                    [str(self.find_program()), *self.arguments()],
                    stdin=configuration,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    umask=0o077,
                    env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
                    start_new_session=True,
                    **(self.account.as_popen_arguments() if self.account else {}),
                )
        except OSError as error:
            raise EmbeddedServerError(f"{self.title} cannot be run: {error}") from error
        finally:
            os.close(log)

    def _end_leftover(self) -> None:
        pid_file = self.data / self.pid_name
        pid = leftovers.find(pid_file)
        if pid is not None:
            for mode in (self.stop_signals["fast"], signal.SIGKILL):
                os.kill(pid, mode)
                if wait_until(lambda: leftovers.find(pid_file) is None, STOP_SECONDS):
                    break
        # Now certainly stale: a later process with the same number must not stop the next start.
        pid_file.unlink(missing_ok=True)
